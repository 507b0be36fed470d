/**
 * The standard input and output of this process as a pipe, on whichever runtime this is.
 *
 * This is the one place that knows how runtimes name them: `Deno.stdin` and `Deno.stdout`, or `process.stdin` and
 * `process.stdout` of Node and Bun, each seen through a type that says no more than is used.
 *
 * @module
 */
import type { BytePipe } from "./pipe.ts";

interface DenoStreams {
  readonly stdin?: { readonly readable: ReadableStream<Uint8Array> };
  readonly stdout?: { readonly writable: WritableStream<Uint8Array> };
}

interface NodeStreams {
  readonly stdin?: NodeReadable;
  readonly stdout?: NodeWritable;
}

/** What is used of a readable stream of Node's. */
export interface NodeReadable {
  /** Calls back at an event: `data`, `end`, `close`, `error`. */
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  /** Undoes {@linkcode NodeReadable.on}. */
  off(event: string, listener: (...args: unknown[]) => void): unknown;
  /** Stops reading; a process with nothing else to do ends. */
  pause(): unknown;
  /** Goes on reading. */
  resume(): unknown;
}

/** What is used of a writable stream of Node's. */
export interface NodeWritable {
  /** Writes, and calls back once that is done. */
  write(chunk: Uint8Array, done: (error?: Error | null) => void): unknown;
  /** Calls back at an event: `error`. */
  on(event: string, listener: (...args: unknown[]) => void): unknown;
}

let isTaken = false;

/**
 * Finds the pipe, for the one who serves it.
 *
 * @throws {TypeError} The second time, and where the runtime has no standard input and output.
 */
export function takeProcessPipe(): BytePipe {
  if (isTaken) {
    throw new TypeError("Cannot serve stdio: the standard streams of this process are served already");
  }
  const pipe = findProcessPipe();
  isTaken = true;
  return pipe;
}

/**
 * Finds the pipe.
 *
 * @throws {TypeError} Where the runtime has no standard input and output.
 */
export function findProcessPipe(): BytePipe {
  const deno = (globalThis as { readonly Deno?: DenoStreams }).Deno;
  if (deno?.stdin && deno.stdout) return { readable: deno.stdin.readable, writable: deno.stdout.writable };
  const node = (globalThis as unknown as { readonly process?: NodeStreams }).process;
  if (node?.stdin && node.stdout) return toBytePipe(node.stdin, node.stdout);
  throw new TypeError(
    'Cannot serve stdio: this runtime has no standard input and output; pass "readable" and "writable"',
  );
}

/** Streams of Node's as those of the web. */
export function toBytePipe(input: NodeReadable, output: NodeWritable): BytePipe {
  let stop = () => {};
  const readable = new ReadableStream<Uint8Array>({
    start(controller) {
      const onData = (chunk: unknown) => {
        controller.enqueue(chunk as Uint8Array);
        if ((controller.desiredSize ?? 0) <= 0) input.pause();
      };
      const onEnd = () => {
        stop();
        controller.close();
      };
      const onError = (error: unknown) => {
        stop();
        controller.error(error);
      };
      const listeners = [["data", onData], ["end", onEnd], ["close", onEnd], ["error", onError]] as const;
      stop = () => {
        for (const [event, listener] of listeners) input.off(event, listener);
      };
      for (const [event, listener] of listeners) input.on(event, listener);
    },
    pull() {
      input.resume();
    },
    cancel() {
      stop();
      input.pause();
    },
  });
  // A closed pipe is told of by the write that meets it; as an event that nobody hears it would end the process.
  output.on("error", () => {});
  const writable = new WritableStream<Uint8Array>({
    write: (chunk) =>
      new Promise<void>((resolve, reject) => {
        output.write(chunk, (error) => error ? reject(error) : resolve());
      }),
  });
  return { readable, writable };
}

/** Ways to write on the standard output by the console. */
const ON_OUTPUT = [
  "log",
  "info",
  "debug",
  "dir",
  "dirxml",
  "table",
  "group",
  "groupCollapsed",
  "count",
  "timeLog",
  "timeEnd",
] as const;

/**
 * Sends what the console would write on the standard output to the standard error, for the rest of this process's life:
 * a line that is no message breaks clients that read it.
 */
export function keepConsoleOffOutput(): void {
  for (const method of ON_OUTPUT) {
    console[method] = (...data: unknown[]) => console.error(...data);
  }
}
