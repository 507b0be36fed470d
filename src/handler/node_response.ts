/**
 * A `Response` sent the way Node sends.
 *
 * @module
 */

/** The part of `node:http`'s `ServerResponse` that is used; that of `node:http2` fits as well. */
export interface NodeResponseLike {
  /** Status to send. */
  statusCode: number;
  /** Whether the connection is gone; `node:http2` does not tell. */
  readonly destroyed?: boolean;
  /** Whether status and headers are out. */
  readonly headersSent: boolean;
  /** Sets a header; an array is sent as one field for each. */
  setHeader(name: string, value: string | readonly string[]): unknown;
  /** Sends status and headers ahead of the body. */
  flushHeaders(): void;
  /** Sends a piece; `false`: the client is slow, wait for `drain`. */
  write(chunk: Uint8Array): boolean;
  /** Ends the response. */
  end(chunk?: Uint8Array): unknown;
  /** Breaks the connection off. */
  destroy(): unknown;
  /** Calls back when there is room, at the end, and when something fails. */
  on(event: string, listener: (...args: unknown[]) => void): unknown;
}

/** Options of {@linkcode sendResponse}. */
export interface SendOptions {
  /** Whether the body is left out: the request was a `HEAD`. */
  readonly isHead: boolean;
  /** Aborts when the client leaves; the body is cancelled then. */
  readonly left: AbortSignal;
}

/** Sends a response; resolves when its last byte was handed over, or the client has left. Rejects if its body fails. */
export async function sendResponse(
  response: Response,
  outgoing: NodeResponseLike,
  { isHead, left }: SendOptions,
): Promise<void> {
  const { body } = response;
  if (left.aborted) {
    await body?.cancel();
    return;
  }
  outgoing.statusCode = response.status;
  for (const [name, value] of response.headers) outgoing.setHeader(name, value);
  const cookies = response.headers.getSetCookie();
  if (cookies.length > 0) outgoing.setHeader("set-cookie", cookies);
  if (isHead || body === null) {
    await body?.cancel();
    outgoing.end();
  } else if (isWhole(response.headers)) {
    // Handed over in one piece, Node can tell its length ahead.
    outgoing.end(new Uint8Array(await response.arrayBuffer()));
  } else {
    await pipe(body, outgoing, left);
  }
}

/** JSON is of use only when all of it is there. */
function isWhole(headers: Headers): boolean {
  return headers.get("content-type")?.startsWith("application/json") === true;
}

async function pipe(
  body: ReadableStream<Uint8Array>,
  outgoing: NodeResponseLike,
  left: AbortSignal,
): Promise<void> {
  const reader = body.getReader();
  let onRoom: (() => void) | undefined;
  const goOn = () => onRoom?.();
  outgoing.on("drain", goOn);
  left.addEventListener("abort", () => {
    // A body that fails to be cancelled has nobody left to tell.
    reader.cancel().catch(() => {});
    goOn();
  }, { once: true });
  outgoing.flushHeaders();
  for (let piece = await reader.read(); !piece.done && !left.aborted; piece = await reader.read()) {
    if (outgoing.write(piece.value)) continue;
    await new Promise<void>((resolve) => left.aborted ? resolve() : onRoom = resolve);
  }
  if (!left.aborted) outgoing.end();
}
