/**
 * The active entries of Deno KV: one key per active record of an owner, checked absent by the commit that
 * takes it. A counter would make creates fight, and counting a range would miss concurrent inserts.
 *
 * An entry is free again once its `purgeAt` has passed, as the engine may remove it from then on.
 *
 * @module
 */
import type { OwnerKey } from "../src/store/backend.ts";
import type { Runtime } from "../src/runtime.ts";
import type { KvEngine } from "./deno_kv_engine.ts";
import { decodePurgeAt, type KvLayout } from "./deno_kv_layout.ts";
import { SlotHints } from "./deno_kv_slots.ts";

/** One active entry and the state in which it is expected. */
export interface ActiveSlot {
  readonly slot: number;
  /** Versionstamp the entry must have; null: it must not exist. */
  readonly stamp: string | null;
}

/** Options of {@linkcode ActiveSlots.reserve}. */
export interface ReserveOptions {
  /** Active records the owner may have. Absent: any number. */
  readonly limit?: number;
  /** What this process knows turned out wrong. @default {false} */
  readonly mustRead?: boolean;
}

/** Finds free active entries. */
export class ActiveSlots {
  readonly #engine: KvEngine;
  readonly #layout: KvLayout;
  readonly #runtime: Runtime;
  readonly #hints: SlotHints;

  constructor(engine: KvEngine, layout: KvLayout, runtime: Runtime) {
    this.#engine = engine;
    this.#layout = layout;
    this.#runtime = runtime;
    this.#hints = new SlotHints(() => runtime.random());
  }

  /** Reserves an entry, by what this process knows, else by reading all of the owner's. */
  async reserve(owner: OwnerKey, options: ReserveOptions = {}): Promise<ActiveSlot | "limit"> {
    const { limit } = options;
    let { mustRead = false } = options;
    while (true) {
      let lapsed: ReadonlyMap<number, string> | undefined;
      if (mustRead) {
        const read = await this.#read(owner);
        if (limit !== undefined && read.live.size >= limit) return "limit";
        this.#hints.learn(owner, read.live);
        lapsed = read.lapsed;
      }
      const slot = this.#hints.reserve(owner, limit);
      if (typeof slot === "number") return { slot, stamp: lapsed?.get(slot) ?? null };
      if (slot === "busy") await this.#hints.settled(owner);
      mustRead = slot === "full";
    }
  }

  /** Notes how a reservation ended. */
  settle(owner: OwnerKey, { slot }: ActiveSlot, isTaken: boolean): void {
    this.#hints.settle(owner, slot, isTaken);
  }

  /** Notes that an entry was freed. */
  free(owner: OwnerKey, slot: number): void {
    this.#hints.free(owner, slot);
  }

  async #read(owner: OwnerKey): Promise<{ live: Set<number>; lapsed: Map<number, string> }> {
    const now = this.#runtime.now();
    const live = new Set<number>();
    const lapsed = new Map<number, string>();
    for (
      const { key, value, versionstamp } of await this.#engine.scan(
        "read active entries",
        this.#layout.actives(owner),
        {},
      )
    ) {
      const slot = key[key.length - 1] as number;
      const purgeAt = decodePurgeAt(value);
      if (purgeAt === undefined || purgeAt > now) live.add(slot);
      else lapsed.set(slot, versionstamp!);
    }
    return { live, lapsed };
  }
}
