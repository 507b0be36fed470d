/**
 * One session of 2025-11-25 on two servers over one store, spoken to message by message.
 *
 * The other client hides its streams; here a test reads them, leaves them, and comes back.
 *
 * @module
 */
import type { FetchHandler, Principal } from "../../mod.ts";
import { postMessage, URL_HERE } from "../support/http_client.ts";
import type { LegacyClientOptions } from "../support/legacy_client.ts";
import { settle } from "../support/settle.ts";
import { readSse, type SseBlock, type SseReader } from "../support/sse.ts";
import { createTestServer, type TestServer, type TestServerOptions, user } from "../support/test_server.ts";

type Json = Record<string, unknown>;

/** A second server over the same store. Both share their clocks, unless `runtime` says else. */
export function createTwin(first: TestServer, options: TestServerOptions = {}): TestServer {
  return createTestServer({ backend: first.backend, runtime: first.runtime, seed: 2, ...options });
}

/** The session's side of one server. */
export class SessionWire {
  readonly #fetch: FetchHandler;
  readonly #headers: Record<string, string>;

  /** A session in the hands of `caller`, at a server. */
  constructor({ server }: Pick<TestServer, "server">, sessionId: string, caller: Principal = user("ada")) {
    this.#fetch = server.fetch;
    this.#headers = {
      authorization: encodeURIComponent(JSON.stringify(caller)),
      "mcp-session-id": sessionId,
      "mcp-protocol-version": "2025-11-25",
    };
  }

  /** Posts a message. */
  post(message: Json, headers: Record<string, string> = {}): Promise<Response> {
    return postMessage(this.#fetch, { jsonrpc: "2.0", ...message }, { ...this.#headers, ...headers });
  }

  /** Posts a request whose answer is to be a stream. */
  async open(id: unknown, method: string, params: Json): Promise<SseReader> {
    return readSse(await this.post({ id, method, params }));
  }

  /** Comes back with the id of an event. */
  get(lastEventId: string | undefined): Promise<Response> {
    return this.#fetch(
      new Request(URL_HERE, {
        headers: {
          host: "127.0.0.1:8000",
          accept: "text/event-stream",
          ...this.#headers,
          ...(lastEventId === undefined ? {} : { "last-event-id": lastEventId }),
        },
      }),
    );
  }

  /** Comes back with the id of an event to what is to be a stream. */
  async resume(lastEventId: string | undefined): Promise<SseReader> {
    return readSse(await this.get(lastEventId));
  }
}

/** Starts a session with the first server, and gives each server's side of it. */
export async function createWires(
  servers: readonly TestServer[],
  options?: LegacyClientOptions,
): Promise<readonly SessionWire[]> {
  const { sessionId } = await servers[0]!.legacy(user("ada"), options);
  return servers.map((server) => new SessionWire(server, sessionId));
}

/** The next block that is more than a comment; fails where the stream ends. */
export async function nextEvent(reader: SseReader): Promise<SseBlock> {
  for (;;) {
    const { value } = await reader.next();
    if (value === undefined) throw new Error("Cannot read an event: the stream has ended");
    if (value.id !== undefined || value.data !== undefined || value.retry !== undefined) return value;
  }
}

/** Every block but comments, to the end of the stream. */
export async function events(reader: SseReader): Promise<SseBlock[]> {
  const blocks = await reader.all();
  return blocks.filter(({ id, data, retry }) => (id ?? data ?? retry) !== undefined);
}

/** The message of an event. */
export function messageOf({ data = "" }: SseBlock): Json {
  return JSON.parse(data);
}

/** Leaves a stream, and lets the server notice. */
export async function leave(reader: SseReader): Promise<void> {
  await reader.stop();
  await settle();
}
