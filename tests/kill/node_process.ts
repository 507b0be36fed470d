/**
 * A node as the driver sees it: a process that can be killed, stopped and continued.
 *
 * @module
 */
import { LineStream } from "../support/line_stream.ts";
import type { NodeSettings } from "./settings.ts";

/** A node's process. */
export interface NodeProcess {
  readonly pid: number;
  readonly settings: NodeSettings;
  /** Where it listens. */
  readonly url: string;
  /** Resolves when the process has ended. */
  readonly ended: Promise<void>;
  /** What it wrote to its error output. */
  errors(): string;
  /** Sends a signal; nothing happens if the process has ended. */
  signal(name: Deno.Signal): void;
}

const running = new Set<Deno.ChildProcess>();

/** Ends all nodes that this process started. */
export function endNodes(): void {
  for (const child of running) child.kill("SIGKILL");
}

/**
 * Starts a node and waits until it listens.
 *
 * @returns `undefined` if it died before: its crash point came early, or it took over a task that kills its process.
 * @throws {Error} If it ended with words.
 */
export async function startNode(settings: NodeSettings): Promise<NodeProcess | undefined> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--quiet",
      "--no-check",
      new URL("node.ts", import.meta.url).pathname,
      JSON.stringify(settings),
    ],
    env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  running.add(child);
  child.status.then(() => running.delete(child));
  let errors = "";
  const drained = drain(child.stderr, (text) => errors += text);
  const url = await firstUrl(child.stdout);
  const ended = Promise.all([child.status, drained]).then(() => {});
  if (url === undefined) {
    await ended;
    if (errors !== "") throw new Error(`Cannot start node ${settings.name}: ${errors}`);
    return undefined;
  }
  const signal = (name: Deno.Signal) => {
    try {
      child.kill(name);
    } catch (error) {
      if (!(error instanceof TypeError || error instanceof Deno.errors.NotFound)) throw error;
    }
  };
  return { pid: child.pid, settings, url, ended, errors: () => errors, signal };
}

async function firstUrl(stdout: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<string | undefined> {
  const lines = stdout.pipeThrough(new TextDecoderStream()).pipeThrough(new LineStream()).getReader();
  for (;;) {
    const { done, value } = await lines.read();
    if (done) return undefined;
    const port = /^Listening on (\d+)$/.exec(value)?.[1];
    if (port === undefined) continue;
    void (async () => {
      while (!(await lines.read()).done);
    })();
    return `http://127.0.0.1:${port}/mcp`;
  }
}

async function drain(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  take: (text: string) => void,
): Promise<void> {
  for await (const text of stream.pipeThrough(new TextDecoderStream())) take(text);
}
