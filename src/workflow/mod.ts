/**
 * Workflow prompts: steps the server runs in order, told as a conversation.
 *
 * @module
 */
export * from "./arguments.ts";
export * from "./builder.ts";
export * from "./continuation.ts";
export * from "./definition.ts";
export * from "./fetch.ts";
export * from "./handoff.ts";
export * from "./host.ts";
export * from "./output.ts";
export * from "./perform.ts";
export * from "./completion.ts";
export * from "./pause.ts";
export * from "./plain.ts";
export * from "./quote.ts";
export * from "./remaining.ts";
export * from "./report.ts";
export * from "./resolve.ts";
export * from "./resource_uri.ts";
export * from "./shape.ts";
export * from "./runner.ts";
export * from "./step_store.ts";
export * from "./trace.ts";
export * from "./validate.ts";
