/**
 * The client's end of a pipe in memory, for servers of newline-delimited messages.
 *
 * @module
 */
import { assertEquals, assertExists } from "@std/assert";
import type { BytePipe, McpServer, StdioOptions } from "../../mod.ts";
import { settle } from "./settle.ts";
import { type Json, judgeAnswer2025, judgeAnswer2026, judgeSent2025, judgeSent2026 } from "./wire_judge.ts";

/** What can be put on the pipe: a message, or the text or bytes given. */
export type Sendable = Json | readonly unknown[] | string | Uint8Array<ArrayBuffer>;

/** `_meta` of a 2026-07-28 request. */
export function modernMeta(changes: Json = {}): Json {
  return {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": { extensions: { "io.modelcontextprotocol/tasks": {} } },
    ...changes,
  };
}

/** One end of a pipe. Everything the server writes is kept, and has to be whole lines of JSON objects. */
export class PipeClient {
  /** The server's end. */
  readonly pipe: BytePipe;
  /** What came, oldest first. */
  readonly received: Json[] = [];
  /** Whether the server has closed its output. */
  isClosed = false;
  #input!: ReadableStreamDefaultController<Uint8Array>;
  #output!: WritableStreamDefaultController;
  #rest = "";
  #hold: PromiseWithResolvers<void> | undefined;
  #failure: Error | undefined;
  #objection: unknown;

  constructor() {
    const decoder = new TextDecoder("utf-8", { fatal: true });
    this.pipe = {
      readable: new ReadableStream({ start: (controller) => void (this.#input = controller) }),
      writable: new WritableStream({
        start: (controller) => void (this.#output = controller),
        write: async (bytes) => {
          await this.#hold?.promise;
          if (this.#failure) throw this.#failure;
          try {
            this.#take(decoder.decode(bytes, { stream: true }));
          } catch (error) {
            // To the server a client that fails is one that has hung up: the test is told by its next step.
            this.#objection ??= error;
          }
        },
        close: () => {
          if (this.#rest !== "") {
            this.#objection ??= new Error(`The output ends within a line: ${this.#rest}`);
          }
          this.isClosed = true;
        },
      }),
    };
  }

  /** Puts something on the pipe, each as a line, and lets what it sets in motion come to rest. */
  async send(...things: Sendable[]): Promise<void> {
    for (const thing of things) {
      const text = typeof thing === "string" || thing instanceof Uint8Array ? thing : JSON.stringify(thing);
      this.raw(text, "\n");
    }
    await this.#settle();
  }

  /** Puts bytes on the pipe, each argument as a chunk. */
  raw(...chunks: (string | Uint8Array<ArrayBuffer>)[]): void {
    for (const chunk of chunks) {
      this.#input.enqueue(typeof chunk === "string" ? new TextEncoder().encode(chunk) : chunk);
    }
  }

  /** Says that nothing more will come. */
  async close(): Promise<void> {
    this.#input.close();
    await this.#settle();
  }

  /** Breaks the client's output. */
  async breakInput(error: Error): Promise<void> {
    this.#input.error(error);
    await this.#settle();
  }

  /** Stops reading. */
  stopReading(): void {
    this.#hold = Promise.withResolvers();
  }

  /** Reads on. */
  async readOn(): Promise<void> {
    this.#hold?.resolve();
    this.#hold = undefined;
    await this.#settle();
  }

  /** Closes the end that reads. */
  async hangUp(): Promise<void> {
    this.#failure = new Error("Broken pipe");
    await this.readOn();
  }

  /** Breaks the server's output while nothing is written. */
  async breakOutput(error: Error): Promise<void> {
    this.#output.error(error);
    await this.#settle();
  }

  /** Takes the oldest message that fits; `undefined` if there is none. */
  take(fits: (message: Json) => boolean = () => true): Json | undefined {
    const index = this.received.findIndex(fits);
    return index < 0 ? undefined : this.received.splice(index, 1)[0];
  }

  /** Takes the answer to a request. */
  answerTo(id: string | number): Json | undefined {
    return this.take((message) => message.id === id && !("method" in message));
  }

  /** Takes the oldest message of that method. */
  sent(method: string): Json | undefined {
    return this.take((message) => message.method === method);
  }

  /** Shakes hands as a 2025-11-25 client. */
  async initialize(capabilities: Json = {}, id: string | number = "init"): Promise<Json> {
    const params = {
      protocolVersion: "2025-11-25",
      capabilities,
      clientInfo: { name: "test-client", version: "1.0.0" },
    };
    const answer = await this.legacy("initialize", params, id);
    await this.send({ jsonrpc: "2.0", method: "notifications/initialized" });
    return answer;
  }

  /** Sends a request of 2025-11-25, and gives its answer. */
  async legacy(method: string, params: Json = {}, id: string | number = crypto.randomUUID()): Promise<Json> {
    await this.send({ jsonrpc: "2.0", id, method, params });
    const answer = this.answerTo(id);
    assertExists(answer, `"${method}" is not answered`);
    const isTaskCall = method === "tools/call" && params.task !== undefined;
    judgeAnswer2025(answer, { method, id, isTaskCall });
    return answer;
  }

  /** Sends a request of 2026-07-28, and gives its answer. */
  async modern(method: string, params: Json = {}, id: string | number = crypto.randomUUID()): Promise<Json> {
    await this.send(modernRequest(id, method, params));
    const answer = this.answerTo(id);
    assertExists(answer, `"${method}" is not answered`);
    judgeAnswer2026(answer, { method, id });
    return answer;
  }

  async #settle(): Promise<void> {
    await settle();
    if (this.#objection !== undefined) throw this.#objection;
  }

  #take(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) {
      const message: Json = JSON.parse(line);
      assertEquals(message.jsonrpc, "2.0");
      if ("method" in message) {
        const meta = (message.params as Json | undefined)?._meta as Json | undefined;
        const isOfSubscription = meta?.["io.modelcontextprotocol/subscriptionId"] !== undefined;
        (isOfSubscription ? judgeSent2026 : judgeSent2025)(message);
      }
      this.received.push(message);
    }
  }
}

/** A request of 2026-07-28. */
export function modernRequest(id: string | number, method: string, params: Json = {}): Json {
  return { jsonrpc: "2.0", id, method, params: { _meta: modernMeta(), ...params } };
}

/** A request of 2025-11-25. */
export function legacyRequest(id: string | number, method: string, params: Json = {}): Json {
  return { jsonrpc: "2.0", id, method, params };
}

/** A pipe that is served, and what becomes of serving it. */
export interface ServedPipe {
  readonly client: PipeClient;
  /** Resolves when the server is done with it. */
  readonly served: Promise<void>;
}

/** Serves a new pipe. */
export function servePipe(server: McpServer, options: StdioOptions = {}): ServedPipe {
  const client = new PipeClient();
  return { client, served: server.serveStdio({ ...client.pipe, ...options }) };
}
