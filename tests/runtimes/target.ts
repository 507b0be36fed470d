/**
 * A server in another process, as the cases see it: a URL, and clients that judge all they receive.
 *
 * @module
 */
import { LegacyClient, type LegacyClientOptions } from "../support/legacy_client.ts";
import { ModernClient } from "../support/modern_client.ts";

/** What is called. */
export interface Target {
  /** Where it listens, without a path. */
  readonly origin: string;
  /** Sends a request to it, whatever host its URL names. */
  fetch(request: Request): Promise<Response>;
  /** A client of 2026-07-28; anonymous without `subject`. */
  modern(subject?: string): ModernClient;
  /** A client of 2025-11-25 that has shaken hands. */
  legacy(subject?: string, options?: LegacyClientOptions): Promise<LegacyClient>;
  /** Has the server look once for what is due, and gives what it did. */
  recover(): Promise<{ readonly claimed: number; readonly failed: number; readonly deleted: number }>;
}

/** The server that listens at `origin`. */
export function targetAt(origin: string): Target {
  const fetchThere = async (request: Request): Promise<Response> => {
    const { method, signal } = request;
    const headers = new Headers(request.headers);
    headers.delete("host");
    const body = request.body === null ? undefined : await request.text();
    return await fetch(`${origin}/mcp`, { method, headers, body, signal });
  };
  const headersOf = (subject: string | undefined): Record<string, string> =>
    subject === undefined ? {} : { authorization: `Bearer ${subject}` };
  return {
    origin,
    fetch: fetchThere,
    modern: (subject) => new ModernClient(fetchThere, headersOf(subject), () => Promise.resolve()),
    legacy: (subject, options) => LegacyClient.connect(fetchThere, headersOf(subject), options),
    recover: async () => await (await fetch(`${origin}/recover`)).json(),
  };
}

/** One thing that has to work on every runtime. */
export interface Case {
  readonly name: string;
  run(target: Target): Promise<void>;
}

const LOOK_MS = 50;
const PATIENCE_MS = 30_000;

/** Looks again and again until something in the other process is as wished. */
export async function until<T>(look: () => Promise<T>, isDone: (value: T) => boolean): Promise<T> {
  const end = performance.now() + PATIENCE_MS;
  while (true) {
    const value = await look();
    if (isDone(value)) return value;
    if (performance.now() > end) throw new Error(`Cannot wait any longer: ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** The state of a 2026-07-28 task once `isDone` holds. */
export async function untilTask(
  client: ModernClient,
  taskId: string,
  isDone: (task: Readonly<Record<string, unknown>>) => boolean = ({ status }) => status === "completed",
): Promise<Readonly<Record<string, unknown>>> {
  return await until(async () => (await client.request("tasks/get", { taskId })).result, isDone);
}
