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

/** Longest result that is not told in the messages too, in UTF-16 units: a longer one need not be read to be told. */
const MAX_SHARED = 1024;

/** Where the result is small, `null` stands for the message that tells it. */
export function toStoredStep({ result, messages }: FinishedStep): StoredStep {
  if (result === undefined) return { messages: { json: messages as unknown as JsonValue } };
  const outcome = { json: result as unknown as JsonValue };
  if (JSON.stringify(result).length > MAX_SHARED) {
    return { outcome, messages: { json: messages as unknown as JsonValue } };
  }
  const told = JSON.stringify(resultMessage(result));
  const kept = messages.map((message) => JSON.stringify(message) === told ? null : message);
  return { outcome, messages: { json: kept as unknown as JsonValue } };
}

/** Reads finished steps, each once. */
export class StepStore {
  readonly #store: TaskStore;
  readonly #results = new Map<string, CallToolResult>();
  readonly #messages = new Map<string, readonly PromptMessage[]>();

  /** Reads from tasks of that store. */
  constructor(store: TaskStore) {
    this.#store = store;
  }

  /** Keeps what was just recorded under that mark. */
  keep(nonce: string, { result, messages }: FinishedStep): void {
    if (result !== undefined) this.#results.set(nonce, result);
    this.#messages.set(nonce, messages);
  }

  /**
   * The result of a step's tool; `undefined` without one.
   *
   * @throws {UndecodableRecordError} If a client has replaced it since the head was read.
   */
  async result(
    head: TaskHead,
    { nonce = "", outcome }: WorkflowStepState,
  ): Promise<CallToolResult | undefined> {
    if (outcome === undefined) return undefined;
    const known = this.#results.get(nonce);
    if (known !== undefined) return known;
    const result = await this.#load(head, outcome) as CallToolResult;
    this.#results.set(nonce, result);
    return result;
  }

  /**
   * What is told of a step; nothing of one that has not ended.
   *
   * @throws {UndecodableRecordError} If a client has replaced it since the head was read.
   */
  async messages(head: TaskHead, step: WorkflowStepState): Promise<readonly PromptMessage[]> {
    const { nonce = "", messages } = step;
    if (messages === undefined) return [];
    const known = this.#messages.get(nonce);
    if (known !== undefined) return known;
    const kept = await this.#load(head, messages) as readonly (PromptMessage | null)[];
    const result = kept.includes(null) ? await this.result(head, step) : undefined;
    const told = kept.flatMap((message) => message ?? (result === undefined ? [] : resultMessage(result)));
    this.#messages.set(nonce, told);
    return told;
  }

  // Only this library writes what is read here, and it checked results before it did.
  async #load(head: TaskHead, value: Spillable): Promise<unknown> {
    return await this.#store.load(head, value);
  }
}
