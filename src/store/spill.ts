/**
 * Keeps a head small: values beyond their share move into payloads, old journal entries into sealed pages.
 *
 * @module
 */
import type { JournalPage, PayloadRef, Spillable, TaskHead, WorkflowState } from "../tasks/mod.ts";
import { toBytes, toHeadText, toJsonText } from "./codec.ts";

/** Bytes of JSON text that each part of a head may hold inline. */
const INLINE = {
  args: 4096,
  prepared: 4096,
  outcome: 4096,
  variables: 8192,
  input: 1024,
  step: 1024,
  journal: 8192,
} as const;
/** Bytes of a head, kept whatever it holds: every heartbeat writes it. */
const MAX_HEAD_BYTES = 32 * 1024;
/** By what the shares are divided, one after the other, until the head fits. */
const DIVISORS: readonly number[] = [1, 4, 32];
/** Moving out what is smaller would make the head larger: a reference is about as long. */
const MIN_SHARE = 160;
/** A head below this needs no look at its parts. */
const SMALL_HEAD_CHARS = 4096;
const STEP_VALUES = ["outcome", "messages"] as const;
const MAX_INLINE_ENTRIES = 64;
/** Pages of one level before they are bundled. */
const MAX_PAGES = 16;

/** Writes a payload. */
export type WritePayload = (value: unknown, text: string) => Promise<PayloadRef>;

/** A head that fits its record, and its JSON text. */
export interface SpilledHead {
  readonly head: TaskHead;
  readonly text: string;
}

/** Moves what is too large for the head into payloads. */
export async function spillHead(head: TaskHead, write: WritePayload): Promise<SpilledHead> {
  const text = toHeadText(head);
  if (text.length <= SMALL_HEAD_CHARS) return { head, text };
  let current: SpilledHead = { head, text };
  for (const divisor of DIVISORS) {
    const share = (name: keyof typeof INLINE) => Math.max(MIN_SHARE, INLINE[name] / divisor);
    const spilled = await sealJournal(await spillParts(current.head, share, write), share("journal"), write);
    if (spilled !== current.head) current = { head: spilled, text: toHeadText(spilled) };
    if (!isLonger(current.text, MAX_HEAD_BYTES)) break;
  }
  return current;
}

/** Bytes a part may hold inline. */
type Share = (name: keyof typeof INLINE) => number;

async function spillParts(head: TaskHead, share: Share, write: WritePayload): Promise<TaskHead> {
  let next = head;
  const set = (change: Partial<TaskHead>) => next = { ...next, ...change };
  const args = await spillValue(head.args, share("args"), write);
  if (args !== head.args) set({ args });
  if (head.prepared !== undefined) {
    const prepared = await spillValue(head.prepared, share("prepared"), write);
    if (prepared !== head.prepared) set({ prepared });
  }
  if (head.pendingResult?.value !== undefined) {
    const value = await spillValue(head.pendingResult.value, share("outcome"), write);
    if (value !== head.pendingResult.value) set({ pendingResult: { ...head.pendingResult, value } });
  }
  const variables = await spillValue(head.variables, share("variables"), write);
  if (variables !== head.variables) set({ variables });
  if (head.outcome?.value !== undefined) {
    const value = await spillValue(head.outcome.value, share("outcome"), write);
    if (value !== head.outcome.value) set({ outcome: { ...head.outcome, value } });
  }
  const requests = await spillRecord(head.input.outstanding, "request", share("input"), write);
  const outstanding = await spillRecord(requests, "fallback", share("input"), write);
  const answers = await spillRecord(head.input.answers, "value", share("input"), write);
  if (outstanding !== head.input.outstanding || answers !== head.input.answers) {
    set({ input: { ...head.input, outstanding, answers } });
  }
  const entries = await spillItems(head.journal.entries, ["value"], share("step"), write);
  if (entries !== head.journal.entries) set({ journal: { ...head.journal, entries } });
  if (head.workflow !== undefined) {
    const workflow = await spillWorkflow(head.workflow, share("step"), write);
    if (workflow !== head.workflow) set({ workflow });
  }
  return next;
}

async function spillWorkflow(
  workflow: WorkflowState,
  limit: number,
  write: WritePayload,
): Promise<WorkflowState> {
  const steps = await spillItems(workflow.steps, STEP_VALUES, limit, write);
  const extras = await spillItems(workflow.extras, ["outcome"], limit, write);
  const isSame = steps === workflow.steps && extras === workflow.extras;
  return isSame ? workflow : { ...workflow, steps, extras };
}

