/**
 * A server program in a process of its own, ended by its id.
 *
 * @module
 */
import { LineStream } from "../support/line_stream.ts";

/** What to run. */
export interface HostCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Where it will listen, for programs that do not say so: asked until it answers. */
  readonly origin?: string;
}

/** A server that listens. */
export interface Host {
  /** Where, without a path. */
  readonly origin: string;
  /** What it wrote so far. */
  output(): string;
  /** Ends it. */
  stop(): Promise<void>;
}

const START_LIMIT_MS = 30_000;
const LOOK_MS = 50;

/**
 * Starts a program and waits until it listens.
 *
 * @throws {Error} If it ends before that, or takes too long; the message holds its output.
 */
export async function startHost({ program, args, env, origin }: HostCommand): Promise<Host> {
  const child = new Deno.Command(program, {
    args: [...args],
    env: { ...env, NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const lines: string[] = [];
  const said = Promise.withResolvers<string>();
  const read = async (stream: ReadableStream<Uint8Array<ArrayBuffer>>) => {
    for await (const line of stream.pipeThrough(new TextDecoderStream()).pipeThrough(new LineStream())) {
      lines.push(line);
      const url = /Listening on (http:\S+[^\s/])/.exec(line)?.[1];
      if (url !== undefined) said.resolve(url);
    }
  };
  const drained = Promise.all([read(child.stdout), read(child.stderr)]);
  const stop = async () => {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
    await child.status;
    await drained;
  };
  const failure = (why: string) => new Error(`Cannot start ${program}: ${why}\n${lines.join("\n")}`);
  let isOver = false;
  const ended = child.status.then(({ code }) => {
    isOver = true;
    throw failure(`it ended with code ${code}`);
  });
  ended.catch(() => {});
  try {
    const listening = origin === undefined ? said.promise : untilItAnswers(origin, () => isOver);
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => reject(failure(`it does not listen after ${START_LIMIT_MS} ms`)),
      START_LIMIT_MS,
    );
    const where = await Promise.race([listening, ended, late]).finally(() => clearTimeout(timer));
    return { origin: where, output: () => lines.join("\n"), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function untilItAnswers(origin: string, isOver: () => boolean): Promise<string> {
  while (!isOver()) {
    const answer = await fetch(`${origin}/mcp`, { method: "PUT" }).catch(() => undefined);
    if (answer !== undefined) {
      await answer.body?.cancel();
      return origin;
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  return origin;
}
