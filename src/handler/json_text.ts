/**
 * One JSON value out of bytes that a peer sent.
 *
 * @module
 */
import { JsonDepthError, type JsonValue, parseJson, ProtocolError } from "../protocol/mod.ts";

const DECODER = new TextDecoder("utf-8", { fatal: true });

/**
 * Reads UTF-8 JSON whose containers nest at most `maxDepth` deep.
 *
 * @param what What the bytes are, for messages: `body` or `line`.
 * @throws {ProtocolError} -32700 with `httpStatus` 400 if they are something else. No message repeats any of them.
 */
export function decodeJson(bytes: Uint8Array, maxDepth: number, what: "body" | "line"): JsonValue {
  let text: string;
  try {
    text = DECODER.decode(bytes);
  } catch (error) {
    throw unreadable(`the ${what} is not UTF-8`, error);
  }
  try {
    return parseJson(text, maxDepth);
  } catch (error) {
    if (error instanceof JsonDepthError) {
      throw unreadable(`the ${what} nests deeper than ${maxDepth} levels`, error);
    }
    throw unreadable(`the ${what} is not JSON`, error);
  }
}

/** -32700, for what cannot be read as a message. */
export function unreadable(reason: string, cause?: unknown): ProtocolError {
  return new ProtocolError(-32700, `Parse error: ${reason}`, undefined, { cause, httpStatus: 400 });
}
