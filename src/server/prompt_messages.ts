/**
 * Messages of a prompt, checked before they leave.
 *
 * @module
 * @see Prompts, "PromptMessage" (T25-211, T26-244)
 */
import type { JsonObject } from "../protocol/mod.ts";
import { faultOfPromptMessage } from "../protocol/content_guard.ts";
import { isUri } from "../protocol/uri.ts";
import { faultOfContents, isBase64, isMimeType } from "./resource_contents.ts";

/**
 * Makes sure that messages are what both revisions allow.
 *
 * @throws {TypeError} Naming the prompt, the message and what is wrong, for the author.
 */
export function assertMessages(prompt: string, messages: readonly unknown[]): void {
  messages.forEach((message, i) => {
    const fault = faultOfPromptMessage(message) ??
      faultOfValues((message as { content: JsonObject }).content);
    if (fault !== undefined) {
      throw new TypeError(`Prompt "${prompt}" returned message ${i} in which ${fault}`);
    }
  });
}

/** What is wrong with what a block of the right shape says. */
function faultOfValues(block: JsonObject): string | undefined {
  switch (block.type) {
    case "image":
    case "audio":
      if (!isBase64(block.data)) return '"content.data" must be base64';
      return isMimeType(block.mimeType) ? undefined : '"content.mimeType" must be a media type';
    case "resource":
      return faultOfEmbedded(block.resource as JsonObject);
    case "resource_link":
      return isUri(block.uri as string) ? undefined : '"content.uri" must be a URI';
    default:
      return undefined;
  }
}

/** Embedded in a prompt, a resource has to say of what type it is. */
function faultOfEmbedded(resource: JsonObject): string | undefined {
  const fault = faultOfContents(resource);
  if (fault !== undefined) return `the contents in "content.resource" ${fault}`;
  return resource.mimeType === undefined ? '"content.resource.mimeType" must be a media type' : undefined;
}
