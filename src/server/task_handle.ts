/**
 * A task in the hands of code that works on it from outside: a queue consumer, an engine, an operator.
 *
 * @module
 */
import { assertCallToolResult } from "../protocol/content_guard.ts";
import type { JsonObject } from "../protocol/mod.ts";
import type { TaskStatus, VariablePatch } from "../tasks/mod.ts";
import type { LoadedOutcome, TaskHead } from "../tasks/mod.ts";
import type { OwnerKey, TaskStore } from "../store/mod.ts";

/** One task of one owner. Every method throws {@linkcode TaskNotFoundError} once the task is gone. */
export class TaskHandle {
  readonly #store: TaskStore;
  readonly #owner: OwnerKey;
  /** Id of the task. */
  readonly taskId: string;

  /** A handle; made by `server.tasks.open`. */
  constructor(store: TaskStore, owner: OwnerKey, taskId: string) {
    this.#store = store;
    this.#owner = owner;
    this.taskId = taskId;
  }

  /** The record as stored. */
  async get(): Promise<TaskHead> {
    return (await this.#store.get(this.#owner, this.taskId)).head;
  }

  /** The task's status. */
  async status(): Promise<TaskStatus> {
    return (await this.get()).status;
  }

  /** All variables. */
  variables(): Promise<JsonObject> {
    return this.#store.getVariables(this.#owner, this.taskId);
  }

  /** Merges variables; `null` deletes. Throws {@linkcode VariableLimitError} outside the limits. */
  setVariables(patch: VariablePatch): Promise<JsonObject> {
    return this.#store.setVariables(this.#owner, this.taskId, patch);
  }

  /**
   * Completes the task with a call result.
   *
   * @throws {InvalidTransitionError} If it is terminal.
   * @throws {TypeError} If the result is none that clients can read: its content, or a block of it, is malformed.
   */
  async complete(result: JsonObject, message?: string): Promise<void> {
    assertCallToolResult(result);
    await this.#store.completeWithResult(this.#owner, this.taskId, result, message);
  }

  /** Fails the task. Throws {@linkcode InvalidTransitionError} if it is terminal. */
  async fail(message: string): Promise<void> {
    await this.#store.updateStatus(this.#owner, this.taskId, "failed", message);
  }

  /** Marks the task as waiting for input. */
  async requireInput(message: string): Promise<void> {
    await this.#store.updateStatus(this.#owner, this.taskId, "input_required", message);
  }

  /** Marks the task as working again. */
  async resume(): Promise<void> {
    await this.#store.updateStatus(this.#owner, this.taskId, "working");
  }

  /** Cancels the task. `false`: it was terminal already. */
  async cancel(): Promise<boolean> {
    return (await this.#store.cancel(this.#owner, this.taskId)).value;
  }

  /** What the task came to. Throws {@linkcode TaskNotReadyError} before its end. */
  result(): Promise<LoadedOutcome> {
    return this.#store.getResult(this.#owner, this.taskId);
  }
}
