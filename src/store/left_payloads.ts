/**
 * Which payloads of a task nobody needs any more: those a write replaces, and all of a task that is removed.
 *
 * @module
 */
import { isJsonObject, type JsonValue } from "../protocol/mod.ts";
import {
  type JournalPage,
  type PayloadRef,
  type Spillable,
  type TaskHead,
  UndecodableRecordError,
} from "../tasks/mod.ts";
import { payloadRefs, workflowValues } from "./spill.ts";

/** Reads a payload. */
export type ReadPayload = (ref: PayloadRef) => Promise<JsonValue>;

/**
 * Payloads that `before` names as variables, as a result set ahead, or for a workflow, and `after` no longer does. Whoever
 * read `before` may be about to read them.
 */
export function replacedPayloads(before: TaskHead, after: TaskHead): PayloadRef[] {
  const replaced = [before.variables, before.pendingResult?.value, ...workflowValues(before)].flatMap(toRef);
  if (replaced.length === 0) return [];
  const kept = new Set(payloadRefs(after).map(({ gen }) => gen));
  return replaced.filter(({ gen }) => !kept.has(gen));
}

/**
 * Every payload of a task, what its sealed journal names included.
 *
 * @param read Reads a page; one that is damaged keeps what it names to itself, until the sweep.
 */
export async function allPayloads(head: TaskHead, read: ReadPayload): Promise<PayloadRef[]> {
  return [...payloadRefs(head), ...await sealedPayloads(head.journal.pages, read)];
}

/** What pages name, on all levels below them. */
async function sealedPayloads(pages: readonly JournalPage[], read: ReadPayload): Promise<PayloadRef[]> {
  const found = pages.map(async (page) => {
    const content = await readList(page, read);
    if (page.level === undefined) {
      return content.flatMap((entry) =>
        isJsonObject(entry) ? toRef(entry.value as Spillable | undefined) : []
      );
    }
    // Only this library writes pages.
    const below = content as unknown as readonly JournalPage[];
    return [...below, ...await sealedPayloads(below, read)];
  });
  return (await Promise.all(found)).flat();
}

async function readList(page: JournalPage, read: ReadPayload): Promise<readonly JsonValue[]> {
  try {
    const content = await read(page);
    return Array.isArray(content) ? content : [];
  } catch (error) {
    if (error instanceof UndecodableRecordError) return [];
    throw error;
  }
}

function toRef(value: Spillable | undefined): PayloadRef[] {
  return value !== undefined && "ref" in value ? [value.ref] : [];
}
