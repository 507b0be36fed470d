/**
 * Workflow prompts: steps the server runs in order, told as a conversation.
 *
 * @module
 */
export * from "./arguments.ts";
export * from "./builder.ts";
export * from "./definition.ts";
export * from "./fetch.ts";
export * from "./host.ts";
export * from "./output.ts";
export * from "./perform.ts";
export * from "./plain.ts";
export * from "./quote.ts";
export * from "./resolve.ts";
export * from "./resource_uri.ts";
export * from "./trace.ts";
export * from "./validate.ts";
