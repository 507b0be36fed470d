/**
 * Requests of ours to 2025-11-25 clients that wait for their answer in this process.
 *
 * @module
 */
import type { JsonRpcRequest, JsonRpcResponse, JsonValue } from "../protocol/mod.ts";
import { randomName, type Runtime } from "../runtime.ts";
import type { InputRequest } from "../protocol/input.ts";
import { ToolError } from "../execution/mod.ts";
import { toClientRequest } from "./input_delivery.ts";

/** Requests that wait for an answer. */
export class ClientRequests {
  readonly #runtime: Runtime;
  readonly #waiting = new Map<string, (response: JsonRpcResponse) => void>();

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /**
   * Sends a question and waits for its raw answer.
   *
   * @throws {ToolError} If the client answers with an error.
   */
  ask(
    sessionId: string,
    question: InputRequest,
    send: (request: JsonRpcRequest) => void,
    signal: AbortSignal,
  ): Promise<JsonValue> {
    const id = `call/${randomName(this.#runtime, 12)}`;
    const key = `${sessionId}/${id}`;
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.#waiting.delete(key);
        reject(signal.reason);
      };
      if (signal.aborted) return onAbort();
      signal.addEventListener("abort", onAbort, { once: true });
      this.#waiting.set(key, (response) => {
        signal.removeEventListener("abort", onAbort);
        if ("result" in response) resolve(response.result);
        else reject(new ToolError(`The client refused to answer: ${response.error.message.slice(0, 200)}`));
      });
      send(toClientRequest(id, question, randomName(this.#runtime, 12)));
    });
  }

  /** Takes the answer to a request. `false`: nobody waits for it here. */
  resolve(sessionId: string, response: JsonRpcResponse): boolean {
    if (typeof response.id !== "string") return false;
    const key = `${sessionId}/${response.id}`;
    const settle = this.#waiting.get(key);
    this.#waiting.delete(key);
    settle?.(response);
    return settle !== undefined;
  }
}
