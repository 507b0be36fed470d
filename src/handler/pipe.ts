/**
 * One pipe of newline-delimited JSON-RPC, with clients of both revisions on it: requests of 2026-07-28 each complete in
 * itself, and at most one session of 2025-11-25, which lives as long as the pipe.
 *
 * Each message tells by itself which revision it belongs to, as over HTTP. A message that cannot be read is answered
 * with an error and ends nothing. What the server has to say goes out in order, one message a line, and nothing else.
 *
 * @module
 * @see 2025-11-25 and 2026-07-28, Transports, stdio
 */
import {
  type Era,
  internalError,
  isJsonObject,
  isRequestId,
  type JsonObject,
  type JsonRpcNotification,
  type JsonRpcRequest,
  type JsonRpcResponse,
  type JsonValue,
  type ParsedMessage,
  parseMessage,
  ProtocolError,
  type RequestId,
  toFailure,
  toResult,
  VERSION_2025,
  VERSION_2026,
} from "../protocol/mod.ts";
import { deferred } from "../runtime.ts";
import type { Caller, Dispatcher, SessionRef } from "../server/exchange.ts";
import { routeOf } from "./era.ts";
import type { FaultReporter } from "./fault_reporter.ts";
import { decodeJson, unreadable } from "./json_text.ts";
import { type Line, readLines } from "./line_reader.ts";
import { MessageWriter } from "./message_writer.ts";
import { checkModern } from "./modern.ts";
import { PipeExchange } from "./pipe_exchange.ts";

/** Two directions of bytes. */
export interface BytePipe {
  /** What the client says. */
  readonly readable: ReadableStream<Uint8Array>;
  /** What the client hears. */
  readonly writable: WritableStream<Uint8Array>;
}

/** Options of {@linkcode Pipe}. */
export interface PipeOptions {
  /** Tells who is at the other end; always of the same owner. */
  readonly caller: () => Caller;
  /** Longest line, in bytes without its line feed. */
  readonly maxBodyBytes: number;
  /** Deepest nesting of a message's objects and arrays. */
  readonly maxDepth: number;
  /** Bytes that may wait for a slow reader before nothing more is read, and what can be done without is dropped. */
  readonly maxQueueBytes: number;
  /** Whether the output is closed at the end, or left as it is. */
  readonly closesOutput: boolean;
}

/** Requests of one pipe that may be in progress. */
const MAX_IN_PROGRESS = 1000;

/** Serves a pipe. */
export class Pipe {
  readonly #dispatcher: Dispatcher;
  readonly #faults: FaultReporter;
  readonly #options: PipeOptions;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #writer: MessageWriter;
  readonly #requests = new Map<string, PipeExchange>();
  readonly #over = new AbortController();
  /** Set from `initialize` on; resolves with nothing if that failed. */
  #session: Promise<SessionRef | undefined> | undefined;
  #listening: Promise<void> | undefined;
  #onIdle: (() => void) | undefined;
  #ending: Promise<void> | undefined;

