/**
 * Calls to Redis: scripts by their digest, checks at the first use, retries, and errors that say what to fix.
 *
 * @module
 */
import { StorageError, StorageUnavailableError, type Version } from "../src/store/backend.ts";
import type { Runtime } from "../src/runtime.ts";
import { messageOf, Retrier } from "./shared/retry.ts";
import type { RedisClientLike } from "./redis_client.ts";
import type { RedisLayout } from "./redis_layout.ts";
import { type RedisScript, SCRIPTS } from "./redis_scripts.ts";

/** Arguments of a command. */
export type RedisArgument = string | number | Uint8Array;

/** Options of {@linkcode RedisEngine}. */
export interface RedisEngineOptions {
  readonly runtime: Runtime;
  readonly timeoutMs: number;
  /** Replicas that have to confirm each write; 0 for none. */
  readonly replicas: number;
  /** Told once what is wrong with the server's configuration. */
  readonly warn: (message: string) => void;
  /** Last thing that went wrong with the connection itself. */
  readonly connectionFault: () => string | undefined;
}

const OLDEST_MAJOR = 7;
/** Time given to replicas, as part of the operation's time. */
const REPLICA_SHARE = 0.5;
/** Answers that say that the command did not run and may run soon. */
const BUSY_ANSWER = /^(?:LOADING|BUSY|TRYAGAIN|CLUSTERDOWN|MASTERDOWN|READONLY)\b/;
/** Answers to a connection that may not be used. */
const ACCESS_REFUSED = /^(?:NOAUTH|WRONGPASS|ERR (?:invalid password|AUTH|Client sent AUTH))/;
/** Answers that nothing but a change of configuration cures, with what to change. */
const REMEDIES: readonly (readonly [RegExp, string])[] = [
  [ACCESS_REFUSED, "check the user name and password"],
  [
    /^(?:NOPERM|ERR The user executing the script can't)/,
    "allow this user what docs/backends.md lists, under the key prefix",
  ],
  [/^OOM/, "the server has reached maxmemory: raise it, or free memory"],
  [/^READONLY/, "this is a read-only replica: connect to the primary"],
  [/^CROSSSLOT/, "the client routes the keys of one slot to several nodes"],
  [/^WRONGTYPE/, "another program writes under the key prefix: choose another prefix"],
];

/** A server or a cluster. */
export class RedisEngine {
  readonly #client: RedisClientLike;
  readonly #layout: RedisLayout;
  readonly #options: RedisEngineOptions;
  readonly #retrier: Retrier;
  readonly #digests = new Map<RedisScript, string>();
  #isReady = false;
  #checking: Promise<void> | undefined;
  #isClosed = false;

  constructor(client: RedisClientLike, layout: RedisLayout, options: RedisEngineOptions) {
    this.#client = client;
    this.#layout = layout;
    this.#options = options;
    this.#retrier = new Retrier({
      runtime: options.runtime,
      timeoutMs: options.timeoutMs,
      minPauseMs: 10,
      maxPauseMs: 500,
      isTransient: (error) => isTransient(error) && !ACCESS_REFUSED.test(options.connectionFault() ?? ""),
      toError: (action, error, attempted) => this.#toError(action, error, attempted),
    });
  }

  /** Sends one command. */
  command(action: string, name: string, ...args: RedisArgument[]): Promise<unknown> {
    const send = () => this.#client.callBuffer(name, ...args);
    return this.#retrier.run(action, () => this.#isReady ? send() : this.#prepare().then(send));
  }

  /** Reads fields of a hash; empty ones where the key holds something else. */
  readHash(key: string, ...fields: string[]): Promise<readonly unknown[]> {
    const send = () =>
      this.#client.callBuffer("HMGET", key, ...fields).catch((error) => {
        if (!isWrongType(error)) throw error;
        return fields.map(() => new Uint8Array());
      }) as Promise<readonly unknown[]>;
    return this.#retrier.run("read a record", () => this.#isReady ? send() : this.#prepare().then(send));
  }

  /** Runs a script that may be run again without harm. */
  script(
    action: string,
    script: RedisScript,
    keys: readonly string[],
    args: readonly RedisArgument[],
  ): Promise<unknown> {
    const send = () => this.#evaluate(script, keys, args);
    return this.#retrier.run(action, () => this.#isReady ? send() : this.#prepare().then(send));
  }

  /**
   * Runs a script that stores a version, once in effect however often it is sent.
   *
   * @param attempted The version it stores.
   * @returns What the script answered.
   * @throws {StorageUnavailableError} Also if an earlier attempt was lost and a later one was refused: then the
   * earlier one may have been in effect.
   */
  write(
    action: string,
    script: RedisScript,
    keys: readonly string[],
    args: readonly RedisArgument[],
    attempted: Version,
  ): Promise<number> {
    let lost: unknown;
    return this.#retrier.run(action, async () => {
      if (!this.#isReady) await this.#prepare();
      try {
        const answer = Number(
          this.#options.replicas === 0
            ? await this.#evaluate(script, keys, args)
            : await this.#evaluateDurably(action, script, keys, args, attempted),
        );
        if (answer === 1 || lost === undefined) return answer;
      } catch (error) {
        if (mayHaveRun(error)) lost ??= error;
        throw error;
      }
      throw new StorageUnavailableError(`Cannot ${action}: the answer was lost: ${messageOf(lost)}`, {
        cause: lost,
        attempted,
      });
    }, attempted);
  }

  /** Ends all further calls. */
  close(): void {
    this.#isClosed = true;
    this.#isReady = false;
  }

  async #evaluateDurably(
    action: string,
    script: RedisScript,
    keys: readonly string[],
    args: readonly RedisArgument[],
    attempted: Version,
  ): Promise<unknown> {
    const { replicas, timeoutMs } = this.#options;
    const waitMs = Math.ceil(timeoutMs * REPLICA_SHARE);
    const call = ["EVALSHA", this.#digests.get(script)!, keys.length, ...keys, ...args] as const;
    // WAIT speaks of the writes of its own connection: both go out together, before a reconnect can part them.
    const writing = this.#client.callBuffer(...call);
    const waiting = this.#client.callBuffer("WAIT", replicas, waitMs);
    waiting.catch(() => {});
    const answer = await writing.catch(async (error) => {
      if (!isNoScript(error)) throw error;
      await this.#client.callBuffer("SCRIPT", "LOAD", script.source);
      return undefined;
    });
    if (answer === undefined) return await this.#evaluateDurably(action, script, keys, args, attempted);
    if (Number(answer) !== 1) return answer;
    const confirmed = Number(await waiting);
    if (confirmed >= replicas) return answer;
    throw new StorageUnavailableError(
      `Cannot ${action}: ${confirmed} of ${replicas} replicas confirmed it within ${waitMs} ms`,
      { attempted },
    );
  }

  async #evaluate(
    script: RedisScript,
    keys: readonly string[],
    args: readonly RedisArgument[],
  ): Promise<unknown> {
    try {
      return await this.#client.callBuffer(
        "EVALSHA",
        this.#digests.get(script)!,
        keys.length,
        ...keys,
        ...args,
      );
    } catch (error) {
      if (!isNoScript(error)) throw error;
      return await this.#client.callBuffer("EVAL", script.source, keys.length, ...keys, ...args);
    }
  }

  /** Does once, before the first operation, what every operation relies on. */
  async #prepare(): Promise<void> {
    if (this.#isClosed) throw new StorageError("Cannot use Redis: the backend is closed");
    this.#checking ??= this.#check();
    try {
      await this.#checking;
      this.#isReady = !this.#isClosed;
    } finally {
      this.#checking = undefined;
    }
  }

  async #check(): Promise<void> {
    for (const script of SCRIPTS) this.#digests.set(script, await digest(script.source));
    // A cluster learns each script from the first call that meets a node without it.
    if (!this.#client.isCluster) {
      await Promise.all(SCRIPTS.map(({ source }) => this.#client.callBuffer("SCRIPT", "LOAD", source)));
    }
    const info = new Map<string, string>();
    for (const line of toText(await this.#client.callBuffer("INFO")).split("\r\n")) {
      const colon = line.indexOf(":");
      if (colon > 0) info.set(line.slice(0, colon), line.slice(colon + 1));
    }
    const version = info.get("redis_version") ?? "unknown";
    if (Number.parseInt(version) < OLDEST_MAJOR) {
      throw new StorageError(`Cannot use Redis ${version}: version ${OLDEST_MAJOR} or later is needed`);
    }
    if (info.get("role") === "slave" && !this.#client.isCluster) {
      throw new StorageError("Cannot use Redis: this server is a read-only replica; connect to the primary");
    }
    await this.#fixSlots();
    const policy = info.get("maxmemory_policy");
    if (policy !== undefined && policy !== "noeviction") {
      this.#options.warn(
        `Redis may evict tasks: maxmemory-policy is "${policy}"; set it to "noeviction" so that no stored task is lost`,
      );
    }
  }

  /** Keeps the number of slots that these data were first laid out with, and refuses any other. */
  async #fixSlots(): Promise<void> {
    const { slots, slotsKey } = this.#layout;
    const kept = await this.#client.callBuffer("SET", slotsKey, slots, "NX", "GET");
    if (kept === null || Number(toText(kept)) === slots) return;
    throw new StorageError(
      `Cannot use Redis with ${slots} slots: the data behind "${slotsKey}" have ${
        toText(kept)
      }; set the option slots to that`,
    );
  }

  #toError(action: string, error: unknown, attempted?: Version): Error {
    const fault = isAnswer(error) ? undefined : this.#options.connectionFault();
    const answer = fault ?? messageOf(error);
    const remedy = REMEDIES.find(([pattern]) => pattern.test(answer));
    const why = remedy !== undefined
      ? `Redis answered "${answer}": ${remedy[1]}`
      : fault === undefined
      ? answer
      : `Redis cannot be reached: ${fault}`;
    return new StorageUnavailableError(`Cannot ${action}: ${why}`, { cause: error, attempted });
  }
}

const decoder = new TextDecoder();

/** Text of bytes. */
export function toText(value: unknown): string {
  return value instanceof Uint8Array ? decoder.decode(value) : String(value);
}

/** Whether a key holds something of another type than the command works on. */
function isWrongType(error: unknown): boolean {
  return messageOf(error).includes("WRONGTYPE");
}

async function digest(source: string): Promise<string> {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-1", new TextEncoder().encode(source)));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Whether the server itself answered with an error: then the command had no effect. */
function isAnswer(error: unknown): boolean {
  return error instanceof Error && error.name === "ReplyError";
}

function isNoScript(error: unknown): boolean {
  return messageOf(error).startsWith("NOSCRIPT");
}

/** Whether the command may have been in effect though its answer is missing. */
function mayHaveRun(error: unknown): boolean {
  return !isAnswer(error) && !messageOf(error).startsWith("Stream isn't writeable");
}

/** A server that is busy or away. What the server refuses for good is not worth another attempt. */
function isTransient(error: unknown): boolean {
  if (error instanceof StorageError) return false;
  return isAnswer(error) ? BUSY_ANSWER.test(messageOf(error)) : true;
}
