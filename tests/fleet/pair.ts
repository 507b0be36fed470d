/**
 * Two server processes on one store, and a client that goes to each of them in turn.
 *
 * @module
 */
import { assert } from "@std/assert";
import { effectsPath, type StoreAddress } from "../kill/settings.ts";
import { type NodeProcess, startNode } from "../kill/node_process.ts";
import { ask2025, ask2026, openSession, type Reply, type Wire } from "../kill/wire.ts";

const PATIENCE_MS = 60_000;
const REQUEST_MS = 20_000;

/** See the module. */
export class Pair {
  readonly folder: string;
  readonly #store: StoreAddress;
  readonly #leaseMs: number;
  #nodes: readonly NodeProcess[] = [];
  #turn = 0;
  #starts = 0;

  private constructor(store: StoreAddress, folder: string, leaseMs: number) {
    this.#store = store;
    this.folder = folder;
    this.#leaseMs = leaseMs;
  }

  /** Starts both. */
  static async start(store: StoreAddress, leaseMs: number): Promise<Pair> {
    const pair = new Pair(store, await Deno.makeTempDir({ prefix: "fleet-" }), leaseMs);
    await pair.#startBoth();
    return pair;
  }

  /** Where A (0) or B (1) listens. */
  url(node: number): string {
    return this.#nodes[node]!.url;
  }

  /** Sends a request of 2026-07-28 to a node, or to the one whose turn it is. */
  ask(method: string, params: Wire, node: number = this.#turn++ % 2): Promise<Reply> {
    return ask2026(this.url(node), method, params, REQUEST_MS);
  }

  /** The same; an error fails the test. */
  async result(method: string, params: Wire, node?: number): Promise<Wire> {
    return toResult(method, await this.ask(method, params, node));
  }

  /** Sends a request of 2025-11-25; an error fails the test. */
  async result2025(session: string, method: string, params: Wire, node: number): Promise<Wire> {
    return toResult(method, await ask2025(this.url(node), session, method, params, REQUEST_MS));
  }

  /** Opens a session of 2025-11-25. */
  async openSession(node: number): Promise<string> {
    const session = await openSession(this.url(node));
    assert(session !== undefined, "no session was opened");
    return session;
  }

  /** Creates a task of a tool. */
  async create(tool: string, label: string, node?: number): Promise<string> {
    const { taskId } = await this.result("tools/call", { name: tool, arguments: { label } }, node);
    assert(typeof taskId === "string", "the call became no task");
    return taskId;
  }

  /** The task, once it has one of these states. */
  async until(taskId: string, states: readonly string[], node?: number): Promise<Wire> {
    for (const end = performance.now() + PATIENCE_MS; performance.now() < end;) {
      const task = await this.result("tasks/get", { taskId }, node);
      if (states.includes(task.status)) return task;
      await pause(50);
    }
    throw new Error(`Cannot wait any longer for task ${taskId} to be ${states.join(" or ")}`);
  }

  /** The line of the log of side effects that begins with these words, once it is there. */
  async untilDone(...words: readonly string[]): Promise<readonly string[]> {
    for (const end = performance.now() + PATIENCE_MS; performance.now() < end;) {
      const text = await Deno.readTextFile(effectsPath(this.folder)).catch(() => "");
      const line = text.split("\n").find((line) => `${line} `.startsWith(`${words.join(" ")} `));
      if (line !== undefined) return line.split(" ");
      await pause(10);
    }
    throw new Error(`Cannot wait any longer for "${words.join(" ")}"`);
  }

  /** Ends both processes, drained or killed, and starts two others. */
  async restart(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    await this.#end(signal);
    await this.#startBoth();
  }

  /** Ends both processes. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end("SIGKILL");
    await Deno.remove(this.folder, { recursive: true });
  }

  async #startBoth(): Promise<void> {
    this.#nodes = await Promise.all([0, 1].map(async () => {
      const name = `n${this.#starts++}`;
      return (await startNode({ store: this.#store, name, folder: this.folder, leaseMs: this.#leaseMs }))!;
    }));
  }

  async #end(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    for (const node of this.#nodes) node.signal(signal);
    await Promise.all(this.#nodes.map(({ ended }) => ended));
  }
}

function toResult(method: string, reply: Reply): Wire {
  if (reply.type === "result") return reply.result;
  throw new Error(`${method} was answered with ${JSON.stringify(reply)}`);
}

/** Waits on real time, between two looks at a process. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
