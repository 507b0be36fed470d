/**
 * Keeps a head small: values beyond their share move into payloads, old journal entries into sealed pages.
 *
 * @module
 */
import type { JournalEntry, PayloadRef, Spillable, TaskHead } from "../tasks/mod.ts";
import { toJsonText } from "./codec.ts";

/** Bytes of JSON text that each part of a head may hold inline. */
const INLINE = {
  args: 4096,
  prepared: 4096,
  outcome: 4096,
  variables: 8192,
  input: 1024,
  step: 1024,
} as const;
/** A head below this needs no look at its parts. */
const SMALL_HEAD_CHARS = 4096;
const MAX_INLINE_ENTRIES = 64;
const MAX_JOURNAL_CHARS = 8192;
/** Entries that stay inline when the journal is sealed. */
const KEPT_ENTRIES = 16;

/** Writes a payload. */
export type WritePayload = (value: unknown, text: string) => Promise<PayloadRef>;

/** A head that fits its record, and its JSON text. */
export interface SpilledHead {
  readonly head: TaskHead;
  readonly text: string;
}

/** Moves what is too large for the head into payloads. */
export async function spillHead(head: TaskHead, write: WritePayload): Promise<SpilledHead> {
  const text = toJsonText(head);
  if (text.length <= SMALL_HEAD_CHARS) return { head, text };
  const spilled = await sealJournal(await spillParts(head, write), write);
  return spilled === head ? { head, text } : { head: spilled, text: toJsonText(spilled) };
}

async function spillParts(head: TaskHead, write: WritePayload): Promise<TaskHead> {
  let next = head;
  const set = (change: Partial<TaskHead>) => next = { ...next, ...change };
  const args = await spillValue(head.args, INLINE.args, write);
  if (args !== head.args) set({ args });
  if (head.prepared !== undefined) {
    const prepared = await spillValue(head.prepared, INLINE.prepared, write);
    if (prepared !== head.prepared) set({ prepared });
  }
  if (head.pendingResult !== undefined) {
    const pendingResult = await spillValue(head.pendingResult, INLINE.outcome, write);
    if (pendingResult !== head.pendingResult) set({ pendingResult });
  }
  const variables = await spillValue(head.variables, INLINE.variables, write);
  if (variables !== head.variables) set({ variables });
  if (head.outcome?.value !== undefined) {
    const value = await spillValue(head.outcome.value, INLINE.outcome, write);
    if (value !== head.outcome.value) set({ outcome: { ...head.outcome, value } });
  }
  const outstanding = await spillRecord(head.input.outstanding, "request", write);
  const answers = await spillRecord(head.input.answers, "value", write);
  if (outstanding !== head.input.outstanding || answers !== head.input.answers) {
    set({ input: { outstanding, answers } });
  }
  const entries = await spillEntries(head.journal.entries, write);
  if (entries !== head.journal.entries) set({ journal: { ...head.journal, entries } });
  return next;
}

async function spillValue(value: Spillable, limit: number, write: WritePayload): Promise<Spillable> {
  if (!("json" in value)) return value;
  const text = toJsonText(value.json);
  return text.length > limit ? { ref: await write(value.json, text) } : value;
}

async function spillRecord<K extends string, T extends Readonly<Record<K, Spillable>>>(
  record: Readonly<Record<string, T>>,
  field: K,
  write: WritePayload,
): Promise<Readonly<Record<string, T>>> {
  let changed = false;
  const entries: [string, T][] = [];
  for (const [key, item] of Object.entries(record)) {
    const spilled = await spillValue(item[field], INLINE.input, write);
    changed ||= spilled !== item[field];
    entries.push([key, spilled === item[field] ? item : { ...item, [field]: spilled }]);
  }
  return changed ? Object.fromEntries(entries) : record;
}

async function spillEntries(
  entries: readonly JournalEntry[],
  write: WritePayload,
): Promise<readonly JournalEntry[]> {
  let changed = false;
  const result: JournalEntry[] = [];
  for (const entry of entries) {
    const value = entry.value && await spillValue(entry.value, INLINE.step, write);
    changed ||= value !== entry.value;
    result.push(value === entry.value ? entry : { ...entry, value });
  }
  return changed ? result : entries;
}

async function sealJournal(head: TaskHead, write: WritePayload): Promise<TaskHead> {
  const { entries, pages } = head.journal;
  const fits = entries.length <= MAX_INLINE_ENTRIES && JSON.stringify(entries).length <= MAX_JOURNAL_CHARS;
  if (fits || entries.length <= KEPT_ENTRIES) return head;
  const sealed = entries.slice(0, -KEPT_ENTRIES);
  const page = await write(sealed, toJsonText(sealed));
  return { ...head, journal: { entries: entries.slice(-KEPT_ENTRIES), pages: [...pages, page] } };
}

/** Every payload a head names. */
export function payloadRefs(head: TaskHead): PayloadRef[] {
  const values: (Spillable | undefined)[] = [
    head.args,
    head.prepared,
    head.variables,
    head.outcome?.value,
    head.pendingResult,
    ...Object.values(head.input.outstanding).map(({ request }) => request),
    ...Object.values(head.input.answers).map(({ value }) => value),
    ...head.journal.entries.map(({ value }) => value),
  ];
  const refs = values.flatMap((value) => value !== undefined && "ref" in value ? [value.ref] : []);
  return [...refs, ...head.journal.pages];
}
