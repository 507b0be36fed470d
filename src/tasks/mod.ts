/**
 * The task: its record, its states, and how each revision sees it. Pure functions, no I/O, no clock.
 *
 * @module
 */
export * from "./errors.ts";
export * from "./status.ts";
export * from "./record.ts";
export * from "./input.ts";
export * from "./due.ts";
export * from "./ttl.ts";
export * from "./variables.ts";
export * from "./operations.ts";
export * from "./pause_reason.ts";
export * from "./workflow.ts";
export * from "./new_head.ts";
export * from "./project_2025.ts";
export * from "./project_2026.ts";
export * from "./project_workflow.ts";
