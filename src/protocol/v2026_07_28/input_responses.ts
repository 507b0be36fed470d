/**
 * Answers on their way in, judged by size before anyone looks into them.
 *
 * @module
 */
import { invalidParams } from "../errors.ts";
import { isText, toLookup } from "../guard.ts";
import { isJsonObject, jsonDepth, type JsonObject, type JsonValue } from "../json.ts";

/** Answers by key, as sent. Has no prototype: any key can be looked up in it. */
export type InputResponses = Readonly<Record<string, JsonValue>>;

/** Most answers in one request. */
export const MAX_RESPONSES = 64;
/** Most bytes of one answer, as UTF-8 JSON. */
export const MAX_RESPONSE_BYTES = 64 * 1024;
/** Most bytes of all answers of one request. */
export const MAX_RESPONSES_BYTES = 256 * 1024;
/** Most levels of containers in one answer. */
export const MAX_RESPONSE_DEPTH = 32;

/**
 * Reads `params.inputResponses`; `undefined` where there is none.
 *
 * @throws {ProtocolError} -32602 naming the bound that is exceeded, and never a key the peer chose.
 */
export function parseInputResponses(params: JsonObject | undefined): InputResponses | undefined {
  const responses = params?.inputResponses;
  if (responses === undefined) return undefined;
  if (!isJsonObject(responses)) throw fault("must be an object");
  const entries = Object.entries(responses);
  if (entries.length > MAX_RESPONSES) throw fault(`must have at most ${MAX_RESPONSES} members`);
  let total = 0;
  for (const [key, response] of entries) {
    if (!isText(key, 1, 256)) throw fault("must have keys of well-formed text of 1 to 256 characters");
    if (jsonDepth(response, MAX_RESPONSE_DEPTH) > MAX_RESPONSE_DEPTH) {
      throw fault(`must nest at most ${MAX_RESPONSE_DEPTH} levels deep in each member`);
    }
    const bytes = jsonBytes(response);
    if (bytes > MAX_RESPONSE_BYTES) {
      throw fault(`must have at most ${MAX_RESPONSE_BYTES} bytes in each member`);
    }
    total += bytes;
    if (total > MAX_RESPONSES_BYTES) throw fault(`must have at most ${MAX_RESPONSES_BYTES} bytes in all`);
  }
  return toLookup(responses as { readonly [key: string]: JsonValue });
}

const utf8 = new TextEncoder();

function jsonBytes(value: JsonValue | undefined): number {
  const json = JSON.stringify(value) ?? "";
  return json.length > MAX_RESPONSE_BYTES ? json.length : utf8.encode(json).length;
}

function fault(reason: string): Error {
  return invalidParams(`Invalid params: "inputResponses" ${reason}`);
}
