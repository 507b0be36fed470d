/**
 * Sends single JSON-RPC requests of the 2026-07-28 revision over the pipe that an official client uses as well.
 *
 * `@modelcontextprotocol/client` 2.4.0 refuses results of type `task` and all `tasks/*` methods;
 * `@modelcontextprotocol/ext-tasks` takes this way around it.
 *
 * @module
 */
import type { JSONRPCMessage, Transport } from "@modelcontextprotocol/client";
import { StdioClientTransport, type StdioServerParameters } from "@modelcontextprotocol/client/stdio";
import type {
  DispatchOptions,
  JsonRpcResponse,
  RawClientDispatch,
} from "@modelcontextprotocol/ext-tasks/client";

/** A notification that came over the pipe. */
export type OnNotification = (notification: { readonly method: string; readonly params?: unknown }) => void;

/** The transport of a server process, and a way beside it. Answers to what goes that way are kept from the client. */
export class TappedTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: (message: JSONRPCMessage) => void;
  readonly #inner: StdioClientTransport;
  readonly #waiting = new Map<unknown, (response: JsonRpcResponse) => void>();
  #lastId = 0;

  constructor(command: StdioServerParameters, onNotification: OnNotification = () => {}) {
    this.#inner = new StdioClientTransport(command);
    this.#inner.onclose = () => this.onclose?.();
    this.#inner.onerror = (error) => this.onerror?.(error);
    this.#inner.onmessage = (message) => {
      if ("method" in message && !("id" in message)) onNotification(message);
      const answered = "id" in message && !("method" in message) ? this.#waiting.get(message.id) : undefined;
      if (answered === undefined) this.onmessage?.(message);
      else answered({ kind: "error" in message ? "error" : "result", ...message } as JsonRpcResponse);
    };
  }

  start(): Promise<void> {
    return this.#inner.start();
  }

  send(message: JSONRPCMessage): Promise<void> {
    return this.#inner.send(message);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  /** Sends a request and waits for its answer. */
  readonly dispatch: RawClientDispatch = async (request, { signal }: DispatchOptions = {}) => {
    const id = `raw-${++this.#lastId}`;
    const answer = Promise.withResolvers<JsonRpcResponse>();
    this.#waiting.set(id, answer.resolve);
    const onAbort = () => {
      const params = { requestId: id };
      this.send({ jsonrpc: "2.0", method: "notifications/cancelled", params }).catch(answer.reject);
      answer.reject(signal?.reason);
    };
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      await this.send({ jsonrpc: "2.0", id, ...request as object } as JSONRPCMessage);
      return await answer.promise;
    } finally {
      signal?.removeEventListener("abort", onAbort);
      this.#waiting.delete(id);
    }
  };
}
