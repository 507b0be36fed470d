/**
 * What must hold after a round, whatever was killed in it.
 *
 * @module
 */
import type { TaskHead } from "../../src/tasks/mod.ts";
import type { Account, Ending } from "./ledger.ts";
import type { Effects, NodeWrite } from "./logs.ts";
import type { StoreDump } from "./stores.ts";
import { hugeText } from "./tools.ts";

const ONCE = new Set(["once", "promoted", "asking", "blocking"]);
const TERMINAL = new Set(["completed", "failed", "cancelled"]);
/** Names of steps, in the order in which every tool calls them. */
const STEP_ORDER = ["before", "after", "s1", "s2", "s3", "s4"];

/** Checks what was done, and what came of it, for one task. Broken promises go to the account. */
export function checkAccount(account: Account, effects: Effects, head: TaskHead | undefined): void {
  const { cancelAfterMs } = account.task;
  const starts = effects.starts.get(account.label) ?? 0;
  if (account.id === undefined) return;
  if (head === undefined) return account.fault("was acknowledged and is not in the store");
  if (starts > head.exec.epoch) account.fault(`was started ${starts} times in ${head.exec.epoch} epochs`);
  checkOutcome(account, head);
  const { ending } = account;
  if (ending === undefined) return;
  if (ending.status === "cancelled") {
    if (cancelAfterMs === undefined) account.fault("was cancelled by nobody");
    return;
  }
  const fault = faultOfEnding(account, ending, effects);
  if (fault !== undefined) account.fault(fault);
}

/** Checks how often everything was done, also for tasks whose creation was never acknowledged (I7). */
export function checkEffects({ starts, steps, order }: Effects): string[] {
  const faults: string[] = [];
  for (const [label, count] of starts) {
    if (count > 1 && ONCE.has(label.split("-")[0]!)) {
      faults.push(`${label}: ran ${count} times and may run once`);
    }
  }
  for (const [label, ofTask] of steps) {
    // Each lost attempt may have left one step unfinished, which is run again.
    const extra = [...ofTask.values()].reduce((sum, nonces) => sum + nonces.length - 1, 0);
    const attempts = starts.get(label) ?? 0;
    if (extra >= attempts) faults.push(`${label}: repeated ${extra} steps in ${attempts} attempts`);
  }
  for (const [label, runs] of order) {
    // A step runs only when those before it are recorded, and what is recorded is never run again. An attempt that was
    // overtaken may still be at the step it had begun.
    const again = runs.find((run, i) =>
      runs.slice(0, i).some((before) =>
        rankOf(run.step) < rankOf(before.step) && run.attempt >= before.attempt
      )
    );
    if (again !== undefined) faults.push(`${label}: ran step "${again.step}" after a later one`);
  }
  return faults;
}

function rankOf(step: string): number {
  return STEP_ORDER.indexOf(step);
}

/** The outcome is that of the epoch in which the task ended (I3). */
function checkOutcome(account: Account, head: TaskHead): void {
  if (!TERMINAL.has(head.status)) return;
  if (head.outcome === undefined) {
    if (head.status !== "cancelled") account.fault(`is "${head.status}" without an outcome`);
    return;
  }
  const epoch = Number(head.outcome.gen.split(".")[0]);
  if (epoch !== head.exec.epoch) {
    account.fault(`ended in epoch ${head.exec.epoch} with a result of epoch ${epoch}`);
  }
}

function faultOfEnding(account: Account, ending: Ending, effects: Effects): string | undefined {
  const { label, task: { tool } } = account;
  if (ONCE.has(tool) && ending.status === "failed" && ending.reason === "worker_lost") return undefined;
  if (tool === "poison") {
    const isExhausted = ending.status === "failed" && ending.reason === "attempts_exhausted";
    return isExhausted ? undefined : `ended as ${JSON.stringify(ending)} though it kills every process`;
  }
  if (ending.status !== "completed" || ending.isError) {
    return `ended as ${JSON.stringify({ ...ending, text: ending.text?.slice(0, 200) })}`;
  }
  if (tool === "huge") return ending.text === hugeText(label) ? undefined : "has a result that is not whole";
  const [name, of, ...words] = ending.text?.split(" ") ?? [];
  if (name !== tool || of !== label) return `has another's result: "${ending.text?.slice(0, 200)}"`;
  return faultOfAnswer(account, tool, words) ?? faultOfNonces(label, tool, words, effects);
}

