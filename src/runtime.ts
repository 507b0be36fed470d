/**
 * Everything ambient (clocks, timers, randomness, ids) as one injected object.
 *
 * No other module of `src` reads a clock, starts a timer or draws a random number; the lint rules
 * enforce it. Tests and the simulator pass a runtime of their own.
 *
 * @module
 */
import { ulid } from "@std/ulid";

/** Ends a timer. Calling it again, or after the timer fired, does nothing. */
export type CancelTimer = () => void;

/** What the library needs of the world around it. */
export interface Runtime {
  /** Wall clock, epoch milliseconds. May jump. */
  now(): number;
  /** Monotonic clock, milliseconds from an arbitrary start. */
  monotonic(): number;
  /** Calls back once, not before `ms` milliseconds have passed. */
  setTimer(ms: number, callback: () => void): CancelTimer;
  /** A number in [0, 1), for jitter only. */
  random(): number;
  /** Cryptographically secure random bytes. */
  randomBytes(length: number): Uint8Array<ArrayBuffer>;
  /** A new task id: 36 header-safe characters, 130 random bits, ordered by `now`. */
  newTaskId(now: number): string;
}

const CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** Random bytes drawn ahead: each draw is a call into the platform, and names are short. */
const pool = new Uint8Array(1024);
let drawn = pool.length;

function drawBytes(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  if (length > pool.length) return crypto.getRandomValues(bytes);
  if (length > pool.length - drawn) {
    crypto.getRandomValues(pool);
    drawn = 0;
  }
  for (let i = 0; i < length; i++) bytes[i] = pool[drawn++]!;
  return bytes;
}

/** The real world: `Date`, `performance`, `setTimeout` and Web Crypto. */
export const systemRuntime: Runtime = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimer(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
  random: () => Math.random(),
  randomBytes: drawBytes,
  newTaskId(now) {
    let id = ulid(now);
    for (const byte of drawBytes(10)) id += CROCKFORD[byte & 31];
    return id;
  },
};

/** Resolves after `ms` milliseconds; rejects with the signal's reason as soon as `signal` aborts. */
export function sleep(runtime: Runtime, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      cancel();
      reject(signal?.reason);
    };
    const cancel = runtime.setTimer(ms, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/** Longest time that a timer takes, in milliseconds: beyond it platforms fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Calls back once the wall clock shows `at` (epoch milliseconds), however far that is. */
export function setAlarm(runtime: Runtime, at: number, callback: () => void): CancelTimer {
  const set = (): CancelTimer =>
    runtime.setTimer(Math.min(MAX_TIMER_MS, Math.max(0, at - runtime.now())), ring);
  const ring = (): void => {
    if (runtime.now() >= at) callback();
    else cancel = set();
  };
  let cancel = set();
  return () => cancel();
}

/** A random name of `bytes` random bytes, base64url. */
export function randomName(runtime: Runtime, bytes = 12): string {
  return toBase64Url(runtime.randomBytes(bytes));
}

const BASE64_URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** base64url without padding. */
export function toBase64Url(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i;
    const group = bytes[i]! << 16 | bytes[i + 1]! << 8 | bytes[i + 2]!;
    text += BASE64_URL.charAt(group >> 18) + BASE64_URL.charAt(group >> 12 & 63);
    if (left > 1) text += BASE64_URL.charAt(group >> 6 & 63);
    if (left > 2) text += BASE64_URL.charAt(group & 63);
  }
  return text;
}

/** A promise and how to settle it. */
export interface Deferred<T> {
  /** Pending until one of the others is called. */
  readonly promise: Promise<T>;
  /** Fulfils the promise. */
  readonly resolve: (value: T | PromiseLike<T>) => void;
}

/** What `Promise.withResolvers()` gives, which Node 20 does not have. */
export function deferred<T>(): Deferred<T> {
  let resolve!: Deferred<T>["resolve"];
  const promise = new Promise<T>((fulfil) => resolve = fulfil);
  return { promise, resolve };
}
