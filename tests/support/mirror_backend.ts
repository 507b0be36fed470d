/**
 * A backend in memory whose whole contents a test can look at.
 *
 * @module
 */
import { memory } from "../../backends/memory.ts";
import type {
  BackendTraits,
  DuePage,
  DueQuery,
  ListPage,
  ListQuery,
  PutCondition,
  PutResult,
  RecordKey,
  RecordWrite,
  StorageBackend,
  StoredRecord,
} from "../../src/store/backend.ts";
import type { Runtime } from "../../src/runtime.ts";

/** Keeps a copy of everything that is stored beside the backend that stores it. */
export class MirrorBackend implements StorageBackend {
  readonly traits: BackendTraits;
  readonly #inner: StorageBackend;
  readonly #records = new Map<string, { readonly write: RecordWrite; readonly version: string }>();
  /** Called ahead of every put; a throw or a wait in it is the put's. */
  beforePut: (write: RecordWrite) => void | Promise<void> = () => {};
  /** Called behind every put that took effect; a throw in it is the put's. */
  afterPut: (write: RecordWrite) => void = () => {};

  constructor(runtime: Runtime) {
    this.#inner = memory({ runtime });
    this.traits = this.#inner.traits;
  }

  /** Everything that is stored, as text: equal texts mean that nothing at all has changed. */
  dump(): string {
    const lines = [...this.#records].map(([name, { write, version }]) => {
      const { value, ...facts } = write;
      return `${name} ${version} ${new TextDecoder().decode(value)} ${JSON.stringify(facts)}`;
    });
    return lines.sort().join("\n");
  }

  /** Keys of all records. */
  keys(): RecordKey[] {
    return [...this.#records.values()].map(({ write }) => write.key);
  }

  /** Ids of the records of a kind. */
  idsOf(kind: RecordKey["kind"]): string[] {
    return this.keys().filter((key) => key.kind === kind).map(({ id }) => id);
  }

  /** Values of the records of a kind, decoded. */
  valuesOf(kind: RecordKey["kind"]): Record<string, unknown>[] {
    return [...this.#records.values()].filter(({ write }) => write.key.kind === kind)
      .map(({ write }) => JSON.parse(new TextDecoder().decode(write.value)));
  }

  get(keys: readonly RecordKey[]): Promise<readonly (StoredRecord | undefined)[]> {
    return this.#inner.get(keys);
  }

  async put(write: RecordWrite, condition: PutCondition): Promise<PutResult> {
    await this.beforePut(write);
    const result = await this.#inner.put(write, condition);
    if (result.ok) this.#records.set(nameOf(write.key), { write, version: result.version });
    if (result.ok) this.afterPut(write);
    return result;
  }

  async delete(keys: readonly RecordKey[]): Promise<void> {
    await this.#inner.delete(keys);
    for (const key of keys) this.#records.delete(nameOf(key));
  }

  list(query: ListQuery): Promise<ListPage> {
    return this.#inner.list(query);
  }

  due(query: DueQuery): Promise<DuePage> {
    return this.#inner.due(query);
  }

  watch(key: RecordKey, signal: AbortSignal): AsyncIterable<void> {
    return this.#inner.watch(key, signal);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }
}

function nameOf({ owner, kind, id }: RecordKey): string {
  return `${owner}/${kind}/${id}`;
}
