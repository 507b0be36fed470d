/**
 * Running handlers: leases, journal, context, outcomes.
 *
 * @module
 */
export * from "./context.ts";
export * from "./errors.ts";
export * from "./executor.ts";
export * from "./journal.ts";
export * from "./nested_call.ts";
export * from "./questions.ts";
export * from "./recovery.ts";
export * from "./run.ts";
export * from "./schema.ts";
export * from "./settle.ts";
export * from "./step.ts";
export * from "./tool.ts";
export * from "./variables.ts";
