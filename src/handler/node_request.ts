/**
 * A request as Node passes it, as a `Request`.
 *
 * @module
 */

/** The part of `node:http`'s `IncomingMessage` that is used; that of `node:http2` fits as well. */
export interface NodeRequestLike {
  /** Of the request line. */
  readonly method?: string;
  /** Path and query. */
  readonly url?: string;
  /** The same before a framework cut its mount point off. */
  readonly originalUrl?: string;
  /** Names and values in turn, as they came. */
  readonly rawHeaders: readonly string[];
  /** Has `encrypted: true` under TLS. */
  readonly socket: object;
  /** Whether the body was read to its end. */
  readonly readableEnded: boolean;
  /** What a framework made of a body that it has read. */
  readonly body?: unknown;
  /** Calls back with pieces of the body, at its end, and when it fails. */
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  /** Stops the flow of the body. */
  pause(): unknown;
  /** Lets the body flow. */
  resume(): unknown;
}

/** A body as it is read on demand. */
export interface NodeBody {
  /** What the request carries. */
  readonly content: ReadableStream<Uint8Array<ArrayBuffer>> | Uint8Array<ArrayBuffer> | string | undefined;
  /** Lets go of what was not read; otherwise it would hold up the next request on the connection. */
  release(): void;
}

/**
 * Translates a request.
 *
 * @param signal Aborts when the client leaves.
 * @returns `undefined` if it has a method, a path or a header that no `Request` can have.
 */
export function toRequest(
  incoming: NodeRequestLike,
  { content }: NodeBody,
  signal: AbortSignal,
): Request | undefined {
  const { method } = incoming;
  try {
    const headers = toHeaders(incoming.rawHeaders);
    // Node demands `duplex` beside a stream, and TypeScript does not know of it.
    const init = { method, headers, body: content, signal, duplex: "half" };
    return new Request(toUrl(incoming, headers), init);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

function toHeaders(raw: readonly string[]): Headers {
  const headers = new Headers();
  let authority: string | undefined;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const [name = "", value = ""] = [raw[i], raw[i + 1]];
    if (!name.startsWith(":")) headers.append(name, value);
    else if (name === ":authority") authority = value;
  }
  // What HTTP/2 sends instead of `Host`; it cannot have been invented.
  if (authority !== undefined && !headers.has("host")) headers.set("host", authority);
  return headers;
}

/** A `Host` that no URL can have stays in the headers, where the check of `Host` finds it. */
function toUrl({ socket, url = "/", originalUrl = url }: NodeRequestLike, headers: Headers): string {
  const scheme = "encrypted" in socket && socket.encrypted === true ? "https" : "http";
  if (URL.canParse(originalUrl)) return originalUrl;
  const here = `${scheme}://${headers.get("host") ?? "localhost"}`;
  const path = originalUrl.startsWith("/") ? originalUrl : `/${originalUrl}`;
  return URL.canParse(here + path) ? here + path : `${scheme}://localhost${path}`;
}

/**
 * The body of a request, whichever way it is to be had.
 *
 * @param left Aborts when the client leaves.
 */
export function toBody(incoming: NodeRequestLike, left: AbortSignal): NodeBody {
  const { method, body, readableEnded } = incoming;
  const release = () => void incoming.resume();
  if (method === "GET" || method === "HEAD") return { content: undefined, release };
  if (!readableEnded) return toStream(incoming, left);
  if (body === undefined || typeof body === "string") return { content: body, release };
  return { content: body instanceof Uint8Array ? new Uint8Array(body) : JSON.stringify(body), release };
}

/** One piece at a time, and none before it is asked for. */
function toStream(incoming: NodeRequestLike, left: AbortSignal): NodeBody {
  let controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>> | undefined;
  let hasStarted = false;
  const settle = (act: "close" | "error", why?: string) => {
    const current = controller;
    controller = undefined;
    if (act === "close") current?.close();
    else current?.error(new TypeError(`Cannot read the body: ${why}`));
  };
  const start = () => {
    hasStarted = true;
    incoming.on("data", (chunk) => {
      // After the end nobody pauses: what comes is thrown away.
      if (controller === undefined) return;
      incoming.pause();
      controller.enqueue(chunk as Uint8Array<ArrayBuffer>);
    });
    incoming.on("end", () => settle("close"));
    incoming.on("error", leave);
    incoming.on("close", leave);
  };
  const leave = () => settle("error", "the client left");
  const content = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start: (given) => void (controller = given),
    pull: () => hasStarted ? void incoming.resume() : start(),
    cancel: () => void (controller = undefined),
  }, { highWaterMark: 0 });
  // The request may have told of its end before anybody asked for the body.
  if (left.aborted) leave();
  else left.addEventListener("abort", leave, { once: true });
  const release = () => {
    left.removeEventListener("abort", leave);
    settle("error", "the request was answered before");
    incoming.resume();
  };
  return { content, release };
}