async function spillValue(value: Spillable, limit: number, write: WritePayload): Promise<Spillable> {
  if (!("json" in value)) return value;
  const text = toJsonText(value.json);
  return isLonger(text, limit) ? { ref: await write(value.json, text) } : value;
}

async function spillRecord<K extends string, T extends { readonly [name in K]?: Spillable }>(
  record: Readonly<Record<string, T>>,
  field: K,
  limit: number,
  write: WritePayload,
): Promise<Readonly<Record<string, T>>> {
  let changed = false;
  const entries: [string, T][] = [];
  for (const [key, item] of Object.entries(record)) {
    const value = item[field];
    const spilled = value && await spillValue(value, limit, write);
    changed ||= spilled !== value;
    entries.push([key, spilled === value ? item : { ...item, [field]: spilled }]);
  }
  return changed ? Object.fromEntries(entries) : record;
}

async function spillItems<K extends string, T extends { readonly [name in K]?: Spillable }>(
  items: readonly T[],
  fields: readonly K[],
  limit: number,
  write: WritePayload,
): Promise<readonly T[]> {
  const result: T[] = [];
  for (let item of items) {
    for (const field of fields) {
      const value = item[field];
      const spilled = value && await spillValue(value, limit, write);
      if (spilled !== value) item = { ...item, [field]: spilled };
    }
    result.push(item);
  }
  return result.some((item, i) => item !== items[i]) ? result : items;
}

/** Moves old entries into a page, so that the newest fill half of their share; the last one always stays. */
async function sealJournal(head: TaskHead, limit: number, write: WritePayload): Promise<TaskHead> {
  const { entries, pages } = head.journal;
  if (entries.length <= MAX_INLINE_ENTRIES && !isLonger(JSON.stringify(entries), limit)) return head;
  let first = entries.length - 1;
  let bytes = 0;
  while (first > 0 && entries.length - first < MAX_INLINE_ENTRIES / 2) {
    bytes += toBytes(JSON.stringify(entries[first - 1])).length;
    if (bytes > limit / 2) break;
    first--;
  }
  if (first <= 0) return head;
  const sealed = entries.slice(0, first);
  const page = await write(sealed, toJsonText(sealed));
  return {
    ...head,
    journal: { entries: entries.slice(first), pages: await bundlePages([...pages, page], write) },
  };
}

/** Replaces many pages of one level by one that names them, so that their number grows with the logarithm only. */
async function bundlePages(
  pages: readonly JournalPage[],
  write: WritePayload,
): Promise<readonly JournalPage[]> {
  const level = pages.at(-1)?.level ?? 0;
  const start = pages.findIndex((page) => (page.level ?? 0) === level);
  if (pages.length - start <= MAX_PAGES) return pages;
  const bundled = pages.slice(start);
  const bundle = { ...await write(bundled, toJsonText(bundled)), level: level + 1 };
  return await bundlePages([...pages.slice(0, start), bundle], write);
}

/** Whether a text has more than `limit` UTF-8 bytes; a UTF-16 unit has at most three. */
function isLonger(text: string, limit: number): boolean {
  if (text.length > limit) return true;
  return text.length * 3 > limit && toBytes(text).length > limit;
}

/** Values that the workflow of a head holds or names. */
export function workflowValues({ workflow }: TaskHead): (Spillable | undefined)[] {
  if (workflow === undefined) return [];
  return [
    ...workflow.steps.flatMap((step) => STEP_VALUES.map((field) => step[field])),
    ...workflow.extras.map(({ outcome }) => outcome),
  ];
}

/** Every payload a head names. What its sealed journal names is not among them. */
export function payloadRefs(head: TaskHead): PayloadRef[] {
  const values: (Spillable | undefined)[] = [
    head.args,
    head.prepared,
    head.variables,
    head.outcome?.value,
    head.pendingResult?.value,
    ...Object.values(head.input.outstanding).flatMap(({ request, fallback }) => [request, fallback]),
    ...Object.values(head.input.answers).map(({ value }) => value),
    ...head.journal.entries.map(({ value }) => value),
    ...workflowValues(head),
  ];
  const refs = values.flatMap((value) => value !== undefined && "ref" in value ? [value.ref] : []);
  return [...refs, ...head.journal.pages, ...(head.retired ?? [])];
}
