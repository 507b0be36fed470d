/**
 * Messages of a prompt, checked before they leave.
 *
 * @module
 * @see Prompts, "PromptMessage" (T25-211, T26-244)
 */
import { isJsonObject, type JsonObject } from "../protocol/mod.ts";
import { faultOfContents, isBase64, isMimeType } from "./resource_contents.ts";
import { isUri } from "../protocol/uri.ts";

/**
 * Makes sure that messages are what both revisions allow.
 *
 * @throws {TypeError} Naming the prompt, the message and what is wrong, for the author.
 */
export function assertMessages(prompt: string, messages: readonly unknown[]): void {
  messages.forEach((message, i) => {
    const fault = faultOfMessage(message);
    if (fault !== undefined) throw new TypeError(`Prompt "${prompt}" returned message ${i} ${fault}`);
  });
}

function faultOfMessage(message: unknown): string | undefined {
  if (!isJsonObject(message)) return "that is not an object";
  if (message.role !== "user" && message.role !== "assistant") {
    return 'whose role is not "user" or "assistant"';
  }
  const { content } = message;
  return isJsonObject(content) ? faultOfBlock(content) : "without one block of content";
}

function faultOfBlock(block: JsonObject): string | undefined {
  switch (block.type) {
    case "text":
      return typeof block.text === "string" ? undefined : 'whose "text" is none';
    case "image":
    case "audio":
      if (!isBase64(block.data)) return 'whose "data" is not base64';
      return isMimeType(block.mimeType) ? undefined : 'without a media type in "mimeType"';
    case "resource":
      return faultOfEmbedded(block.resource);
    case "resource_link":
      if (typeof block.uri !== "string" || !isUri(block.uri)) return 'whose link has no URI in "uri"';
      return typeof block.name === "string" ? undefined : "whose link has no name";
    default:
      return "with a content type that is not known";
  }
}

/** Embedded in a prompt, a resource has to say of what type it is. */
function faultOfEmbedded(resource: unknown): string | undefined {
  const fault = faultOfContents(resource);
  if (fault !== undefined) return `with resource contents that ${fault}`;
  const { mimeType } = resource as JsonObject;
  return mimeType === undefined ? 'with resource contents that have no "mimeType"' : undefined;
}
