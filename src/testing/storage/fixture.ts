/**
 * What a backend's author hands to the contract suite.
 *
 * @module
 */
import type { BackendTraits, RecordKey, StorageBackend } from "../../store/backend.ts";
import type { Runtime } from "../../runtime.ts";

/** What the suite asks of a new fixture. */
export interface StorageFixtureOptions {
  /** Clock, timers and randomness that the backend must use. */
  readonly runtime: Runtime;
  /** Longest time one operation of the backend may take, in milliseconds. */
  readonly timeoutMs: number;
}

/** One backend over empty storage of its own, and what can be done to the engine behind it. */
export interface StorageFixture {
  /** The backend under test. */
  readonly backend: StorageBackend;
  /** Opens one more, independent client of the same storage: another connection, or another process. */
  another?(): Promise<StorageBackend>;
  /** Number of calls made to the engine so far: commits, scripts, requests. */
  calls?(): number;
  /** Makes the next calls to the engine fail as they do when it is busy: locked, throttled, reset. */
  failNext?(calls: number): void;
  /** Makes the engine swallow every further call without an answer. */
  hang?(): void;
  /** Removes a record the way the engine does by itself from `purgeAt` on, with whatever that leaves behind. */
  purge?(key: RecordKey): Promise<void>;
  /** Overwrites a stored record with bytes that the backend never wrote. */
  corrupt?(key: RecordKey): Promise<void>;
  /** Ends backends and engine of this fixture and removes what they stored. */
  close(): Promise<void>;
}

/** What a fixture can do besides opening a backend; `hints` says that the backend declares `watchLatencyMs`. */
export type StorageAbility = "another" | "calls" | "failNext" | "hang" | "purge" | "corrupt" | "hints";

/** One test as it is handed to the test runner. */
export interface TestDefinition {
  /** Name of the suite, topic, and claim. */
  readonly name: string;
  /** The engine is not here; `name` ends with the reason. */
  readonly ignore: boolean;
  /** Runs the test; rejects if it fails. */
  readonly fn: () => Promise<void>;
}

/** Options of {@linkcode testStorageBackend}. */
export interface StorageSuiteOptions {
  /** Name of the backend in the names of the tests. */
  readonly name: string;
  /** Opens a backend over empty storage. Called once per test. */
  readonly open: (options: StorageFixtureOptions) => Promise<StorageFixture>;
  /** Traits the backend must declare. */
  readonly traits?: Partial<BackendTraits>;
  /** What the fixtures offer; claims that need more are left out. @default {[]} */
  readonly provides?: readonly StorageAbility[];
  /** Why nothing can run here, such as a server that is not installed. Absent: the tests run. */
  readonly notRun?: string;
  /** Registers a test. @default {Deno.test} */
  readonly test?: (definition: TestDefinition) => void;
}
