/**
 * The processes of a round: started, hit, and started again.
 *
 * @module
 */
import { type NodeProcess, startNode } from "./node_process.ts";
import { NODES, type RoundPlan, STOP_MS } from "./plan.ts";
import type { StoreAddress } from "./settings.ts";

/** A process that was taken away. */
export interface Loss {
  readonly node: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly type: "killed" | "stopped" | "drained" | "died";
}

/** Four processes on one store. */
export class Fleet {
  /** What was taken away so far. */
  readonly losses: Loss[] = [];
  readonly #plan: RoundPlan;
  readonly #store: StoreAddress;
  readonly #folder: string;
  readonly #places: (NodeProcess | undefined)[] = new Array(NODES).fill(undefined);
  readonly #work = new Set<Promise<void>>();
  #started = 0;
  #stoodSince = Infinity;
  #isOver = false;
  #fault: unknown;

  constructor(plan: RoundPlan, store: StoreAddress, folder: string) {
    this.#plan = plan;
    this.#store = store;
    this.#folder = folder;
  }

  /** Starts all nodes. */
  async start(): Promise<void> {
    await Promise.all(this.#places.map((_, place) => this.#fill(place)));
  }

  /** Where a node listens: one that is alive as far as anybody knows. */
  url(random: number): string | undefined {
    const alive = this.#places.filter((node) => node !== undefined);
    return alive[Math.floor(random * alive.length)]?.url;
  }

  /** Monotonic instant since which all nodes stand; Infinity while one does not. */
  get stoodSince(): number {
    return this.#stoodSince;
  }

  /** Deals the blows of the plan; resolves when all nodes stand again. */
  async dealBlows(): Promise<void> {
    const begun = performance.now();
    await Promise.all(this.#plan.blows.map(async ({ atMs, node, type }) => {
      await delay(atMs - (performance.now() - begun));
      await this.#hit(node, type);
    }));
  }

  /** Drains one process after the other, as a deploy does: what they start with is nothing but the store. */
  async roll(): Promise<void> {
    for (const node of this.#places) {
      if (node === undefined) continue;
      this.losses.push({ node: node.settings.name, at: Date.now(), type: "drained" });
      node.signal("SIGTERM");
      await node.ended;
    }
  }

  /** Ends all processes. */
  async end(): Promise<void> {
    this.#isOver = true;
    while (this.#work.size > 0) {
      for (const node of this.#places) node?.signal("SIGKILL");
      await Promise.race([Promise.all(this.#work), delay(100)]);
    }
    if (this.#fault !== undefined) throw this.#fault;
  }

  async #hit(place: number, type: RoundPlan["blows"][number]["type"]): Promise<void> {
    const node = this.#places[place];
    if (node === undefined || this.#isOver) return;
    const loss = (what: Loss["type"]) =>
      void this.losses.push({ node: node.settings.name, at: Date.now(), type: what });
    if (type === "kill") {
      loss("killed");
      node.signal("SIGKILL");
    } else if (type === "drain") {
      loss("drained");
      node.signal("SIGTERM");
    } else {
      loss("stopped");
      node.signal("SIGSTOP");
      await delay(STOP_MS);
      node.signal("SIGCONT");
    }
  }

  /** Keeps a place filled until the round is over. */
  async #fill(place: number): Promise<void> {
    const standing = Promise.withResolvers<void>();
    const work = (async () => {
      while (!this.#isOver) {
        const number = this.#started++;
        const crash = this.#plan.crashes[number];
        const name = `n${place}p${number}`;
        const node = await startNode({ store: this.#store, name, folder: this.#folder, crash });
        if (node === undefined) {
          this.losses.push({ node: name, at: Date.now(), type: "died" });
          continue;
        }
        this.#places[place] = node;
        if (this.#places.every((standing) => standing !== undefined)) this.#stoodSince = performance.now();
        standing.resolve();
        await node.ended;
        this.#places[place] = undefined;
        this.#stoodSince = Infinity;
        const isKnown = this.losses.some((loss) => loss.node === name && loss.type !== "stopped");
        if (!isKnown && !this.#isOver) this.losses.push({ node: name, at: Date.now(), type: "died" });
        if (/error|panic/i.test(node.errors())) throw new Error(`Node ${name} wrote: ${node.errors()}`);
      }
    })();
    const kept = work.catch((error) => {
      this.#fault ??= error;
      standing.resolve();
    });
    this.#work.add(kept);
    kept.finally(() => this.#work.delete(kept));
    await standing.promise;
  }
}

/** Waits on real time: the processes live in it. */
export function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}
