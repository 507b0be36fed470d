/**
 * Shows a durable task from both sides: a server of its own on a KV file, and the official clients of both
 * protocol eras running the same tool.
 *
 * Run: `deno task demo [directory]`; without an argument it counts this repository. Exits
 * with 1 if an era does not give what it should. Ctrl-C leaves nothing behind.
 *
 * @module
 */
import { type Ending, type Era, ERA_2025, ERA_2026 } from "./demo/eras.ts";
import { ProgressLine } from "./demo/progress_line.ts";
import { startServer } from "./support/server_process.ts";

const SPREAD_MS = 3000;
const REPOSITORY = Deno.realPathSync(`${import.meta.dirname}/..`);
const SERVER = `${import.meta.dirname}/tasks_basic.ts`;

if (import.meta.main) {
  const interrupt = new AbortController();
  Deno.addSignalListener("SIGINT", () => interrupt.abort());
  Deno.exit(await main(directoryOf(Deno.args), interrupt.signal));
}

/** Returns the exit code: 0 all well, 1 the demo found a fault, 130 interrupted. */
async function main(directory: string, signal: AbortSignal): Promise<number> {
  const temporary = await Deno.makeTempDir({ prefix: "demo-" });
  try {
    const file = `${temporary}/tasks.kv`;
    const server = await startServer(["serve", "-A", "--host", "127.0.0.1", "--port", "0", SERVER], {
      env: { TASKS_KV: file },
      signal,
    });
    console.log(`Server on ${server.url}, tasks in ${file}\n`);
    try {
      return await Promise.race([show(`${server.url}/mcp`, directory), interruption(signal)]);
    } finally {
      await server.stop();
    }
  } catch (error) {
    if (signal.aborted) return 130;
    throw error;
  } finally {
    await Deno.remove(temporary, { recursive: true });
  }
}

async function show(url: string, directory: string): Promise<number> {
  const first = await runCensus(ERA_2025, url, directory);
  console.log(`\n${first.text}\n`);
  const second = await runCensus(ERA_2026, url, directory);
  const same = first.text === second.text;
  console.log(same ? "\n  The same table.\n" : `\nThe directory has changed meanwhile:\n${second.text}\n`);

  console.log("A directory that does not exist:");
  const missing = `${directory}/no/such/directory`;
  const failures: Ending[] = [];
  for (const era of [ERA_2025, ERA_2026]) {
    const ending = await era.run(url, "census", { directory: missing }, () => {});
    console.log(`  ${era.name}: task ${ending.status}, isError ${ending.isError}: ${ending.text}`);
    failures.push(ending);
  }
  const told = failures.every((ending) => ending.isError && ending.text.includes("no such directory"));
  return told && !first.isError && !second.isError ? 0 : 1;
}

async function runCensus(era: Era, url: string, directory: string): Promise<Ending> {
  console.log(`Tool "census" as a task under ${era.name}, client ${era.client}:`);
  const line = new ProgressLine();
  const ending = await era.run(url, "census", { directory, spreadMs: SPREAD_MS }, (task) => line.show(task));
  line.end();
  return ending;
}

/** Rejects when the signal aborts. */
function interruption(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

function directoryOf(args: readonly string[]): string {
  const [directory] = args.filter((arg) => arg !== "--");
  return directory === undefined ? REPOSITORY : directory.replace(/(?<=.)\/+$/, "");
}
