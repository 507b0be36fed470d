/**
 * Serves a fetch handler with `node:http`, `node:https` or `node:http2`, alone or below Express and its like.
 *
 * What Node passes is described by the members that are used and no module of Node's is named, so that nothing changes
 * for other runtimes. An event stream is passed on piece by piece and never faster than its client reads; a client that
 * leaves aborts the request's signal and cancels the body of its response.
 *
 * @example Serve with node:http
 * ```ts
 * import { createServer } from "node:http";
 * import { McpServer } from "@perdure/mcp-tasks";
 * import { memory } from "@perdure/mcp-tasks/memory";
 * import { toNodeHandler } from "@perdure/mcp-tasks/node";
 *
 * const server = new McpServer({ name: "greeter", version: "1.0.0" }, {
 *   allowAnonymous: true,
 *   backend: memory(),
 * });
 * server.registerTool("greet", { description: "Greets." }, () => "Hello");
 * const http = createServer(toNodeHandler(server));
 * // http.listen(8000, "127.0.0.1");
 * ```
 *
 * @module
 */
import { type NodeRequestLike, toBody, toRequest } from "./node_request.ts";
import { type NodeResponseLike, sendResponse } from "./node_response.ts";

export type { NodeRequestLike } from "./node_request.ts";
export type { NodeResponseLike } from "./node_response.ts";

/** Whatever answers fetch requests: an `McpServer`, or a framework around one. */
export interface FetchServer {
  /** Answers a request; the further argument has `waitUntil`. */
  fetch(request: Request, ...platform: unknown[]): Response | Promise<Response>;
}

/** Options of {@linkcode toNodeHandler}. */
export interface NodeHandlerOptions {
  /**
   * Keeps work going behind the response on a platform that freezes the process otherwise. @default {undefined} The
   * process simply goes on.
   */
  readonly waitUntil?: (work: Promise<unknown>) => void;
  /** Hears of a handler that threw, or a body that failed on its way. @default {console.error} */
  readonly onError?: (error: unknown) => void;
}

/** A listener for the `request` event of a Node server. Resolves when the answer has been sent; never rejects. */
export type NodeHandler = (request: NodeRequestLike, response: NodeResponseLike) => Promise<void>;

/** Builds the listener of a server. */
export function toNodeHandler(server: FetchServer, options: NodeHandlerOptions = {}): NodeHandler {
  const { onError = (error) => console.error(error) } = options;
  const platform = { waitUntil: options.waitUntil ?? (() => {}) };

  return async function handle(incoming: NodeRequestLike, outgoing: NodeResponseLike): Promise<void> {
    const departure = new AbortController();
    let isSent = false;
    const leave = () => {
      if (!isSent) departure.abort(new DOMException("The client left", "AbortError"));
    };
    // What a framework did before may have taken so long that the client is gone by now.
    if (outgoing.destroyed) leave();
    else outgoing.on("close", leave);
    // Whatever it says, "close" follows.
    outgoing.on("error", () => {});
    const body = toBody(incoming, departure.signal);
    try {
      const request = toRequest(incoming, body, departure.signal);
      const response = request === undefined
        ? new Response(null, { status: 400 })
        : await server.fetch(request, platform);
      await sendResponse(response, outgoing, { isHead: incoming.method === "HEAD", left: departure.signal });
      isSent = true;
    } catch (error) {
      if (!departure.signal.aborted) onError(error);
      fail(outgoing);
    } finally {
      body.release();
    }
  };
}

/** Where headers are out already, only a broken connection tells the client that something is missing. */
function fail(outgoing: NodeResponseLike): void {
  if (outgoing.headersSent) {
    outgoing.destroy();
    return;
  }
  outgoing.statusCode = 500;
  outgoing.end();
}
