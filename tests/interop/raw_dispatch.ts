/**
 * Sends single JSON-RPC requests of the 2026-07-28 revision by `fetch`.
 *
 * `@modelcontextprotocol/client` 2.4.0 refuses results of type `task` and all `tasks/*` methods;
 * `@modelcontextprotocol/ext-tasks` takes this way around it.
 *
 * @module
 */
import type {
  DispatchOptions,
  JsonRpcResponse,
  RawClientDispatch,
} from "@modelcontextprotocol/ext-tasks/client";
import { readSse } from "../support/sse.ts";

type JsonObject = Record<string, unknown>;

/** Options for {@linkcode createRawDispatch}. */
export interface RawDispatchOptions {
  /** Headers of every request, for example `Authorization`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Sends the requests. @default globalThis.fetch */
  readonly fetch?: (url: string | URL, init: RequestInit) => Promise<Response>;
  /** Called with each notification on a response stream. */
  readonly onNotification?: (notification: JsonObject) => void;
}

/** A dispatcher for the server at `url`. */
export function createRawDispatch(url: string | URL, options: RawDispatchOptions = {}): RawClientDispatch {
  let lastId = 0;
  const send = options.fetch ?? fetch;
  return async (request, dispatchOptions = {}) => {
    const { method, params } = request as { method: string; params?: JsonObject };
    const id = `raw-${++lastId}`;
    const response = await send(url, {
      method: "POST",
      headers: {
        ...options.headers,
        ...requestHeaders(method, params),
        ...dispatchOptions.context?.headers,
      },
      body: JSON.stringify({ jsonrpc: "2.0", id, method, ...(params === undefined ? {} : { params }) }),
      signal: toSignal(dispatchOptions),
    });
    for await (const message of readMessages(response)) {
      if ("method" in message) options.onNotification?.(message);
      else if (message.id === id) return toResponse(message);
    }
    throw new Error(`Cannot dispatch "${method}": HTTP ${response.status} without a JSON-RPC response`);
  };
}

function requestHeaders(method: string, params: JsonObject | undefined): Record<string, string> {
  const name = method === "tools/call" ? params?.name : params?.taskId;
  return {
    "Content-Type": "application/json",
    "Accept": "application/json, text/event-stream",
    "MCP-Protocol-Version": "2026-07-28",
    "Mcp-Method": method,
    ...(typeof name === "string" ? { "Mcp-Name": name } : {}),
  };
}

function toSignal({ signal, context }: DispatchOptions): AbortSignal | null {
  const signals = signal === undefined ? [] : [signal];
  if (context?.requestTimeoutMs !== undefined) signals.push(AbortSignal.timeout(context.requestTimeoutMs));
  return signals.length === 0 ? null : AbortSignal.any(signals);
}

async function* readMessages(response: Response): AsyncGenerator<JsonObject> {
  if (!response.headers.get("Content-Type")?.startsWith("text/event-stream")) {
    yield await response.json();
    return;
  }
  await using events = readSse(response);
  for (let message = await events.nextMessage(); message; message = await events.nextMessage()) yield message;
}

function toResponse(message: JsonObject): JsonRpcResponse {
  return ("error" in message
    ? { kind: "error", ...message }
    : { kind: "result", ...message }) as JsonRpcResponse;
}
