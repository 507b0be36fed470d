/**
 * Shows a durable task from both sides: a server on a KV file, the official clients of both protocol eras running the
 * same tool at the same time, and a `kill -9` of the server in the middle of it.
 *
 * Run: `deno task demo [directory]`; without an argument it counts this repository. It takes about ten seconds and
 * ends with 0 if both clients got the complete result, each directory counted once in it. Ctrl-C leaves nothing
 * behind.
 *
 * @module
 */
import { CrashDemo } from "./demo/crash_demo.ts";

const REPOSITORY = Deno.realPathSync(`${import.meta.dirname}/..`);

if (import.meta.main) {
  const interrupt = new AbortController();
  Deno.addSignalListener("SIGINT", () => interrupt.abort());
  Deno.exit(await main(directoryOf(Deno.args), interrupt.signal));
}

/** Returns the exit code: 0 all well, 1 the demo found a fault, 130 interrupted. */
async function main(directory: string, signal: AbortSignal): Promise<number> {
  const temporary = await Deno.makeTempDir({ prefix: "demo-" });
  const demo = new CrashDemo(temporary, directory, signal);
  try {
    return await Promise.race([demo.run(), interruption(signal)]);
  } catch (error) {
    if (signal.aborted) return 130;
    throw error;
  } finally {
    await demo.stop();
    await Deno.remove(temporary, { recursive: true });
  }
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
