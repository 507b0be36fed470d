/**
 * Responses of plain 2025-11-25 calls whose stream ended first: kept in the store until the client comes back, on any
 * instance.
 *
 * While the call runs, a small record says so and is renewed like a lease: who waits elsewhere learns of a process that
 * was lost.
 *
 * @module
 */
import {
  internalError,
  isJsonObject,
  type JsonObject,
  type JsonRpcResponse,
  type JsonValue,
  type RequestId,
} from "../protocol/mod.ts";
import type { CancelTimer } from "../runtime.ts";
import type { PayloadRef } from "../tasks/mod.ts";
import {
  type OwnerKey,
  type PayloadScope,
  type RecordKey,
  type RecordWrite,
  type StoredRecord,
  toBytes,
  toJsonText,
  toText,
  type Version,
} from "../store/mod.ts";
import { onFirstAbort } from "./abort_race.ts";
import type { RecordPolls } from "./record_polls.ts";
import type { Services } from "./services.ts";
import type { StoredSession } from "./session_store.ts";

/** How long a response is kept, in milliseconds. */
const KEPT_MS = 600_000;

/** What is known of a response. */
interface Note {
  readonly schema: 1;
  readonly requestId: RequestId;
  /** When the call counts as lost, unless the note is renewed. */
  readonly aliveUntil: number;
  readonly expiresAt: number;
  /** The response, once there is one. */
  readonly reply?: PayloadRef;
}

/** A response that is being made in this process. */
export interface KeptReply {
  /** Keeps the response. Never rejects. */
  finish(response: JsonRpcResponse): Promise<void>;
}

/** Keeps and finds responses. */
export class KeptReplies {
  readonly #services: Services;
  readonly #polls: RecordPolls;
  readonly #running = new Set<RunningReply>();

  constructor(services: Services, polls: RecordPolls) {
    this.#services = services;
    this.#polls = polls;
  }

  /**
   * Makes sure that the response to a request is kept when it is there.
   *
   * @param name Name of the stream that ended, or is about to.
   * @throws {StorageUnavailableError} If the store is away: the response will not be kept.
   */
  async begin(stored: StoredSession, name: string, requestId: RequestId): Promise<KeptReply> {
    const reply = new RunningReply(this.#services, stored, name, requestId);
    await reply.begin();
    this.#running.add(reply);
    return {
      finish: async (response) => {
        this.#running.delete(reply);
        await reply.finish(response);
      },
    };
  }

  /** Renews no more: calls that have not ended count as lost. */
  close(): void {
    for (const reply of this.#running) reply.stop();
    this.#running.clear();
  }

  /** Id of the request whose response is kept, or being made, for a stream of the session. */
  async find(stored: StoredSession, name: string): Promise<RequestId | undefined> {
    const { backend, runtime } = this.#services.store;
    const [record] = await backend.get([noteKey(stored, name)]);
    const note = record && decodeNote(record);
    return note === undefined || note.expiresAt <= runtime.now() ? undefined : note.requestId;
  }

  /**
   * Waits for the response.
   *
   * @throws {ProtocolError} -32603 with reason `worker_lost` if the process that ran the call is gone, `expired` if the
   * response is kept no longer, `cancelled` at an abort.
   */
  async wait(stored: StoredSession, name: string, stops: readonly AbortSignal[]): Promise<JsonRpcResponse> {
    const key = noteKey(stored, name);
    const { store } = this.#services;
    const ref = await new Promise<PayloadRef>((resolve, reject) => {
      let end = () => {};
      const onLook = (record: StoredRecord | undefined) => {
        const outcome = this.#judge(record);
        if (outcome === undefined) return;
        end();
        if (outcome instanceof Error) reject(outcome);
        else resolve(outcome);
      };
      const stopLooking = this.#polls.start(key, onLook, { isUrgent: true });
      const stopListening = onFirstAbort(stops, () => {
        stopLooking();
        reject(internalError("The wait for the response was cancelled", { reason: "cancelled" }));
      });
      end = () => (stopLooking(), stopListening());
      store.backend.get([key]).then(([record]) => onLook(record), (error) => (end(), reject(error)));
    });
    const { owner, taskId } = scopeOf(key);
    return await store.payloads.read(owner, taskId, ref) as unknown as JsonRpcResponse;
  }

  /** Where the response is, why there will be none, or `undefined` while it is being made. */
  #judge(record: StoredRecord | undefined): PayloadRef | Error | undefined {
    const { runtime, config: { times: { marginMs } } } = this.#services.store;
    const note = record && decodeNote(record);
    const now = runtime.now();
    if (note === undefined || note.expiresAt <= now) {
      return internalError("The response is kept no longer", { reason: "expired" });
    }
    if (note.reply !== undefined) return note.reply;
    if (now < note.aliveUntil + marginMs) return undefined;
    return internalError(
      "The process running this call was lost; its effects may or may not have taken place",
      { reason: "worker_lost" },
    );
  }
}

class RunningReply {
  readonly #services: Services;
  readonly #key: RecordKey;
  readonly #isAnonymous: boolean;
  readonly #requestId: RequestId;
  #version: Version | undefined;
  #cancelTimer: CancelTimer = () => {};
  #writing: Promise<void> = Promise.resolve();
  #hasEnded = false;

