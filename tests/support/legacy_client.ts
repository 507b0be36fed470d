/**
 * A 2025-11-25 client that has shaken hands, and judges all it receives.
 *
 * @module
 */
import { assertEquals, assertExists } from "@std/assert";
import type { FetchHandler } from "../../mod.ts";
import { type Answer, postMessage, readAnswer, URL_HERE } from "./http_client.ts";
import { readSse, type SseReader } from "./sse.ts";
import { settle } from "./settle.ts";
import { type Json, judgeAnswer2025, judgeSent2025 } from "./wire_judge.ts";

/** Options of {@linkcode LegacyClient.connect}. */
export interface LegacyClientOptions {
  /** @default {"2025-11-25"} */
  readonly protocolVersion?: string;
  /** @default {{}} */
  readonly capabilities?: Json;
  /** Answers the server's requests; their answer is posted at once. */
  readonly onRequest?: (request: Json) => Json;
}

/** One session. */
export class LegacyClient {
  readonly #fetch: FetchHandler;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #options: LegacyClientOptions;
  #ids = 0;
  /** What `initialize` was answered with. */
  initialized: Json = {};
  /** Id of the session. */
  sessionId = "";

  private constructor(
    fetch: FetchHandler,
    headers: Readonly<Record<string, string>>,
    options: LegacyClientOptions,
  ) {
    this.#fetch = fetch;
    this.#headers = headers;
    this.#options = options;
  }

  /** Shakes hands. */
  static async connect(
    fetch: FetchHandler,
    headers: Readonly<Record<string, string>>,
    options: LegacyClientOptions = {},
  ): Promise<LegacyClient> {
    const client = new LegacyClient(fetch, headers, options);
    const { protocolVersion = "2025-11-25", capabilities = {} } = options;
    const clientInfo = { name: "test-client", version: "1.0.0" };
    const params = { protocolVersion, capabilities, clientInfo };
    const response = await postMessage(fetch, {
      jsonrpc: "2.0",
      id: 0,
      method: "initialize",
      params,
    }, headers);
    client.sessionId = response.headers.get("mcp-session-id") ?? "";
    const answer = await readAnswer(
      response,
      () => {},
      (message) => judgeAnswer2025(message, { method: "initialize", id: 0 }),
    );
    if (answer?.result === undefined) throw new Error(`Not initialized: ${JSON.stringify(answer)}`);
    client.initialized = answer.result;
    assertEquals(await client.notify("notifications/initialized"), 202);
    return client;
  }

  /** The same session in the hands of another caller. */
  stolenBy(headers: Readonly<Record<string, string>>): LegacyClient {
    const thief = new LegacyClient(this.#fetch, headers, this.#options);
    thief.sessionId = this.sessionId;
    thief.initialized = this.initialized;
    return thief;
  }

  /** Sends a request, reads its answer, and lets what it set in motion come to rest. `id`: the one to use, for tests that cancel. */
  async request(method: string, params?: Json, id: string | number = ++this.#ids): Promise<Answer> {
    const response = await this.#post({ jsonrpc: "2.0", id, method, ...(params && { params }) });
    const isTaskCall = method === "tools/call" && params?.task !== undefined &&
      this.initialized.protocolVersion === "2025-11-25";
    const answer = await readAnswer(
      response,
      (message) => this.#onSent(message),
      (message) => judgeAnswer2025(message, { method, id, isTaskCall }),
    );
    assertExists(answer, "the stream ended without an answer");
    await settle();
    return answer;
  }

  /** Sends a request, and gives the stream it is answered on. */
  async open(method: string, params: Json, id: string): Promise<SessionStream> {
    return new SessionStream(readSse(await this.#post({ jsonrpc: "2.0", id, method, params })));
  }

  /** Calls a tool, plainly. */
  call(name: string, args?: Json, params?: Json): Promise<Answer> {
    return this.request("tools/call", { name, ...(args && { arguments: args }), ...params });
  }

  /** Calls a tool as a task, and gives the task's id. */
  async createTask(name: string, args?: Json, params: Json = { task: {} }): Promise<string> {
    const { result, error } = await this.call(name, args, params);
    if (result === undefined) throw new Error(`Not a task: ${JSON.stringify(error)}`);
    return String((result.task as Json).taskId);
  }

  /** Sends a notification; gives the HTTP status. */
  async notify(method: string, params?: Json): Promise<number> {
    const response = await this.#post({ jsonrpc: "2.0", method, ...(params && { params }) });
    await response.body?.cancel();
    return response.status;
  }

  /** Opens the stream of the session. */
  async listen(): Promise<SessionStream> {
    return new SessionStream(readSse(await this.bare("GET")));
  }

  /** Sends a request without a body. */
  bare(method: string): Promise<Response> {
    const headers = { host: "127.0.0.1:8000", accept: "text/event-stream", ...this.#sessionHeaders() };
    return this.#fetch(new Request(URL_HERE, { method, headers }));
  }

  async #onSent(message: Json): Promise<void> {
    judgeSent2025(message);
    if (!("id" in message)) return;
    const { onRequest } = this.#options;
    if (onRequest === undefined) throw new Error(`Nobody answers ${JSON.stringify(message)}`);
    const response = await this.#post({ jsonrpc: "2.0", id: message.id, ...onRequest(message) });
    assertEquals(response.status, 202);
  }

  #post(body: Json): Promise<Response> {
    return postMessage(this.#fetch, body, this.#sessionHeaders());
  }

  #sessionHeaders(): Record<string, string> {
    return {
      ...this.#headers,
      "mcp-session-id": this.sessionId,
      "mcp-protocol-version": String(this.initialized.protocolVersion ?? "2025-11-25"),
    };
  }
}

/** The GET stream of a session; judges what comes. */
export class SessionStream {
  readonly #reader: SseReader;

  constructor(reader: SseReader) {
    this.#reader = reader;
  }

  /** The next message; `undefined` at the end of the stream. */
  async next(): Promise<Json | undefined> {
    const message = await this.#reader.nextMessage();
    if (message !== undefined) judgeSent2025(message);
    return message;
  }

  /** Leaves. */
  stop(): Promise<void> {
    return this.#reader.stop();
  }
}
