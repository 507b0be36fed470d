/**
 * The `_meta` every 2026-07-28 request carries: version, capabilities, identity.
 *
 * @module
 * @see 2026-07-28, basic/index, section _meta
 */
import type { Implementation } from "../content.ts";
import { META } from "../constants.ts";
import { implementation, loggingLevel, type ProgressToken, progressToken } from "../fields.ts";
import { anyObject, members, optional, parseParams, text, withHttpStatus } from "../guard.ts";
import type { JsonObject } from "../json.ts";
import type { LoggingLevel } from "../logging.ts";

/** What a request says about itself. */
export interface RequestMeta {
  /** 1 to 64 characters; not necessarily a version we serve. */
  readonly protocolVersion: string;
  /** As sent; of this request only (T26-118). */
  readonly clientCapabilities: JsonObject;
  /** Name, version and title; for logs, never for decisions (T26-130). */
  readonly clientInfo?: Implementation;
  /** Absent: no log messages for this request (T26-265). */
  readonly logLevel?: LoggingLevel;
  /** Token under which the client wants to hear of progress. */
  readonly progressToken?: ProgressToken;
  /** W3C trace context; left out if it is malformed. */
  readonly traceparent?: string;
  /** W3C; present only beside a `traceparent`. */
  readonly tracestate?: string;
  /** W3C. */
  readonly baggage?: string;
}

const required = members({
  _meta: members({
    [META.protocolVersion]: text(1, 64),
    [META.clientCapabilities]: members({
      elicitation: optional(anyObject),
      sampling: optional(anyObject),
      roots: optional(anyObject),
      extensions: optional(anyObject),
      experimental: optional(anyObject),
    }),
  }),
});
const others = members({
  _meta: members({
    [META.clientCapabilities]: anyObject,
    [META.clientInfo]: optional(implementation),
    [META.logLevel]: optional(loggingLevel),
    progressToken: optional(progressToken),
  }),
});

/**
 * Reads the `_meta` of a request.
 *
 * @throws {ProtocolError} -32602, naming the member; with HTTP status 400 if it is one of the two that every
 * request needs (T26-127).
 */
export function parseRequestMeta(params: JsonObject | undefined): RequestMeta {
  const needed = withHttpStatus(400, () => parseParams(required, params))._meta;
  const { _meta } = parseParams(others, params);
  const { [META.clientInfo]: clientInfo, [META.logLevel]: logLevel, progressToken } = _meta;
  return {
    protocolVersion: needed[META.protocolVersion],
    clientCapabilities: _meta[META.clientCapabilities],
    ...clientInfo !== undefined && { clientInfo },
    ...logLevel !== undefined && { logLevel },
    ...progressToken !== undefined && { progressToken },
    ...parseTraceContext(params?._meta as JsonObject),
  };
}

const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;
const HEADER_TEXT = /^[\x20-\x7e]{1,8192}$/;

// A trace context that does not follow its format is dropped, as the W3C text asks, and is no error.
function parseTraceContext(meta: JsonObject): Pick<RequestMeta, "traceparent" | "tracestate" | "baggage"> {
  const { traceparent, tracestate, baggage } = meta;
  const isTraced = typeof traceparent === "string" && TRACEPARENT.test(traceparent);
  return {
    ...isTraced && { traceparent },
    ...isTraced && isHeaderText(tracestate) && { tracestate },
    ...isHeaderText(baggage) && { baggage },
  };
}

function isHeaderText(value: unknown): value is string {
  return typeof value === "string" && HEADER_TEXT.test(value);
}
