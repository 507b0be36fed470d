/**
 * What this process knows of the active entries of each owner, so that a create seldom has to read them.
 *
 * Knowledge may be out of date: the commit checks the entry itself, and a lost check corrects it.
 *
 * @module
 */
import type { OwnerKey } from "../src/store/backend.ts";

/** Owners remembered: what is forgotten costs a read where an owner has many active records, nothing else. */
const MAX_OWNERS = 128;

interface Known {
  /** Entries taken when last seen. */
  taken: Set<number>;
  /** Entries that a put of this process is about to take. */
  readonly reserved: Set<number>;
  /** Woken when a reservation ends. */
  waiting: (() => void)[];
}

/** Hints of taken active entries. */
export class SlotHints {
  readonly #random: () => number;
  readonly #owners = new Map<OwnerKey, Known>();

  /** @param random Numbers in [0, 1): processes that start in different places seldom meet. */
  constructor(random: () => number) {
    this.#random = random;
  }

  /**
   * Reserves an entry that seems free.
   *
   * @param limit Active records the owner may have; absent: any number.
   * @returns The entry; `"busy"` if only reservations still under way fill the limit, `"full"` if it seems reached.
   */
  reserve(owner: OwnerKey, limit: number | undefined): number | "busy" | "full" {
    const { taken, reserved } = this.#known(owner);
    const used = taken.size + reserved.size;
    if (limit !== undefined && taken.size >= limit) return "full";
    if (limit !== undefined && used >= limit) return "busy";
    const room = limit ?? used + 1;
    let slot = limit === undefined ? 0 : Math.floor(this.#random() * room);
    while (taken.has(slot) || reserved.has(slot)) slot = (slot + 1) % room;
    reserved.add(slot);
    return slot;
  }

  /** Notes how a reservation ended. */
  settle(owner: OwnerKey, slot: number, isTaken: boolean): void {
    const known = this.#owners.get(owner);
    if (known === undefined) return;
    known.reserved.delete(slot);
    if (isTaken) known.taken.add(slot);
    const { waiting } = known;
    known.waiting = [];
    for (const wake of waiting) wake();
  }

  /** Resolves when a reservation of the owner ends, or at once if there is none. */
  async settled(owner: OwnerKey): Promise<void> {
    const known = this.#owners.get(owner);
    if (known === undefined || known.reserved.size === 0) return;
    await new Promise<void>((resolve) => known.waiting.push(resolve));
  }

  /** Notes that an entry was freed. */
  free(owner: OwnerKey, slot: number): void {
    const known = this.#owners.get(owner);
    if (known === undefined) return;
    known.taken.delete(slot);
    if (known.taken.size === 0 && known.reserved.size === 0) this.#owners.delete(owner);
  }

  /** Replaces what is known by what was just read. */
  learn(owner: OwnerKey, taken: Set<number>): void {
    this.#known(owner).taken = taken;
  }

  #known(owner: OwnerKey): Known {
    let known = this.#owners.get(owner);
    if (known !== undefined) return known;
    if (this.#owners.size >= MAX_OWNERS) this.#forget();
    known = { taken: new Set(), reserved: new Set(), waiting: [] };
    this.#owners.set(owner, known);
    return known;
  }

  /** Forgets the owner that was known first, of those that wait for nothing. */
  #forget(): void {
    for (const [owner, { reserved }] of this.#owners) {
      if (reserved.size > 0) continue;
      this.#owners.delete(owner);
      return;
    }
  }
}