  /** @throws {TypeError} If somebody else reads or writes the pipe. */
  constructor(dispatcher: Dispatcher, faults: FaultReporter, pipe: BytePipe, options: PipeOptions) {
    this.#dispatcher = dispatcher;
    this.#faults = faults;
    this.#options = options;
    this.#reader = pipe.readable.getReader();
    this.#writer = new MessageWriter(pipe.writable, {
      maxQueueBytes: options.maxQueueBytes,
      onBroken: () => this.#onBroken(),
      onDrop: () => faults.emit({ type: "notifications_dropped" }),
    });
  }

  /**
   * Takes messages until the client closes its end, stops reading ours, or {@linkcode Pipe.end} is called; then waits
   * for the answers to what it has asked, `graceMs` at most. Mere waits are given up at once.
   */
  async run(graceMs: number): Promise<void> {
    try {
      for await (const line of readLines(this.#reader, this.#options.maxBodyBytes)) {
        if (this.#over.signal.aborted) return;
        this.#takeLine(line);
        // A client that does not read is not listened to.
        if (this.#writer.isFull) await this.#writer.settled();
      }
    } catch (error) {
      this.#faults.emit({ type: "pipe_failed", error });
    }
    for (const request of [...this.#requests.values()]) request.leave();
    await this.#within(graceMs, this.#idle());
  }

  /**
   * Ends the pipe: what is not answered by now gets an error. Waits until everything has been read, `graceMs` at most.
   * Called again it waits for the same end.
   */
  end(graceMs: number): Promise<void> {
    return this.#ending ??= this.#end(graceMs);
  }

  async #end(graceMs: number): Promise<void> {
    this.#over.abort();
    this.#reader.cancel().catch(() => {
      // It failed before, and is over all the same.
    });
    for (const [key, request] of [...this.#requests]) {
      request.finish(toFailure(idOf(key), closing().toJsonRpc()));
      request.abandon();
    }
    this.#requests.clear();
    await this.#within(graceMs, this.#endSession().then(() => this.#writer.settled()));
    await this.#writer.end(this.#options.closesOutput ? "close" : "release");
  }

  #takeLine(line: Line): void {
    const { maxBodyBytes, maxDepth } = this.#options;
    let value: JsonValue | undefined;
    try {
      if (line === "too_long") throw tooLong(maxBodyBytes);
      // Clients end lines as their platform does, and some part messages by an empty one.
      if (isBlank(line)) return;
      value = decodeJson(line, maxDepth, "line");
      this.#take(parseMessage(value));
    } catch (error) {
      // An answer to nothing of ours is no question either: two ends that answer each other's errors never stop.
      if (!isAnswer(value)) this.#refuse(error, undefined);
    }
  }

  #take(parsed: ParsedMessage): void {
    const route = routeOf(parsed, undefined);
    if (parsed.type === "response") this.#takeResponse(parsed.message);
    else if (parsed.type === "notification") this.#takeNotification(parsed.message);
    else if (route === "initialize") this.#initialize(parsed.message);
    else if (route === "modern") this.#answerModern(parsed.message);
    else this.#answerLegacy(parsed.message);
  }

  #answerModern(request: JsonRpcRequest): void {
    this.#answer(request, VERSION_2026, (exchange) => {
      const meta = checkModern(this.#dispatcher, request);
      return this.#dispatcher.dispatchModern(request, meta, exchange);
    });
  }

  #answerLegacy(request: JsonRpcRequest): void {
    // Clients may ping before they have a session, and it needs nothing of one.
    if (request.method === "ping") return this.#writer.send(toResult(request.id, {}));
    this.#answer(request, VERSION_2025, async (exchange) => {
      const session = await this.#session;
      if (session === undefined) throw sessionRequired();
      await this.#listen(session);
      const response = await this.#dispatcher.dispatchLegacy(request, session, exchange);
      if (response === undefined) throw closing();
      return response;
    });
  }

  #answer(
    request: JsonRpcRequest,
    era: Era,
    dispatch: (exchange: PipeExchange) => Promise<JsonRpcResponse>,
  ): void {
    const { id } = request;
    const key = keyOf(id);
    if (this.#requests.has(key)) return this.#refuse(idInUse(), id);
    if (this.#requests.size >= MAX_IN_PROGRESS) return this.#refuse(tooMany(), id);
    const exchange = new PipeExchange(this.#writer, this.#options.caller(), era);
    this.#requests.set(key, exchange);
    const finish = (response: JsonRpcResponse) => {
      this.#forget(key, exchange);
      exchange.finish(response);
    };
    startNow(() => dispatch(exchange)).then(finish).catch((error) => {
      finish(toFailure(id, this.#faults.toWireError(error, "dispatch").toJsonRpc()));
    });
  }

  #initialize(request: JsonRpcRequest): void {
    if (this.#session !== undefined) return this.#refuse(initializedBefore(), request.id);
    this.#session = this.#shakeHands(request);
  }

  async #shakeHands(request: JsonRpcRequest): Promise<SessionRef | undefined> {
    try {
      const exchange = new PipeExchange(this.#writer, this.#options.caller(), VERSION_2025);
      const { response, sessionId } = await this.#dispatcher.initialize(request, exchange, "connection");
      exchange.finish(response);
      if (sessionId !== undefined) return { id: sessionId };
    } catch (error) {
      this.#refuse(error, request.id);
    }
    this.#session = undefined;
    return undefined;
  }

  /** Lets the server push, from the client's first word after the handshake on (T25-137). Never rejects. */
  #listen(session: SessionRef): Promise<void> {
    return this.#listening ??= this.#attach(session).then((isAttached) => {
      if (!isAttached) this.#listening = undefined;
    });
  }

  async #attach(session: SessionRef): Promise<boolean> {
    try {
      return await this.#dispatcher.listenLegacy(session, {
        caller: this.#options.caller(),
        signal: this.#over.signal,
        send: (message) => this.#writer.send(message),
        // The pipe has other uses than the session's notifications, and an end of its own.
        close: () => {},
      });
    } catch (error) {
      // The owner has too many streams for now: what is asked over the pipe is answered all the same.
      this.#faults.toWireError(error, "handle");
      return false;
    }
  }

  async #endSession(): Promise<void> {
    try {
      const session = await this.#session;
      if (session !== undefined) await this.#dispatcher.endSession(session, this.#options.caller());
    } catch (error) {
      this.#faults.toDefect(error, "handle");
    }
  }

  #takeNotification(message: JsonRpcNotification): void {
    if (message.method === "notifications/cancelled") return this.#cancel(message.params);
    void this.#inSession(async (session, caller) => {
      await this.#listen(session);
      await this.#dispatcher.notifyLegacy(message, session, caller);
    });
  }

  #takeResponse(message: JsonRpcResponse): void {
    void this.#inSession((session, caller) => this.#dispatcher.respondLegacy(message, session, caller));
  }

  /** Passes on what is answered by nothing. Never rejects. */
  async #inSession(work: (session: SessionRef, caller: Caller) => Promise<unknown>): Promise<void> {
    try {
      const session = await this.#session;
      if (session !== undefined) await work(session, this.#options.caller());
    } catch (error) {
      // An error for the wire has nobody to go to.
      this.#faults.toWireError(error, "handle");
    }
  }

  /** Ids are the client's, and no two of its requests in progress have the same: the revision does not matter. */
  #cancel(params: JsonObject | undefined): void {
    const id = params?.requestId;
    if (!isRequestId(id)) return;
    const key = keyOf(id);
    const exchange = this.#requests.get(key);
    if (exchange === undefined) return;
    this.#forget(key, exchange);
    exchange.cancel();
  }

  #refuse(error: unknown, id: RequestId | undefined): void {
    const wire = this.#faults.toWireError(error, "handle");
    this.#writer.send(toFailure(id ?? wire.requestId, wire.toJsonRpc()));
  }

  #forget(key: string, exchange: PipeExchange): void {
    if (this.#requests.get(key) !== exchange) return;
    this.#requests.delete(key);
    if (this.#requests.size === 0) this.#onIdle?.();
  }

  /** Resolves once nothing that the client asked is under way. */
  async #idle(): Promise<void> {
    await this.#session;
    if (this.#requests.size > 0) await new Promise<void>((resolve) => this.#onIdle = resolve);
  }

  #onBroken(): void {
    this.#over.abort();
    this.#reader.cancel().catch(() => {
      // Both ends broke.
    });
    for (const request of [...this.#requests.values()]) request.abandon();
    this.#requests.clear();
    this.#onIdle?.();
  }

  /** Waits for work that never rejects, `ms` milliseconds at most. */
  async #within(ms: number, work: Promise<void>): Promise<void> {
    const late = deferred<void>();
    const cancelTimer = this.#faults.runtime.setTimer(ms, () => late.resolve());
    await Promise.race([work, late.promise]);
    cancelTimer();
  }
}

