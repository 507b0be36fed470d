/**
 * Durability: tasks, payloads and keys over the storage seam.
 *
 * @module
 */
export * from "./backend.ts";
export * from "./config.ts";
export * from "./create_deadline.ts";
export * from "./create_once.ts";
export * from "./events.ts";
export * from "./head_writer.ts";
export * from "./idempotency_record.ts";
export * from "./keyring.ts";
export { type TaskOutcome, toOutcome } from "./outcome.ts";
export * from "./owner.ts";
export * from "./payloads.ts";
export * from "./task_store.ts";
export * from "./watcher.ts";
export * from "./workflow_operations.ts";
export { toBytes, toJsonText, toText } from "./codec.ts";
export { fromBase64Url, sha256OfShortTexts, sha256OfTexts, toBase64Url, toCanonicalJson } from "./digest.ts";