/** The handler got an answer as it was sent; the first one that was sent, if that was acknowledged. */
function faultOfAnswer(account: Account, tool: string, words: readonly string[]): string | undefined {
  if (tool !== "parking" && tool !== "asking") return undefined;
  const [first] = account.answers;
  if (first?.isAcknowledged && words[0] !== first.text) {
    return `got the answer "${words[0]}" after "${first.text}" was acknowledged`;
  }
  return account.answers.some(({ text }) => text === words[0])
    ? undefined
    : `got an answer nobody gave: "${words[0]}"`;
}

/** Every value of a step in the result is one that a run of that step returned. */
function faultOfNonces(
  label: string,
  tool: string,
  words: readonly string[],
  effects: Effects,
): string | undefined {
  const nonces = tool === "parking" ? words.slice(1) : tool === "asking" ? [] : words;
  const given = new Set([...effects.steps.get(label)?.values() ?? []].flat());
  return nonces.every((nonce) => given.has(nonce)) ? undefined : "has the value of a step that never ran";
}

/** Checks the order of all writes that the store took (I1, I8, I17). */
export function checkWrites(writes: readonly NodeWrite[]): string[] {
  const faults: string[] = [];
  const stored = writes.filter(({ outcome }) => outcome === "stored");
  for (const [id, ofTask] of Map.groupBy(stored, (write) => write.id)) {
    ofTask.sort((a, b) => a.rev - b.rev);
    for (const [i, write] of ofTask.entries()) {
      const before = ofTask[i - 1];
      if (before === undefined) continue;
      const where = `task ${id}, write ${write.rev} by ${write.node}`;
      if (before.rev === write.rev) faults.push(`${where}: ${before.node} stored the same revision`);
      if (write.epoch < before.epoch) faults.push(`${where}: epoch ${write.epoch} after ${before.epoch}`);
      if (TERMINAL.has(before.status)) faults.push(`${where}: stored after the task was "${before.status}"`);
    }
  }
  return faults;
}

/** Tasks that have not ended. Nobody knows the id of one that was never acknowledged: its question stays open. */
export function restless(dump: StoreDump, accounts: readonly Account[]): TaskHead[] {
  const known = new Set(accounts.map(({ id }) => id));
  return dump.heads.filter(({ id, status }) =>
    !TERMINAL.has(status) && (known.has(id) || status !== "input_required")
  );
}

/** Checks what lies in the store when everything has come to rest. */
export function checkAtRest(dump: StoreDump, accounts: readonly Account[]): string[] {
  const faults: string[] = [];
  const known = new Set(accounts.map(({ id }) => id));
  let open = 0;
  for (const head of dump.heads) {
    if (TERMINAL.has(head.status)) continue;
    open++;
    // Nobody knows the id of a task whose creation was never acknowledged: its question stays open.
    const isLeftAlone = !known.has(head.id) && head.status === "input_required";
    if (!isLeftAlone) {
      faults.push(`task ${head.id} (${head.name}) rests as "${head.status}" (${head.exec.phase})`);
    }
  }
  if (dump.active !== open) faults.push(`${dump.active} entries count as active for ${open} open tasks`);
  return faults;
}

/** Checks that nothing is left when everything has expired. */
export function checkAfterExpiry(dump: StoreDump): string[] {
  return [...dump.heads.map(({ id }) => `task ${id}`), ...dump.others].map((key) =>
    `left after its expiry: ${key}`
  );
}
