/**
 * A server over memory with clocks that stand still, and clients of both revisions that judge all they receive.
 *
 * The clients speak to `server.fetch` alone. No message passes them unjudged: see `wire_judge.ts`.
 *
 * @module
 */
import { McpServer, type McpServerOptions, type PerdureEvent, type Principal } from "../../mod.ts";
import { FakeRuntime } from "./fake_runtime.ts";
import { LegacyClient, type LegacyClientOptions } from "./legacy_client.ts";
import { MirrorBackend } from "./mirror_backend.ts";
import { ModernClient } from "./modern_client.ts";
import { settle } from "./settle.ts";

/** Options of {@linkcode createTestServer}. */
export interface TestServerOptions extends McpServerOptions {
  /** Seed of everything random. @default {1} */
  readonly seed?: number;
}

/** Parts of a test. */
export interface TestServer {
  readonly server: McpServer;
  readonly runtime: FakeRuntime;
  readonly backend: MirrorBackend;
  /** What the server reported, newest last. */
  readonly events: PerdureEvent[];
  /** A client of 2025-11-25 that has shaken hands. `undefined` calls anonymously. */
  legacy(caller: Principal | undefined, options?: LegacyClientOptions): Promise<LegacyClient>;
  /** A client of 2026-07-28. */
  modern(caller: Principal | undefined): ModernClient;
  /** Runs `work`, and fails unless the store is after it what it was before. */
  unchanged<T>(work: () => Promise<T>): Promise<T>;
}

/** A caller with a subject. */
export function user(subject: string): Principal {
  return { subject };
}

/** A server; callers are who their bearer token says. */
export function createTestServer({ seed = 1, ...options }: TestServerOptions = {}): TestServer {
  const runtime = new FakeRuntime({ seed });
  const backend = new MirrorBackend(runtime);
  const events: PerdureEvent[] = [];
  const server = new McpServer({ name: "test", version: "1.0.0" }, {
    backend,
    runtime,
    authenticate: (request) => readToken(request.headers.get("authorization")),
    onEvent: (event) => void events.push(event),
    ...options,
  });
  return {
    server,
    runtime,
    backend,
    events,
    legacy: (caller, options) => LegacyClient.connect(server.fetch, headersOf(caller), options),
    modern: (caller) => new ModernClient(server.fetch, headersOf(caller), () => runtime.advance(0)),
    unchanged: async (work) => {
      await settle();
      const before = backend.dump();
      const value = await work();
      await settle();
      if (backend.dump() !== before) throw new Error(`The store changed:\n${before}\n---\n${backend.dump()}`);
      return value;
    },
  };
}

function headersOf(caller: Principal | undefined): Record<string, string> {
  return caller === undefined ? {} : { authorization: encodeURIComponent(JSON.stringify(caller)) };
}

function readToken(token: string | null): Principal | undefined {
  return token === null ? undefined : JSON.parse(decodeURIComponent(token));
}
