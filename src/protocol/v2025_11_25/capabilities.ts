/**
 * The handshake of 2025-11-25 and what both sides declare in it.
 *
 * @module
 * @see 2025-11-25, basic/lifecycle
 */
import type { JsonObject } from "../json.ts";
import type { Implementation } from "../content.ts";

/** What a client can do. Members we do not read may be present as well. */
export type ClientCapabilities = JsonObject & {
  readonly roots?: JsonObject;
  readonly sampling?: JsonObject;
  readonly elicitation?: JsonObject;
  readonly tasks?: JsonObject;
  readonly experimental?: JsonObject;
};

/** What a server can do. Sub-capabilities are objects, not booleans (T25-005). */
export type ServerCapabilities = {
  readonly tools?: { readonly listChanged?: boolean };
  readonly prompts?: { readonly listChanged?: boolean };
  readonly resources?: { readonly subscribe?: boolean; readonly listChanged?: boolean };
  readonly completions?: JsonObject;
  readonly logging?: JsonObject;
  readonly experimental?: { readonly [name: string]: JsonObject };
  readonly tasks?: {
    /** Declared only where callers can be told apart (T25-076). */
    readonly list?: JsonObject;
    readonly cancel?: JsonObject;
    readonly requests?: { readonly tools?: { readonly call?: JsonObject } };
  };
};

/** Answer of `initialize`. */
export type InitializeResult = {
  readonly protocolVersion: string;
  readonly capabilities: ServerCapabilities;
  readonly serverInfo: Implementation;
  readonly instructions?: string;
  readonly _meta?: JsonObject;
};
