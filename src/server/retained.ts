/**
 * What callers keep in the store by way of this process: tasks until they expire, and the bytes of their large
 * values. What other processes stored is not known here.
 *
 * @module
 */
import type { Runtime } from "../runtime.ts";
import type { PayloadScope } from "../store/mod.ts";
import { LimitReachedError } from "../tasks/mod.ts";
import type { ServerLimits } from "./options.ts";
import { RecentMap } from "./recent_map.ts";

const MAX_ACCOUNTS = 10_000;
/** Anonymous callers cannot be told apart: together they have one account. */
const ANONYMOUS = "anonymous";
/** What expires within one of these is counted together, in milliseconds. */
const SLOT_MS = 1000;

type Limits = Required<
  Pick<ServerLimits, "retainedTasks" | "retainedBytes" | "anonymousRetained" | "anonymousRetainedBytes">
>;

/** Whose account: an owner, or all anonymous callers. */
export type Keeper = Pick<PayloadScope, "owner" | "isAnonymous">;

/** Counts what is kept, and refuses tasks of those who keep enough. */
export class Retained {
  readonly #runtime: Runtime;
  readonly #limits: Limits;
  readonly #accounts = new RecentMap(MAX_ACCOUNTS, () => new Account());

  constructor(runtime: Runtime, limits: Limits) {
    this.#runtime = runtime;
    this.#limits = limits;
  }

  /**
   * Counts a task that is about to be made.
   *
   * @throws {LimitReachedError} If its owner keeps as many tasks, or as many bytes, as allowed.
   */
  take(keeper: Keeper, expiresAt: number): void {
    const account = this.#accountOf(keeper);
    const limit = keeper.isAnonymous ? "anonymousRetained" : "retainedTasks";
    if (account.tasks >= this.#limits[limit]) throw this.#reached(limit, account);
    this.assertRoom(keeper);
    account.add(expiresAt, 1, 0);
  }

  /**
   * Makes sure that more may be kept with a task that is there.
   *
   * @throws {LimitReachedError} If its owner keeps as many bytes as allowed.
   */
  assertRoom(keeper: Keeper): void {
    const account = this.#accountOf(keeper);
    const limit = keeper.isAnonymous ? "anonymousRetainedBytes" : "retainedBytes";
    if (account.bytes >= this.#limits[limit]) throw this.#reached(limit, account);
  }

  /** Takes back a {@linkcode take} for a task that was not made after all. */
  giveBack(keeper: Keeper, expiresAt: number): void {
    this.#accountOf(keeper).add(expiresAt, -1, 0);
  }

  /** Counts bytes that were stored or, below zero, deleted before they expired. */
  addBytes(keeper: Keeper, bytes: number, expiresAt: number): void {
    this.#accountOf(keeper).add(expiresAt, 0, bytes);
  }

  #reached(limit: keyof Limits, { nextExpiry }: Account): LimitReachedError {
    return new LimitReachedError(limit, this.#limits[limit], Math.max(1, nextExpiry - this.#runtime.now()));
  }

  #accountOf({ owner, isAnonymous }: Keeper): Account {
    const account = this.#accounts.use(isAnonymous ? ANONYMOUS : owner);
    account.forgetExpired(this.#runtime.now());
    return account;
  }
}

/** What expires at about the same time. */
interface Slot {
  readonly until: number;
  tasks: number;
  bytes: number;
}

class Account {
  tasks = 0;
  bytes = 0;
  /** Earliest first. */
  readonly #slots: Slot[] = [];

  /** When the first of it expires; in the past if there is nothing. */
  get nextExpiry(): number {
    return this.#slots[0]?.until ?? 0;
  }

  forgetExpired(now: number): void {
    let expired = 0;
    for (const { until, tasks, bytes } of this.#slots) {
      if (until > now) break;
      this.tasks -= tasks;
      this.bytes -= bytes;
      expired++;
    }
    if (expired > 0) this.#slots.splice(0, expired);
  }

  /** Adds to what expires then. Nothing falls below zero: what is taken away may have been stored elsewhere. */
  add(expiresAt: number, tasks: number, bytes: number): void {
    const slot = this.#slotOf(Math.ceil(expiresAt / SLOT_MS) * SLOT_MS);
    const [moreTasks, moreBytes] = [Math.max(tasks, -slot.tasks), Math.max(bytes, -slot.bytes)];
    slot.tasks += moreTasks;
    slot.bytes += moreBytes;
    this.tasks += moreTasks;
    this.bytes += moreBytes;
  }

  #slotOf(until: number): Slot {
    const slots = this.#slots;
    // Times to live are mostly alike: what comes last mostly expires last.
    let at = slots.length;
    while (at > 0 && slots[at - 1]!.until > until) at--;
    const slot = slots[at - 1];
    if (slot?.until === until) return slot;
    const fresh = { until, tasks: 0, bytes: 0 };
    slots.splice(at, 0, fresh);
    return fresh;
  }
}
