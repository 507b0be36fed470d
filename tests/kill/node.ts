/**
 * One node of the kill harness: a server over a shared store, in a process made to be killed.
 *
 * Takes its settings as JSON in the first argument. SIGTERM drains it.
 *
 * @module
 */
import { McpServer } from "../../mod.ts";
import { effectsPath, eventsPath, LEASE_MS, type NodeSettings, TTL_MS, writesPath } from "./settings.ts";
import { openStore } from "./stores.ts";
import { registerTools } from "./tools.ts";
import { WatchedBackend } from "./watched_backend.ts";

const { store, name, folder, crash, leaseMs = LEASE_MS } = JSON.parse(Deno.args[0]!) as NodeSettings;

const encoder = new TextEncoder();

/** Opens a log whose lines are there once they are written, whatever becomes of this process. */
function openLog(path: string): (line: string) => void {
  const file = Deno.openSync(path, { append: true, create: true });
  return (line) => void file.writeSync(encoder.encode(`${line}\n`));
}

const effect = openLog(effectsPath(folder));
const note = openLog(writesPath(folder, name));
const event = openLog(eventsPath(folder, name));

const server = new McpServer({ name: "kill", version: "1.0.0" }, {
  backend: new WatchedBackend(await openStore(store), {
    crash,
    note: (written) => note(JSON.stringify(written)),
  }),
  authenticate: () => ({ subject: "kill-harness" }),
  leaseMs,
  ttlMs: TTL_MS,
  parkAfterMs: 200,
  pollIntervalMs: 100,
  limits: { activeTasks: 1000, createsPerMinute: 100_000, streams: 1000 },
  onEvent: ({ type, taskId, name, message, error }) =>
    event(JSON.stringify({ at: Date.now(), type, taskId, name, message, error: String(error ?? "") })),
});
registerTools(server, (...words) => effect(words.join(" ")));

Deno.addSignalListener("SIGTERM", async () => {
  await server.close({ graceMs: 1000 });
  Deno.exit(0);
});

// A node recovers what others left even before anybody calls it; a store that is away is tried again by its scans.
await server.recover().catch((error) =>
  event(JSON.stringify({ at: Date.now(), type: "away", error: String(error) }))
);
Deno.serve({
  hostname: "127.0.0.1",
  port: 0,
  onListen: ({ port }) => console.log(`Listening on ${port}`),
}, server.fetch);
