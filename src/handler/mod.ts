/**
 * Transports: requests of the outside world in, the server's answers out.
 *
 * @module
 */
export { createFetchHandler, type FetchHandler } from "./fetch_handler.ts";
export type { FetchHandlerOptions } from "./options.ts";
export type { StdioOptions } from "./stdio.ts";
export type { BytePipe } from "./pipe.ts";
export type { CallerCheckOptions } from "./caller.ts";
export type { ProtectedResourceOptions } from "./protected_resource.ts";
export type { CorsOptions } from "./cors.ts";
export type { HandlerEvent, HandlerEventListener, Stage } from "./events.ts";
export type { OriginCheckOptions } from "./origin.ts";
