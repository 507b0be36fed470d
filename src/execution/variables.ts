/**
 * A task's variables, as its handler uses them.
 *
 * @module
 */
import { isJsonObject, type JsonObject, type JsonValue } from "../protocol/mod.ts";
import { assertHeld, mergeVariables, UndecodableRecordError, type VariablePatch } from "../tasks/mod.ts";
import type { Run } from "./run.ts";
import { readValue, type Schema } from "./schema.ts";
import { mayGoUnheard } from "./unheard.ts";

/** Named values kept with the task, over all its attempts. */
export class TaskVariables {
  readonly #run: Run;
  #queue: Promise<unknown> = Promise.resolve();

  /** Variables of a run. */
  constructor(run: Run) {
    this.#run = run;
  }

  /**
   * All variables.
   *
   * @throws {TaskAbortError} If the run has to stop.
   */
  all(): Promise<JsonObject> {
    return mayGoUnheard(this.#all());
  }

  async #all(): Promise<JsonObject> {
    for (;;) {
      const { variables } = this.#run.head;
      try {
        const value = await this.#run.load(variables);
        return isJsonObject(value) ? value : {};
      } catch (error) {
        if (!(error instanceof UndecodableRecordError)) throw error;
        // Replaced twice since, from outside or by a successor: what a successor set is none of this run's business.
        await this.#run.confirm();
        if (this.#run.head.variables === variables) throw error;
      }
    }
  }

  /** One variable; `undefined` if it is not set. */
  get(name: string): Promise<JsonValue | undefined>;
  /** One variable as its schema reads it; `undefined` if it is not set or does not fit. */
  get<Output>(name: string, schema: Schema<Output>): Promise<Output | undefined>;
  get(name: string, schema?: Schema): Promise<unknown> {
    return mayGoUnheard(this.#get(name, schema));
  }

  async #get(name: string, schema: Schema | undefined): Promise<unknown> {
    const variables = await this.#all();
    if (!Object.hasOwn(variables, name)) return undefined;
    if (schema === undefined) return variables[name];
    const read = await readValue(schema, variables[name]);
    return read.ok ? read.value : undefined;
  }

  /**
   * Sets one variable, or several at once; `null` deletes.
   *
   * @throws {VariableLimitError} If the variables together are outside the limits. Nothing is set then.
   */
  set(name: string, value: JsonValue): Promise<void>;
  /** Sets several variables in one write. */
  set(patch: VariablePatch): Promise<void>;
  set(nameOrPatch: string | VariablePatch, value?: JsonValue): Promise<void> {
    return this.#merge(typeof nameOrPatch === "string" ? { [nameOrPatch]: value ?? null } : nameOrPatch);
  }

  /** Deletes one variable. */
  delete(name: string): Promise<void> {
    return this.#merge({ [name]: null });
  }

  #merge(patch: VariablePatch): Promise<void> {
    const done = this.#queue.then(async () => {
      while (!await this.#tryMerge(patch));
    });
    this.#queue = done.catch(() => {});
    return mayGoUnheard(done);
  }

  /** `false`: they were changed from outside meanwhile, by a `TaskHandle`, and nothing was set. */
  async #tryMerge(patch: VariablePatch): Promise<boolean> {
    const base = JSON.stringify(this.#run.head.variables);
    const merged = mergeVariables(await this.#all(), patch, this.#run.store.config.variableLimits);
    let isMerged = true;
    await this.#run.apply((head, holder) => {
      assertHeld(head, holder);
      isMerged = JSON.stringify(head.variables) === base;
      return isMerged ? { ...head, variables: { json: merged } } : head;
    });
    return isMerged;
  }
}
