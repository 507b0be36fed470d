/**
 * How records lie in Redis.
 *
 * An owner hashes to one of P slots, and all keys of a slot share one hash tag: every script touches the keys
 * of one slot only, on one node of a cluster. Names in keys are parted by `|`, which no owner and no id holds.
 *
 * | key behind `{<prefix><slot>}` | type | holds |
 * |---|---|---|
 * | `r\|kind\|owner\|id` | hash | `v` value, `n` version, `d` due time; expires at `purgeAt` |
 * | `l\|kind\|owner` | sorted set, all scores 0 | ids |
 * | `d` | sorted set by due time | `kind\|owner\|id` |
 * | `a\|owner` | sorted set by `purgeAt` | `kind\|owner\|id` |
 * | `w\|kind\|owner\|id` | channel | a message after each put and deletion |
 *
 * `<prefix>slots` holds P, so that nobody opens the same data with another number.
 *
 * @module
 */
import type { OwnerKey, RecordKey, RecordKind } from "../src/store/backend.ts";
import { fnv1a } from "./shared/fnv.ts";
import { watchName } from "./shared/watch_hub.ts";

/** Keys of all records under one prefix. */
export class RedisLayout {
  readonly slots: number;
  readonly #prefix: string;

  /**
   * @throws {TypeError} If the prefix holds a brace.
   * @throws {RangeError} If there is no positive number of slots.
   */
  constructor(prefix: string, slots: number) {
    if (/[{}]/.test(prefix)) {
      throw new TypeError(`Cannot use the key prefix ${JSON.stringify(prefix)}: it holds a brace`);
    }
    if (!Number.isInteger(slots) || slots < 1 || slots > 16384) {
      throw new RangeError(`Cannot lay out records: slots is ${slots}, allowed are 1 to 16384`);
    }
    this.#prefix = prefix;
    this.slots = slots;
  }

  /** Where the number of slots is kept. */
  get slotsKey(): string {
    return `${this.#prefix}slots`;
  }

  /** Slot of an owner. */
  slotOf(owner: OwnerKey): number {
    return fnv1a(owner) % this.slots;
  }

  record(key: RecordKey): string {
    return `${this.#tag(key.owner)}r|${watchName(key)}`;
  }

  list(owner: OwnerKey, kind: RecordKind): string {
    return `${this.#tag(owner)}l|${kind}|${owner}`;
  }

  active(owner: OwnerKey): string {
    return `${this.#tag(owner)}a|${owner}`;
  }

  due(slot: number): string {
    return `{${this.#prefix}${slot}}d`;
  }

  channel(key: RecordKey): string {
    return `${this.#tag(key.owner)}w|${watchName(key)}`;
  }

  /** The {@linkcode watchName} in the name of a channel. */
  toWatchName(channel: string): string {
    return channel.slice(channel.indexOf("}") + 3);
  }

  /** Reads the name of a record in a set. */
  toRecordKey(member: string): RecordKey {
    const [kind, owner, id] = member.split("|") as [RecordKind, string, string];
    return { owner, kind, id };
  }

  /** Name of the channel of a {@linkcode watchName}. */
  channelOfName(name: string): string {
    return this.channel(this.toRecordKey(name));
  }

  #tag(owner: OwnerKey): string {
    return `{${this.#prefix}${this.slotOf(owner)}}`;
  }
}
