/**
 * What a resource holds, checked before it leaves: a client may write it to a disk or hand it to a model.
 *
 * @module
 * @see Resources (T25-223, T26-254); Prompts, "PromptMessage" (T25-211, T26-244)
 */
import type { ResourceContents } from "../protocol/content.ts";
import { isJsonObject } from "../protocol/mod.ts";
import { toBase64 } from "./base64.ts";
import { isUri } from "../protocol/uri.ts";

/** What a resource handler gives: a text, bytes, or contents in full. `undefined`: there is no such resource. */
export type ResourceResult =
  | string
  | Uint8Array
  | { readonly contents: readonly ResourceContents[] }
  | undefined;

/**
 * Contents of what a handler gave.
 *
 * @throws {TypeError} If they are empty, or one has no URI, or not exactly one of `text` and base64 `blob`.
 */
export function toContents(
  uri: string,
  mimeType: string | undefined,
  result: ResourceResult,
): readonly ResourceContents[] | undefined {
  if (result === undefined) return undefined;
  if (typeof result === "string") {
    return [{ uri, mimeType: mimeType ?? "text/plain", text: result.toWellFormed() }];
  }
  if (result instanceof Uint8Array) {
    return [{ uri, mimeType: mimeType ?? "application/octet-stream", blob: toBase64(result) }];
  }
  const contents: unknown = result?.contents;
  if (!Array.isArray(contents) || contents.length === 0) {
    throw new TypeError(`Resource "${uri}" must return a text, bytes, or { contents } that are not empty`);
  }
  return contents.map((item: unknown, i) => {
    const fault = faultOfContents(item);
    if (fault !== undefined) throw new TypeError(`Resource "${uri}" returned contents ${i} that ${fault}`);
    return withMimeType(item as ResourceContents, mimeType);
  });
}

/** What is wrong with the contents of a resource, as the end of a sentence; `undefined` if nothing is. */
export function faultOfContents(contents: unknown): string | undefined {
  if (!isJsonObject(contents)) return "are not an object";
  const { uri, mimeType, text, blob } = contents;
  if (typeof uri !== "string" || !isUri(uri)) return 'have no URI in "uri"';
  if (mimeType !== undefined && !isMimeType(mimeType)) return 'have no media type in "mimeType"';
  if ((text === undefined) === (blob === undefined)) return 'have not exactly one of "text" and "blob"';
  if (text !== undefined && typeof text !== "string") return 'have a "text" that is none';
  if (blob !== undefined && !isBase64(blob)) return 'have a "blob" that is not base64';
  return undefined;
}

/** Whether a value is standard base64 with padding. */
export function isBase64(value: unknown): value is string {
  return typeof value === "string" && value.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(value);
}

/** Whether a value is a media type such as `image/png`, parameters allowed. */
export function isMimeType(value: unknown): value is string {
  return typeof value === "string" &&
    /^[\w!#$&^.+-]{1,127}\/[\w!#$&^.+-]{1,127}(?:\s*;[\x20-\x7e]*)?$/.test(value);
}

function withMimeType(contents: ResourceContents, mimeType: string | undefined): ResourceContents {
  return contents.mimeType !== undefined || mimeType === undefined ? contents : { ...contents, mimeType };
}
