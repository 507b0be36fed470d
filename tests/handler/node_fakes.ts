/**
 * Requests and responses as Node passes them, driven by hand.
 *
 * @module
 */
import type { NodeRequestLike, NodeResponseLike } from "@perdure/mcp-tasks/node";

type Listener = (...args: unknown[]) => void;

class Emitter {
  readonly #listeners = new Map<string, Listener[]>();

  on(event: string, listener: Listener): void {
    this.#listeners.set(event, [...this.#listeners.get(event) ?? [], listener]);
  }

  emit(event: string, ...args: unknown[]): void {
    const listeners = this.#listeners.get(event) ?? [];
    if (event === "error" && listeners.length === 0) throw args[0];
    for (const listener of listeners) listener(...args);
  }
}

/** A request whose body flows when the test says so. */
export class FakeIncoming extends Emitter implements NodeRequestLike {
  readonly method: string;
  readonly url: string;
  readonly rawHeaders: readonly string[];
  readonly socket: object = {};
  readableEnded = false;
  originalUrl?: string;
  body?: unknown;
  /** What was asked of the flow, in order. */
  readonly flow: string[] = [];

  constructor(method: string, url: string, rawHeaders: readonly string[] = ["Host", "127.0.0.1:8000"]) {
    super();
    this.method = method;
    this.url = url;
    this.rawHeaders = rawHeaders;
  }

  pause(): void {
    this.flow.push("pause");
  }

  resume(): void {
    this.flow.push("resume");
  }
}

/** A response that keeps what was sent; slow, if the test says so. */
export class FakeOutgoing extends Emitter implements NodeResponseLike {
  statusCode = 200;
  headersSent = false;
  destroyed = false;
  /** Whether the client is slow. */
  isSlow = false;
  readonly headers: Record<string, string | readonly string[]> = {};
  /** What was done besides setting headers, in order; pieces as text. */
  readonly sent: string[] = [];

  setHeader(name: string, value: string | readonly string[]): void {
    this.headers[name] = value;
  }

  flushHeaders(): void {
    this.headersSent = true;
    this.sent.push("headers");
  }

  write(chunk: Uint8Array): boolean {
    this.sent.push(new TextDecoder().decode(chunk));
    return !this.isSlow;
  }

  end(chunk?: Uint8Array): void {
    if (chunk !== undefined) this.sent.push(new TextDecoder().decode(chunk));
    this.sent.push("end");
    this.headersSent = true;
  }

  destroy(): void {
    this.sent.push("destroyed");
    this.emit("close");
  }

  /** The client leaves. */
  leave(): void {
    this.emit("close");
  }
}
