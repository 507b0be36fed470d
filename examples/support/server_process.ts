/**
 * Runs a server program of this repository in a process of its own.
 *
 * @module
 */

/** How long a server may take to end its open streams. */
const GRACE_MS = 1000;

/** A server that listens. */
export interface ServerProcess {
  /** Where it listens, without a trailing slash. */
  readonly url: string;
  /** Its process id. */
  readonly pid: number;
  /** What it wrote so far, to both outputs. */
  output(): string;
  /** Ends the process, by force after a second, and waits until it is gone. */
  stop(): Promise<void>;
  /** Ends the process as a crash does, with SIGKILL, and waits until it is gone. */
  kill(): Promise<void>;
}

/** Options of {@linkcode startServer}. */
export interface ServerProcessOptions {
  /** Directory it runs in. @default this process's */
  readonly cwd?: string;
  /** Variables besides those of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Ends the process when it aborts. */
  readonly signal?: AbortSignal;
}

/**
 * Starts `deno` with `args` and waits until the program says where it listens.
 *
 * Both `deno serve` and `Deno.serve` announce `Listening on <url>`.
 *
 * @throws {Error} If the process ends, or the signal aborts, before that; the message holds its output.
 */
export async function startServer(
  args: readonly string[],
  options: ServerProcessOptions = {},
): Promise<ServerProcess> {
  options.signal?.throwIfAborted();
  const child = new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: options.cwd,
    env: { ...options.env, NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const stop = () => stopProcess(child);
  options.signal?.addEventListener("abort", stop, { once: true });
  let output = "";
  const listening = Promise.withResolvers<string>();
  const read = async (stream: ReadableStream<Uint8Array<ArrayBuffer>>) => {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      output += text;
      const url = /Listening on (http:\S+[^\s/])/.exec(output)?.[1];
      if (url !== undefined) listening.resolve(url);
    }
  };
  const drained = Promise.all([read(child.stdout), read(child.stderr)]);
  const ended = drained.then(() => child.status).then(({ code }) => {
    throw new Error(`Cannot start "${args.join(" ")}": it ended with code ${code}\n${output}`);
  });
  const url = await Promise.race([listening.promise, ended]);
  ended.catch(() => {});
  const kill = async () => {
    child.kill("SIGKILL");
    await child.status;
  };
  return { url, pid: child.pid, output: () => output, stop, kill };
}

async function stopProcess(child: Deno.ChildProcess): Promise<void> {
  const signal = (name: Deno.Signal) => {
    try {
      child.kill(name);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // already gone
    }
  };
  signal("SIGTERM");
  // `deno serve` waits for its open requests, and an event stream may be open for ever.
  const force = setTimeout(() => signal("SIGKILL"), GRACE_MS);
  await child.status;
  clearTimeout(force);
}