  constructor(services: Services, stored: StoredSession, name: string, requestId: RequestId) {
    this.#services = services;
    this.#key = noteKey(stored, name);
    this.#isAnonymous = stored.session.isAnonymous === true;
    this.#requestId = requestId;
  }

  async begin(): Promise<void> {
    await this.#put();
    this.#renewLater();
  }

  stop(): void {
    this.#hasEnded = true;
    this.#cancelTimer();
  }

  async finish(response: JsonRpcResponse): Promise<void> {
    this.stop();
    await this.#writing;
    const { store } = this.#services;
    const expiresAt = store.runtime.now() + KEPT_MS;
    const scope = { ...scopeOf(this.#key), expiresAt, isAnonymous: this.#isAnonymous };
    try {
      const text = toJsonText(response as unknown as JsonObject);
      await this.#put(await store.payloads.write(scope, text));
    } catch (error) {
      store.emit({ type: "response_not_kept", message: "The response of a call could not be kept", error });
    }
  }

  #renewLater(): void {
    const { runtime, config: { times } } = this.#services.store;
    if (this.#hasEnded) return;
    this.#cancelTimer = runtime.setTimer(times.heartbeatMs, () => {
      // The store is away: the next time may be in time.
      this.#writing = this.#put().catch(() => {}).then(() => this.#renewLater());
    });
  }

  async #put(reply?: PayloadRef): Promise<void> {
    const { store: { backend, runtime, config } } = this.#services;
    const now = runtime.now();
    const aliveUntil = now + config.times.leaseMs;
    const expiresAt = aliveUntil + KEPT_MS;
    const note: Note = { schema: 1, requestId: this.#requestId, aliveUntil, expiresAt, reply };
    const write: RecordWrite = {
      key: this.#key,
      value: toBytes(JSON.stringify(note)),
      dueAt: expiresAt,
      purgeAt: expiresAt + config.purgeGraceMs,
    };
    const put = (version: Version | undefined) =>
      backend.put(write, version === undefined ? { absent: true } : { version });
    let result = await put(this.#version);
    if (!result.ok) {
      // Nobody else writes it: an earlier put of ours took effect and its reply was lost, or the record was removed.
      result = await put((await backend.get([this.#key]))[0]?.version);
    }
    if (result.ok) this.#version = result.version;
  }
}

/** Payloads of the response are named like those of a task with this id. */
function scopeOf(key: RecordKey): Omit<PayloadScope, "expiresAt"> {
  return { owner: key.owner, taskId: key.id, epoch: 0 };
}

function noteKey(
  { owner, session }: { readonly owner: OwnerKey; readonly session: { readonly id: string } },
  name: string,
): RecordKey {
  return { owner, kind: "session", id: `${session.id}/reply/${name}` };
}

function decodeNote(record: StoredRecord): Note | undefined {
  let value: JsonValue;
  try {
    value = JSON.parse(toText(record.value));
  } catch {
    return undefined; // Damaged: as good as none.
  }
  return isJsonObject(value) && value.schema === 1 ? value as unknown as Note : undefined;
}
