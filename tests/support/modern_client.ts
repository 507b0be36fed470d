/**
 * A 2026-07-28 client that judges all it receives.
 *
 * @module
 */
import { assertExists } from "@std/assert";
import type { FetchHandler } from "../../mod.ts";
import { type Answer, postMessage, readAnswer } from "./http_client.ts";
import { settle } from "./settle.ts";
import { type Json, judgeAnswer2026, judgeSent2026 } from "./wire_judge.ts";

/** `clientCapabilities` that declare the Tasks extension. */
export const TASKS: Json = { extensions: { "io.modelcontextprotocol/tasks": {} } };

/** Options of a request. */
export interface ModernRequestOptions {
  /** @default {TASKS} */
  readonly capabilities?: Json;
  /** Further members of `_meta`. */
  readonly meta?: Json;
  /** Headers to add, or to leave out where empty. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Leaves when it aborts. */
  readonly signal?: AbortSignal;
}

/** One caller; every request stands alone. */
export class ModernClient {
  readonly #fetch: FetchHandler;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #tick: () => Promise<void>;
  #ids = 0;

  /** `tick`: fires the timers of the server that are due at once. */
  constructor(fetch: FetchHandler, headers: Readonly<Record<string, string>>, tick: () => Promise<void>) {
    this.#fetch = fetch;
    this.#headers = headers;
    this.#tick = tick;
  }

  /** Sends a request, reads its answer, and lets what it set in motion come to rest. */
  async request(method: string, params: Json = {}, options: ModernRequestOptions = {}): Promise<Answer> {
    const id = `m${++this.#ids}`;
    const answer = await readAnswer(
      await this.send(id, method, params, options),
      judgeSent2026,
      (message) => judgeAnswer2026(message, { method, id }),
    );
    assertExists(answer, "the stream ended without an answer");
    await settle();
    return answer;
  }

  /** Calls a tool. */
  call(
    name: string,
    args?: Json,
    options?: ModernRequestOptions & { readonly params?: Json },
  ): Promise<Answer> {
    return this.request(
      "tools/call",
      { name, ...(args && { arguments: args }), ...options?.params },
      options,
    );
  }

  /** Calls a tool that becomes a task at once, and gives its id. */
  async createTask(name: string, args?: Json, options?: ModernRequestOptions): Promise<string> {
    const { result, error } = await this.call(name, args, options);
    if (result?.resultType !== "task") throw new Error(`Not a task: ${JSON.stringify(result ?? error)}`);
    return String(result.taskId);
  }

  /** Sends a request; its response is the caller's to read. */
  async send(
    id: string,
    method: string,
    params: Json,
    options: ModernRequestOptions = {},
  ): Promise<Response> {
    const { capabilities = TASKS, meta, headers, signal } = options;
    const name = method === "resources/read" ? params.uri : params.name ?? params.taskId;
    const all: Record<string, string> = {
      ...this.#headers,
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": method,
      ...(typeof name === "string" && { "mcp-name": toHeader(name) }),
      ...headers,
    };
    const _meta = {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientCapabilities": capabilities,
      "io.modelcontextprotocol/clientInfo": { name: "test-client", version: "1.0.0" },
      ...meta,
    };
    const body = { jsonrpc: "2.0", id, method, params: { ...params, _meta } };
    const present = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ""));
    const response = postMessage(this.#fetch, body, present, signal);
    await this.#tick();
    return await response;
  }
}

function toHeader(text: string): string {
  if (/^[\x21-\x7e]+$/.test(text)) return text;
  const bytes = new TextEncoder().encode(text);
  return `=?base64?${btoa(String.fromCharCode(...bytes))}?=`;
}
