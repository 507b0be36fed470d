/**
 * From a head to bytes and back: UTF-8 JSON text, the same on every engine.
 *
 * @module
 */
import { isJsonObject, jsonDepth, type JsonObject, type JsonValue } from "../protocol/mod.ts";
import {
  HEAD_SCHEMA,
  isTaskStatus,
  type TaskHead,
  TooLargeError,
  UndecodableRecordError,
} from "../tasks/mod.ts";

/** Containers a stored value may nest: some engines can write deeper values than they can read. */
export const MAX_STORED_DEPTH = 64;
/** Containers of a head around the value that lies deepest in it, a question or a step's value. */
const HEAD_LEVELS = 5;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/**
 * JSON text of a value that is to be stored.
 *
 * @throws {TooLargeError} If it nests deeper than 64 levels.
 * @throws {TypeError} If it is not JSON (a cycle, a bigint).
 */
export function toJsonText(value: unknown): string {
  if (jsonDepth(value, MAX_STORED_DEPTH) > MAX_STORED_DEPTH) {
    throw new TooLargeError(`Cannot store a value: it nests deeper than ${MAX_STORED_DEPTH} levels`);
  }
  return JSON.stringify(value) ?? "null";
}

/**
 * JSON text of a head. What it holds may nest as deep as what is stored by itself.
 *
 * @throws {TooLargeError} If something in it nests deeper than 64 levels.
 */
export function toHeadText(head: TaskHead): string {
  const limit = MAX_STORED_DEPTH + HEAD_LEVELS;
  if (jsonDepth(head, limit) > limit) {
    throw new TooLargeError(
      `Cannot store task "${head.id}": a value in it nests deeper than ${MAX_STORED_DEPTH} levels`,
    );
  }
  return JSON.stringify(head);
}

/** UTF-8 bytes of a text. */
export function toBytes(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text);
}

/**
 * Text of UTF-8 bytes.
 *
 * @throws {TypeError} If they are not UTF-8.
 */
export function toText(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** Decodes JSON bytes. */
export function decodeJson(bytes: Uint8Array): JsonValue {
  return JSON.parse(decoder.decode(bytes));
}

/**
 * Decodes a head.
 *
 * @throws {UndecodableRecordError} If it is damaged, or of a newer schema.
 */
export function decodeHead(id: string, bytes: Uint8Array): TaskHead {
  let value: JsonValue;
  try {
    value = decodeJson(bytes);
  } catch (cause) {
    throw new UndecodableRecordError(id, "it is not JSON", { cause });
  }
  if (!isJsonObject(value)) throw new UndecodableRecordError(id, "it is not an object");
  if (typeof value.schema !== "number") throw new UndecodableRecordError(id, "it has no schema number");
  if (value.schema > HEAD_SCHEMA) {
    throw new UndecodableRecordError(id, `schema ${value.schema} is newer than ${HEAD_SCHEMA}`);
  }
  if (value.id !== id || !isHead(value)) {
    throw new UndecodableRecordError(id, "fields are missing or damaged");
  }
  return value as unknown as TaskHead;
}

/** Whether everything is there that readers of a head rely on: one bad record must not fail a whole list. */
function isHead({ owner, status, exec, input, journal, ...rest }: JsonObject): boolean {
  return typeof owner === "string" && isTaskStatus(status) &&
    NUMBERS.every((name) => Number.isFinite(rest[name])) &&
    isInstant(rest.createdAt) && isInstant(rest.lastUpdatedAt) &&
    isJsonObject(rest.args) && isJsonObject(rest.variables) && isJsonObject(rest.clientCapabilities) &&
    isJsonObject(exec) && Number.isFinite(exec.epoch) &&
    isJsonObject(input) && isJsonObject(input.outstanding) && isJsonObject(input.answers) &&
    isJsonObject(journal) && Array.isArray(journal.entries) && Array.isArray(journal.pages) &&
    (rest.kind !== "workflow" || isWorkflow(rest.workflow));
}

function isWorkflow(value: JsonValue | undefined): boolean {
  return isJsonObject(value) && Array.isArray(value.steps) && value.steps.every(isJsonObject) &&
    Array.isArray(value.extras) && value.extras.every(isJsonObject);
}

const NUMBERS = ["createdAt", "lastUpdatedAt", "expiresAt", "pollIntervalMs", "rev"] as const;

/** Whether a date can be made of it. */
function isInstant(value: JsonValue | undefined): boolean {
  return !Number.isNaN(new Date(value as number).getTime());
}
