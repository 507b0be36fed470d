/**
 * A request body, read within its limits.
 *
 * @module
 */
import { type JsonValue, ProtocolError } from "../protocol/mod.ts";
import { decodeJson, unreadable } from "./json_text.ts";

/** How much of a body is taken. */
export interface BodyLimits {
  /** Bytes at most. */
  readonly maxBodyBytes: number;
  /** Levels of nested containers at most. */
  readonly maxDepth: number;
}

/**
 * Reads the body as one JSON value; never holds more than the limit and one further chunk.
 *
 * @throws {ProtocolError} With `httpStatus` 413 if it is too long, 400 (-32700) if it is not UTF-8 JSON of bounded depth.
 * @throws {TypeError} If someone has read the body already.
 */
export async function readJsonBody(request: Request, limits: BodyLimits): Promise<JsonValue> {
  return decodeJson(await readBytes(request, limits.maxBodyBytes), limits.maxDepth, "body");
}

/** Lets go of a body that nobody read, so that the connection can carry the next request. */
export function discardBody(request: Request): void {
  if (request.bodyUsed || request.body === null || request.body.locked) return;
  request.body.cancel().catch(() => {
    // A body that failed on its way has nothing left to let go of.
  });
}

async function readBytes(request: Request, maxBytes: number): Promise<Uint8Array> {
  if (request.bodyUsed) throw new TypeError("Cannot read the body: it was read before, and not from a clone");
  const declared = declaredLength(request.headers);
  if (declared !== undefined && declared > maxBytes) throw tooLarge(maxBytes);
  try {
    // Servers hold a sender to the length it declares, so what fits can be taken in one piece.
    const bytes = declared === undefined
      ? await readChunks(request.body, maxBytes)
      : new Uint8Array(await request.arrayBuffer());
    if (bytes.length > maxBytes) throw tooLarge(maxBytes);
    return bytes;
  } catch (error) {
    if (error instanceof ProtocolError) throw error;
    throw unreadable("the body ended early", error);
  }
}

async function readChunks(body: ReadableStream<Uint8Array> | null, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  // Leaving the loop early cancels the body.
  for await (const chunk of body ?? []) {
    length += chunk.length;
    if (length > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}

function declaredLength(headers: Headers): number | undefined {
  const text = headers.get("content-length");
  return text !== null && /^\d{1,15}$/.test(text) && !headers.has("transfer-encoding")
    ? Number(text)
    : undefined;
}

function tooLarge(maxBytes: number): ProtocolError {
  const message = `Invalid request: the body is longer than ${maxBytes} bytes`;
  return new ProtocolError(-32600, message, { reason: "too_large", maxBytes }, { httpStatus: 413 });
}
