/**
 * What a client was told about one task, and how the servers' words are held against each other.
 *
 * @module
 */
import type { PlannedTask } from "./plan.ts";
import type { Wire } from "./wire.ts";

const TERMINAL = new Set(["completed", "failed", "cancelled"]);

/** How a task ended, as a client sees it. */
export interface Ending {
  readonly status: string;
  /** Text of the result. */
  readonly text?: string;
  readonly isError?: boolean;
  /** `data.reason` of the error. */
  readonly reason?: string;
}

/** One task's account. */
export class Account {
  readonly task: PlannedTask;
  /** Arguments of the call: a label of its own for every try to create the task. */
  label: string;
  /** Id, once the creation was acknowledged. */
  id: string | undefined;
  /** When that was, epoch milliseconds. */
  createdAt = 0;
  /** Answers sent to its question, in order, and whether the server took note. */
  readonly answers: { readonly text: string; isAcknowledged: boolean }[] = [];
  isCancelAcknowledged = false;
  ending: Ending | undefined;
  /** When the ending was first seen, epoch milliseconds. */
  endedAt = 0;
  readonly #faults: string[];

  constructor(task: PlannedTask, faults: string[]) {
    this.task = task;
    this.label = task.label;
    this.#faults = faults;
  }

  /** Writes a broken promise down. */
  fault(text: string): void {
    this.#faults.push(`${this.label} (${this.id ?? "no id"}): ${text}`);
  }

  /** Takes what a server says about the task. */
  observe(wire: Wire): void {
    const ending = toEnding(wire);
    if (this.ending !== undefined) {
      if (ending?.status !== this.ending.status) {
        this.fault(`was "${this.ending.status}" and is "${wire.status}" now`);
      } else if (
        ending.text !== undefined && this.ending.text !== undefined && ending.text !== this.ending.text
      ) {
        this.fault("has two different results");
      }
      return;
    }
    if (ending === undefined) {
      if (this.isCancelAcknowledged) this.fault(`is "${wire.status}" after an acknowledged cancel`);
      return;
    }
    this.ending = ending;
    this.endedAt = Date.now();
  }

  /** Takes the result that a 2025-11-25 client fetched apart from the status. */
  observeResult(ending: Omit<Ending, "status">): void {
    if (this.ending === undefined) return this.fault("has a result and no ending");
    this.ending = { ...this.ending, ...ending };
  }
}

function toEnding(wire: Wire): Ending | undefined {
  if (!TERMINAL.has(wire.status)) return undefined;
  return {
    status: wire.status,
    text: wire.result?.content?.[0]?.text,
    isError: wire.result?.isError,
    reason: wire.error?.data?.reason,
  };
}
