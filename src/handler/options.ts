/**
 * Options of the HTTP transport.
 *
 * @module
 */
import type { Runtime } from "../runtime.ts";
import type { CallerCheckOptions } from "./caller.ts";
import type { CorsOptions } from "./cors.ts";
import type { HandlerEventListener } from "./events.ts";
import type { OriginCheckOptions } from "./origin.ts";
import type { ProtectedResourceOptions } from "./protected_resource.ts";

/** Options of {@linkcode createFetchHandler}. */
export interface FetchHandlerOptions extends CallerCheckOptions, OriginCheckOptions {
  /**
   * Tells clients where to get tokens: served to everyone as metadata (RFC 9728) and named in every challenge. It needs
   * `authenticate`. @default {undefined} Nothing is told.
   */
  readonly protectedResource?: ProtectedResourceOptions;
  /** Lets pages of `allowedOrigins` use the server. @default {undefined} No headers for pages. */
  readonly cors?: CorsOptions;
  /** Longest body, or line of a pipe, in bytes. @default {4_194_304} */
  readonly maxBodyBytes?: number;
  /** Deepest nesting of a message's objects and arrays. @default {64} */
  readonly maxDepth?: number;
  /** Milliseconds of silence after which a comment keeps a connection alive. @default {8000} */
  readonly keepAliveMs?: number;
  /** Bytes that may wait for a slow reader of an event stream before it is cut off. @default {1_048_576} */
  readonly maxQueueBytes?: number;
  /** Clocks and chance. @default {systemRuntime} */
  readonly runtime?: Runtime;
  /** Hears of what went wrong. @default {undefined} Nobody does. */
  readonly onEvent?: HandlerEventListener;
}

/** The limits among the options, defaults filled in. */
export type FetchHandlerLimits = Required<
  Pick<FetchHandlerOptions, "maxBodyBytes" | "maxDepth" | "keepAliveMs" | "maxQueueBytes">
>;

/**
 * @throws {RangeError} If a limit is not a positive whole number.
 * @throws {TypeError} If there is a protected resource that nothing protects.
 */
export function resolveOptions(options: Omit<FetchHandlerOptions, "onEvent">): FetchHandlerLimits {
  const {
    maxBodyBytes = 4 * 1024 * 1024,
    maxDepth = 64,
    keepAliveMs = 8000,
    maxQueueBytes = 1024 * 1024,
  } = options;
  if (options.protectedResource !== undefined && options.authenticate === undefined) {
    throw new TypeError('Cannot set "protectedResource": "authenticate" is missing, so nothing is protected');
  }
  if (options.authenticate !== undefined && typeof options.authenticate !== "function") {
    throw new TypeError('Cannot set "authenticate": it is not a function');
  }
  const limits = { maxBodyBytes, maxDepth, keepAliveMs, maxQueueBytes };
  for (const [name, value] of Object.entries(limits)) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new RangeError(`Cannot set "${name}": ${value} is not a positive whole number`);
    }
  }
  return limits;
}
