/**
 * What finished steps of a workflow's task came to: written with its head, read back when it is needed.
 *
 * @module
 */
import type { CallToolResult, JsonValue, PromptMessage } from "../protocol/mod.ts";
import type { TaskStore } from "../store/mod.ts";
import type { Spillable, TaskHead, WorkflowStepState } from "../tasks/mod.ts";
import { resultMessage } from "./trace.ts";

/** What a step came to. */
export interface FinishedStep {
  /** The tool's result; absent for a step that only read resources, or whose process was lost. */
  readonly result?: CallToolResult;
  /** What is told of it. */
  readonly messages: readonly PromptMessage[];
}

/** The stored form of {@linkcode FinishedStep}. */
export type StoredStep = Required<Pick<WorkflowStepState, "messages">> & Pick<WorkflowStepState, "outcome">;

/** The message that tells the result is not stored: the result is. */
export function toStoredStep({ result, messages }: FinishedStep): StoredStep {
  if (result === undefined) return { messages: { json: messages as unknown as JsonValue } };
  const told = JSON.stringify(resultMessage(result));
  const kept = messages.map((message) => JSON.stringify(message) === told ? null : message);
  return {
    outcome: { json: result as unknown as JsonValue },
    messages: { json: kept as unknown as JsonValue },
  };
}

/** Reads finished steps, each once. */
export class StepStore {
  readonly #store: TaskStore;
  readonly #known = new Map<string, FinishedStep>();

  /** Reads from tasks of that store. */
  constructor(store: TaskStore) {
    this.#store = store;
  }

  /** Keeps what was just recorded under that mark. */
  keep(nonce: string, step: FinishedStep): void {
    this.#known.set(nonce, step);
  }

  /**
   * What a step came to.
   *
   * @throws {UndecodableRecordError} If a client has replaced it since the head was read.
   */
  async read(head: TaskHead, step: WorkflowStepState): Promise<FinishedStep> {
    const { nonce, outcome, messages } = step;
    const known = nonce === undefined ? undefined : this.#known.get(nonce);
    if (known !== undefined) return known;
    const result = await this.#load(head, outcome) as CallToolResult | undefined;
    const kept = (await this.#load(head, messages) ?? []) as unknown as readonly (PromptMessage | null)[];
    const told = kept.flatMap((message) => message ?? (result === undefined ? [] : resultMessage(result)));
    const finished: FinishedStep = { ...(result === undefined ? {} : { result }), messages: told };
    if (nonce !== undefined) this.#known.set(nonce, finished);
    return finished;
  }

  // Only this library writes what is read here, and it checked results before it did.
  async #load(head: TaskHead, value: Spillable | undefined): Promise<unknown> {
    return value === undefined ? undefined : await this.#store.load(head, value);
  }
}