/** Calls at once, and rejects with what the call throws. */
// deno-lint-ignore require-await
async function startNow<T>(work: () => Promise<T>): Promise<T> {
  return work();
}

function keyOf(id: RequestId): string {
  return JSON.stringify(id);
}

function idOf(key: string): RequestId {
  return JSON.parse(key);
}

function isBlank(line: Uint8Array): boolean {
  return line.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
}

function isAnswer(value: JsonValue | undefined): boolean {
  return isJsonObject(value) && !Object.hasOwn(value, "method") &&
    (Object.hasOwn(value, "result") || Object.hasOwn(value, "error"));
}

function tooLong(maxBytes: number): ProtocolError {
  const { code, message } = unreadable(`the line is longer than ${maxBytes} bytes`);
  return new ProtocolError(code, message, { reason: "too_large", maxBytes });
}

function idInUse(): ProtocolError {
  return new ProtocolError(-32600, 'Invalid request: "id" is that of a request in progress');
}

function initializedBefore(): ProtocolError {
  return new ProtocolError(-32600, "Invalid request: this connection is initialized");
}

function sessionRequired(): ProtocolError {
  return new ProtocolError(
    -32600,
    'Invalid request: send "initialize" first, or a request with the metadata of 2026-07-28',
    { reason: "session_required" },
  );
}

function tooMany(): ProtocolError {
  return internalError(`Too many requests in progress: ${MAX_IN_PROGRESS} are allowed`, {
    reason: "limit",
    limit: "requests",
    retryAfterMs: 1000,
  });
}

function closing(): ProtocolError {
  return internalError("The server is closing: try again", { reason: "closing", retryAfterMs: 1000 });
}
