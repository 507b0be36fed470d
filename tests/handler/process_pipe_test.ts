import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { findProcessPipe, takeProcessPipe, toBytePipe } from "../../src/handler/process_pipe.ts";
import { settle } from "../support/settle.ts";

type Listener = (...args: unknown[]) => void;

/** What Node's streams show of themselves. */
class FakeEmitter {
  readonly listeners = new Map<string, Set<Listener>>();
  isPaused = false;

  on(event: string, listener: Listener): void {
    this.listeners.set(event, (this.listeners.get(event) ?? new Set()).add(listener));
  }

  off(event: string, listener: Listener): void {
    this.listeners.get(event)?.delete(listener);
  }

  emit(event: string, value?: unknown): void {
    for (const listener of this.listeners.get(event) ?? []) listener(value);
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  get count(): number {
    return [...this.listeners.values()].reduce((sum, { size }) => sum + size, 0);
  }
}

class FakeOutput extends FakeEmitter {
  readonly written: Uint8Array[] = [];
  done: ((error?: Error) => void) | undefined;

  write(chunk: Uint8Array, done: (error?: Error) => void): void {
    this.written.push(chunk);
    this.done = done;
  }
}

function withStreams() {
  const input = new FakeEmitter();
  const output = new FakeOutput();
  return { input, output, ...toBytePipe(input, output) };
}

Deno.test("toBytePipe() reads no faster than it is read", async () => {
  const { input, readable } = withStreams();
  await settle();
  assertEquals(input.isPaused, false);
  input.emit("data", Uint8Array.of(1));
  assertEquals(input.isPaused, true);
  const reader = readable.getReader();
  assertEquals((await reader.read()).value, Uint8Array.of(1));
  await settle();
  assertEquals(input.isPaused, false);
});

for (const event of ["end", "close"]) {
  Deno.test(`toBytePipe() ends with "${event}", once`, async () => {
    const { input, readable } = withStreams();
    input.emit("data", Uint8Array.of(1));
    input.emit(event);
    input.emit("close");
    input.emit("data", Uint8Array.of(2));
    assertEquals(await Array.fromAsync(readable), [Uint8Array.of(1)]);
    assertEquals(input.count, 0);
  });
}

Deno.test("toBytePipe() fails with the input", async () => {
  const { input, readable } = withStreams();
  input.emit("error", new Error("gone"));
  await assertRejects(() => readable.getReader().read(), Error, "gone");
});

Deno.test("toBytePipe() lets go of an input that nobody wants, so that the process can end", async () => {
  const { input, readable } = withStreams();
  await readable.cancel();
  assertEquals([input.count, input.isPaused], [0, true]);
  input.emit("data", Uint8Array.of(1));
  input.emit("end");
});

Deno.test("toBytePipe() writes one after the other, and fails with the output", async () => {
  const { output, writable } = withStreams();
  const writer = writable.getWriter();
  const first = writer.write(Uint8Array.of(1));
  const second = writer.write(Uint8Array.of(2));
  await settle();
  assertEquals(output.written, [Uint8Array.of(1)]);
  output.done?.();
  await first;
  assertEquals(output.written.length, 2);
  // Node says it twice: to whoever writes, and as an event that ends a process in which nobody hears it.
  assertEquals(output.listeners.get("error")?.size, 1);
  output.emit("error", new Error("EPIPE"));
  output.done?.(new Error("EPIPE"));
  await assertRejects(() => second, Error, "EPIPE");
  await writer.closed.catch(() => {});
});

Deno.test("findProcessPipe() finds the streams of Deno, of Node, or says that there are none", () => {
  const deno = Object.getOwnPropertyDescriptor(globalThis, "Deno")!;
  const process = Object.getOwnPropertyDescriptor(globalThis, "process")!;
  assertEquals(findProcessPipe().readable, Deno.stdin.readable);
  const input = new FakeEmitter();
  try {
    Object.defineProperty(globalThis, "Deno", { ...deno, value: undefined });
    const streams = { stdin: input, stdout: new FakeOutput() };
    Object.defineProperty(globalThis, "process", { configurable: true, value: streams });
    findProcessPipe();
    Object.defineProperty(globalThis, "process", { configurable: true, value: undefined });
    assertThrows(() => findProcessPipe(), TypeError, "no standard input and output");
  } finally {
    Object.defineProperty(globalThis, "Deno", deno);
    Object.defineProperty(globalThis, "process", process);
  }
  assertEquals(input.count, 4);
});

Deno.test("takeProcessPipe() gives the standard streams to one", () => {
  assertEquals(takeProcessPipe().readable, Deno.stdin.readable);
  assertThrows(() => takeProcessPipe(), TypeError, "served already");
});
