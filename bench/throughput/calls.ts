/**
 * The requests that are measured: a plain `tools/call` of each revision, byte by byte.
 *
 * @module
 */

/** A protocol revision that is measured. */
export type Era = "2026-07-28" | "2025-11-25";

/** A request without its connection: headers beyond those of every POST, and the body. */
export interface Call {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const ARGS = { name: "add", arguments: { a: 2, b: 3 } };

/** What the tool answers; each reply must hold it. */
export const EXPECTED = '"text":"5"';

/** A call of the tool `add`; a 2025-11-25 call belongs to a session, where the server has sessions. */
export function toolCall(era: Era, sessionId?: string): Call {
  if (era === "2025-11-25") {
    return {
      headers: {
        "mcp-protocol-version": era,
        ...(sessionId === undefined ? {} : { "mcp-session-id": sessionId }),
      },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: ARGS }),
    };
  }
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": era,
    "io.modelcontextprotocol/clientInfo": { name: "bench", version: "1.0.0" },
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  return {
    headers: { "mcp-protocol-version": era, "mcp-method": "tools/call", "mcp-name": "add" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { ...ARGS, _meta } }),
  };
}

/** `tools/list` of 2026-07-28. */
export function toolList(): Call {
  const { headers, body } = toolCall("2026-07-28");
  const { "mcp-name": _, ...rest } = headers;
  const message = JSON.parse(body);
  const params = { _meta: message.params._meta };
  return {
    headers: { ...rest, "mcp-method": "tools/list" },
    body: JSON.stringify({ ...message, method: "tools/list", params }),
  };
}

/** Sends a call with `fetch`. */
export function send(url: string, { headers, body }: Call): Promise<Response> {
  return fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", "accept": ACCEPT, ...headers },
    body,
  });
}

/** Opens a session of 2025-11-25; `undefined` where the server has none. */
export async function openSession(url: string): Promise<string | undefined> {
  const clientInfo = { name: "bench", version: "1.0.0" };
  const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo };
  const body = JSON.stringify({ jsonrpc: "2.0", id: 0, method: "initialize", params });
  const response = await send(url, { headers: {}, body });
  await response.body?.cancel();
  return response.headers.get("mcp-session-id") ?? undefined;
}

/** What every client must accept. */
export const ACCEPT = "application/json, text/event-stream";
