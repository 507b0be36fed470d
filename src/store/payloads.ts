/**
 * Immutable values too large for the head: split into records, written before the head that names them,
 * read back whole and checked by their hash.
 *
 * @module
 */
import { randomName, type Runtime } from "../runtime.ts";
import type { JsonValue } from "../protocol/mod.ts";
import { type PayloadRef, TooLargeError, UndecodableRecordError } from "../tasks/mod.ts";
import type { OwnerKey, RecordKey, StorageBackend } from "./backend.ts";
import { decodeJson, toBytes } from "./codec.ts";
import { sha256 } from "./digest.ts";

/** Owner, task and lifetime that payloads belong to. */
export interface PayloadScope {
  readonly owner: OwnerKey;
  readonly taskId: string;
  readonly expiresAt: number;
  readonly epoch: number;
  /** Nobody is known behind the owner key. @default {false} */
  readonly isAnonymous?: boolean;
}

/** Options of {@linkcode Payloads}. */
export interface PayloadsOptions {
  /** Largest value in bytes of JSON text. */
  readonly maxBytes: number;
  /** How long after its task a payload stays at most, in milliseconds. */
  readonly graceMs: number;
  /** Told of bytes that were stored or, below zero, deleted. */
  readonly onBytes?: OnBytes;
}

/** Hears how much more a scope keeps in the store. */
export type OnBytes = (scope: PayloadScope, bytes: number) => void;

const READ_PARTS_AT_ONCE = 8;

/** Writes, reads and deletes payloads. */
export class Payloads {
  readonly #backend: StorageBackend;
  readonly #runtime: Runtime;
  readonly #options: PayloadsOptions;

  constructor(backend: StorageBackend, runtime: Runtime, options: PayloadsOptions) {
    this.#backend = backend;
    this.#runtime = runtime;
    this.#options = options;
  }

  /**
   * Writes `text`; nothing shows it until a head names the returned reference.
   *
   * @throws {TooLargeError} Before anything is written.
   */
  async write(scope: PayloadScope, text: string): Promise<PayloadRef> {
    const bytes = toBytes(text);
    if (bytes.length > this.#options.maxBytes) {
      throw new TooLargeError(
        `Cannot store a value: ${bytes.length} bytes exceed the limit of ${this.#options.maxBytes}`,
      );
    }
    const partBytes = this.#backend.traits.maxValueBytes;
    const parts = Math.max(1, Math.ceil(bytes.length / partBytes));
    const gen = `${scope.epoch}.${randomName(this.#runtime, 9)}`;
    const ref: PayloadRef = { gen, parts, bytes: bytes.length, sha256: await sha256(bytes) };
    const sweepAt = scope.expiresAt + this.#options.graceMs;
    await Promise.all(
      payloadKeys(scope.owner, scope.taskId, ref).map(async (key, part) => {
        const value = bytes.subarray(part * partBytes, (part + 1) * partBytes);
        // The name is random: a part that is already there was put by an attempt whose reply got lost.
        await this.#backend.put({ key, value, dueAt: sweepAt, purgeAt: sweepAt + this.#options.graceMs }, {
          absent: true,
        });
      }),
    );
    this.#options.onBytes?.(scope, ref.bytes);
    return ref;
  }

  /**
   * Reads a payload whole.
   *
   * @throws {UndecodableRecordError} If a part is missing or the hash differs.
   */
  async read(owner: OwnerKey, taskId: string, ref: PayloadRef): Promise<JsonValue> {
    const keys = payloadKeys(owner, taskId, ref);
    const bytes = new Uint8Array(ref.bytes);
    let offset = 0;
    for (let i = 0; i < keys.length; i += READ_PARTS_AT_ONCE) {
      for (const record of await this.#backend.get(keys.slice(i, i + READ_PARTS_AT_ONCE))) {
        if (record === undefined || offset + record.value.length > ref.bytes) {
          throw new UndecodableRecordError(taskId, `payload ${ref.gen} is not complete`);
        }
        bytes.set(record.value, offset);
        offset += record.value.length;
      }
    }
    if (offset !== ref.bytes || await sha256(bytes) !== ref.sha256) {
      throw new UndecodableRecordError(taskId, `payload ${ref.gen} is damaged`);
    }
    return decodeJson(bytes);
  }

  /** Deletes payloads that no head names any more. */
  async delete(scope: PayloadScope, refs: readonly PayloadRef[]): Promise<void> {
    if (refs.length === 0) return;
    await this.#backend.delete(refs.flatMap((ref) => payloadKeys(scope.owner, scope.taskId, ref)));
    this.#options.onBytes?.(scope, -refs.reduce((sum, { bytes }) => sum + bytes, 0));
  }
}

function payloadKeys(owner: OwnerKey, taskId: string, ref: PayloadRef): RecordKey[] {
  return Array.from({ length: ref.parts }, (_, part): RecordKey => ({
    owner,
    kind: "payload",
    id: `${taskId}/${ref.gen}/${part}`,
  }));
}
