/**
 * What the test clients of both revisions share: posting a message, and reading JSON or an event stream as it comes.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import type { FetchHandler } from "../../mod.ts";
import { readSse } from "./sse.ts";
import type { Json } from "./wire_judge.ts";

/** Where the tests pretend to be served. */
export const URL_HERE = "http://127.0.0.1:8000/mcp";

/** An answer to a request. */
export interface Answer {
  readonly status: number;
  /** The bytes of a JSON answer; empty for a stream. */
  readonly text: string;
  /** `result` of a success. */
  readonly result: Json;
  /** `error` of a failure. */
  readonly error: { readonly code: number; readonly message: string; readonly data?: Json };
  /** What came on the stream ahead of the answer. */
  readonly sent: readonly Json[];
}

/** Takes messages that come ahead of an answer; told from the answer by their `method`. */
export type OnSent = (message: Json) => void | Promise<void>;

/** Posts a message. */
export function postMessage(
  fetch: FetchHandler,
  body: unknown,
  headers: Readonly<Record<string, string>>,
  signal?: AbortSignal,
): Promise<Response> {
  return fetch(
    new Request(URL_HERE, {
      method: "POST",
      headers: {
        "host": "127.0.0.1:8000",
        "content-type": "application/json",
        "accept": "application/json, text/event-stream",
        ...headers,
      },
      body: typeof body === "string" ? body : JSON.stringify(body),
      signal,
    }),
  );
}

/** Reads a response to its end. `undefined`: the stream ended without an answer. */
export async function readAnswer(
  response: Response,
  onSent: OnSent,
  judge: (message: Json) => void,
): Promise<Answer | undefined> {
  const { status } = response;
  if (!response.headers.get("content-type")?.startsWith("text/event-stream")) {
    const text = await response.text();
    const message = JSON.parse(text);
    judge(message);
    return { status, text, result: message.result, error: message.error, sent: [] };
  }
  assertEquals(status, 200, "a stream opens with status 200");
  const sent: Json[] = [];
  const reader = readSse(response);
  for (let message = await reader.nextMessage(); message; message = await reader.nextMessage()) {
    if (typeof message.method === "string") {
      sent.push(message);
      await onSent(message);
      continue;
    }
    judge(message);
    const { result, error } = message as unknown as Answer;
    assertEquals(await reader.nextMessage(), undefined, "nothing follows the answer");
    return { status, text: "", result, error, sent };
  }
  return undefined;
}
