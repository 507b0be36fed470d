/**
 * Workflow prompts: steps the server runs in order, told as a conversation.
 *
 * @module
 */
export * from "./definition.ts";
export * from "./host.ts";
