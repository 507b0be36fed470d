/**
 * One input that has to be refused, as a row of a table, and how a request is made of it.
 *
 * @module
 */
import { URL_HERE } from "../support/http_client.ts";
import { user } from "../support/test_server.ts";
import { tokenOf, type World } from "./world.ts";

/** Any JSON object. */
export type Json = Record<string, unknown>;

/** What is expected: HTTP status, JSON-RPC code and, where there is one, `data.reason`. */
export type Refusal = readonly [status: number, code: number, reason?: string];

/** A row: what it is, how it is refused, and the request. */
export type BadInput = readonly [
  what: string,
  refusal: Refusal,
  request: Sketch | ((ids: World["ids"]) => Sketch),
];

/** A request by what sets it apart from a sound one. */
export interface Sketch {
  readonly method: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body?: string | Uint8Array<ArrayBuffer>;
  /** Id that the answer must carry. */
  readonly id?: string | number;
}

/** Changes to a sound request: headers to set, or to leave out with `undefined`. */
export interface SketchChanges {
  readonly headers?: Readonly<Record<string, string | undefined>>;
  /** Further members of the message, or others in place of its own. */
  readonly message?: Json;
}

const ID = "the-id";
const VERSION = "io.modelcontextprotocol/protocolVersion";
const CAPABILITIES = "io.modelcontextprotocol/clientCapabilities";
const NAMED_BY: Readonly<Record<string, string>> = {
  "tools/call": "name",
  "prompts/get": "name",
  "resources/read": "uri",
  "tasks/get": "taskId",
  "tasks/update": "taskId",
  "tasks/cancel": "taskId",
};

/** Ada's credentials; others are put in by `headers`. */
export const ADA = tokenOf(user("ada"));
/** Eve's credentials. */
export const EVE = tokenOf(user("eve"));
/** Capabilities of a client that can do everything. */
export const ALL: Json = {
  elicitation: {},
  extensions: { "io.modelcontextprotocol/tasks": {} },
};

/** A POST of any text or bytes within Ada's session. */
export function raw(
  body: string | Uint8Array<ArrayBuffer>,
  headers: Sketch["headers"] = {},
): (ids: World["ids"]) => Sketch {
  return ({ session }) => ({
    method: "POST",
    headers: { "mcp-session-id": session, "mcp-protocol-version": "2025-11-25", ...headers },
    body,
  });
}

/** A message within Ada's session, as it is. */
export function message(value: unknown, id?: string | number): (ids: World["ids"]) => Sketch {
  return (ids) => ({ ...raw(JSON.stringify(value))(ids), ...(id !== undefined && { id }) });
}

/** A 2025-11-25 request within Ada's session. */
export function legacy(
  method: string,
  params: Json | ((ids: World["ids"]) => Json) | undefined,
  { headers, message = {} }: SketchChanges = {},
): (ids: World["ids"]) => Sketch {
  return (ids) => {
    const body = {
      jsonrpc: "2.0",
      id: ID,
      method,
      params: typeof params === "function" ? params(ids) : params,
      ...message,
    };
    return { ...raw(JSON.stringify(body), headers)(ids), id: ID };
  };
}

/** A request without a body within Ada's session. */
export function bare(
  method: string,
  headers: Readonly<Record<string, string | ((ids: World["ids"]) => string) | undefined>> = {},
): (ids: World["ids"]) => Sketch {
  return (ids) => ({
    method,
    headers: {
      "mcp-session-id": ids.session,
      "mcp-protocol-version": "2025-11-25",
      "accept": "text/event-stream",
      "content-type": undefined,
      ...Object.fromEntries(
        Object.entries(headers).map((
          [name, value],
        ) => [name, typeof value === "function" ? value(ids) : value]),
      ),
    },
  });
}

/** A 2026-07-28 request of Ada's; `meta` members that are `undefined` are left out. */
export function modern(
  method: string,
  params: Json | ((ids: World["ids"]) => Json) = {},
  { headers, message = {}, meta = {} }: SketchChanges & { readonly meta?: Json } = {},
): (ids: World["ids"]) => Sketch {
  return (ids) => {
    const given = typeof params === "function" ? params(ids) : params;
    const name = given[NAMED_BY[method] ?? ""];
    const _meta = { [VERSION]: "2026-07-28", [CAPABILITIES]: ALL, ...meta };
    const body = { jsonrpc: "2.0", id: ID, method, params: { ...given, _meta }, ...message };
    return {
      method: "POST",
      headers: {
        "mcp-protocol-version": "2026-07-28",
        "mcp-method": method,
        "mcp-name": typeof name === "string" && /^[\x21-\x7e]+$/.test(name) ? name : undefined,
        ...headers,
      },
      body: JSON.stringify(body),
      id: ID,
    };
  };
}

/** The request of a sketch, with what every request has. */
export function toRequest({ method, headers, body }: Sketch): Request {
  const all: Readonly<Record<string, string | undefined>> = {
    "host": "127.0.0.1:8000",
    "accept": "application/json, text/event-stream",
    "content-type": "application/json",
    "authorization": ADA,
    ...headers,
  };
  const present = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  return new Request(URL_HERE, { method, headers: present, body: bytes });
}
