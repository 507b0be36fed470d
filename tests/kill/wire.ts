/**
 * Raw requests of both revisions to servers that may die at any moment.
 *
 * An answer is the server's word, and it can be held to it. No answer means nothing: the request may or may not
 * have taken effect.
 *
 * @module
 */
import { SseReader } from "../support/sse.ts";

/** A JSON object, as it came. */
// deno-lint-ignore no-explicit-any -- wire data is judged where it is used
export type Wire = Record<string, any>;

/** What came of a request. */
export type Reply =
  | { readonly type: "result"; readonly result: Wire }
  | { readonly type: "error"; readonly code: number; readonly message: string; readonly data?: Wire }
  | { readonly type: "silence"; readonly reason: string };

/** Longest wait for an answer, in milliseconds: a stopped process gives one when it goes on. */
const PATIENCE_MS = 6000;

let ids = 0;

/** Sends a request of 2026-07-28. */
export function ask2026(url: string, method: string, params: Wire, patienceMs = PATIENCE_MS): Promise<Reply> {
  const name = params.name ?? params.taskId;
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {
      elicitation: { form: {} },
      extensions: { "io.modelcontextprotocol/tasks": {} },
    },
    "io.modelcontextprotocol/clientInfo": { name: "kill-harness", version: "1.0.0" },
    ...params._meta,
  };
  return ask(url, method, { ...params, _meta }, {
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": method,
    ...(name === undefined ? {} : { "mcp-name": name }),
  }, patienceMs);
}

/** Sends a request of 2025-11-25. */
export function ask2025(
  url: string,
  session: string,
  method: string,
  params: Wire,
  patienceMs = PATIENCE_MS,
): Promise<Reply> {
  const headers = { "mcp-session-id": session, "mcp-protocol-version": "2025-11-25" };
  return ask(url, method, params, headers, patienceMs);
}

/** Opens a session of 2025-11-25. `undefined`: nobody answered. */
export async function openSession(url: string): Promise<string | undefined> {
  const params = {
    protocolVersion: "2025-11-25",
    capabilities: { tasks: {} },
    clientInfo: { name: "kill-harness", version: "1.0.0" },
  };
  try {
    const response = await post(url, "initialize", params, {}, PATIENCE_MS);
    await response.text();
    return response.headers.get("mcp-session-id") ?? undefined;
  } catch {
    return undefined;
  }
}

async function ask(
  url: string,
  method: string,
  params: Wire,
  headers: Record<string, string>,
  patienceMs: number,
): Promise<Reply> {
  let answer: Wire | undefined;
  try {
    const response = await post(url, method, params, headers, patienceMs);
    answer = await readAnswer(response);
  } catch (error) {
    return { type: "silence", reason: error instanceof Error ? error.message : String(error) };
  }
  if (answer === undefined) return { type: "silence", reason: "the stream ended without an answer" };
  if (answer.result !== undefined) return { type: "result", result: answer.result };
  return { type: "error", ...answer.error };
}

function post(
  url: string,
  method: string,
  params: Wire,
  headers: Record<string, string>,
  patienceMs: number,
): Promise<Response> {
  return fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "accept": "application/json, text/event-stream",
      ...headers,
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: ++ids, method, params }),
    signal: AbortSignal.timeout(patienceMs),
  });
}

async function readAnswer(response: Response): Promise<Wire | undefined> {
  if (!response.headers.get("content-type")?.startsWith("text/event-stream")) return await response.json();
  for await (const { data } of new SseReader(response)) {
    if (!data) continue;
    const message = JSON.parse(data);
    if (message.method === undefined) return message;
  }
  return undefined;
}
