/**
 * Requests as raw bytes over real sockets: what no `Request` can express.
 *
 * The runtime's own server reads them first, so of the answers only this is judged: there is one or the connection ends,
 * it is no 5xx, it is well-formed, it holds no secrets; and afterwards the server serves as before.
 *
 * @module
 */
import { systemRuntime } from "../../src/runtime.ts";
import { Dice, mix } from "../simulator/dice.ts";
import { FuzzStore } from "./fuzz_store.ts";
import { generate } from "./generate.ts";
import { judgeText } from "./judge.ts";
import type { RequestSketch } from "./plan.ts";
import { Pools } from "./pools.ts";
import { createServed, tokenOf } from "./served.ts";

/** What came of it. */
export interface RawReport {
  readonly requests: number;
  readonly failures: readonly string[];
}

/** Real time within which a connection has to be over: the client has closed its side by then. */
const LIMIT_MS = 20_000;
const AT_ONCE = 16;

/** Sends so many requests. */
export async function fuzzSockets(seed: number, requests: number): Promise<RawReport> {
  const failures: string[] = [];
  const world = { anonymous: true, pages: false, twin: false, tight: false };
  const server = createServed({
    world,
    runtime: systemRuntime,
    store: new FuzzStore(systemRuntime),
    runs: [],
    onEvent: ({ type, message, error }) => {
      if (type === "defect") failures.push(`${message}: ${error}`);
    },
  });
  const listening = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, server.fetch);
  const { port } = listening.addr;
  try {
    let next = 0;
    const work = async () => {
      while (next < requests && failures.length === 0) {
        const bytes = rawRequest(seed, next++);
        const fault = await exchange(port, bytes);
        if (fault !== undefined) failures.push(`${fault}: ${JSON.stringify(latin1(bytes).slice(0, 3000))}`);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    failures.push(...await ping(port));
  } finally {
    await server.close({ graceMs: 1 });
    await listening.shutdown();
  }
  return { requests, failures };
}

/** Bytes of a damaged request. */
export function rawRequest(seed: number, index: number): Uint8Array<ArrayBuffer> {
  const dice = new Dice(mix(seed, 99, index));
  const sends = generate(mix(seed, index), 6).steps.filter((step) => step.do === "send");
  const bytes = toBytes(dice, dice.pick(sends).request);
  const isPair = dice.chance(0.1);
  return isPair ? concat(bytes, toBytes(dice, dice.pick(sends).request)) : bytes;
}

function toBytes(dice: Dice, sketch: RequestSketch): Uint8Array<ArrayBuffer> {
  const pools = new Pools();
  const text = (value: string) => pools.resolve(value, "anon").replaceAll(/[\u0100-\uffff]/g, "?");
  const body = new TextEncoder().encode(pools.resolve(sketch.body ?? "", "anon"));
  const lines = [`${sketch.method} ${text(sketch.path)} HTTP/1.1`];
  for (const [name, value] of sketch.headers) {
    lines.push(`${name}: ${value.startsWith("@") ? tokenOf("ada") : text(value)}`);
  }
  const isChunked = dice.chance(0.2);
  if (sketch.body !== undefined) {
    lines.push(isChunked ? "Transfer-Encoding: chunked" : `Content-Length: ${body.length + lie(dice)}`);
  }
  lines.push("Connection: close");
  if (dice.chance(0.3)) damageLine(dice, lines);
  const head = encode(`${lines.join(dice.chance(0.05) ? "\n" : "\r\n")}\r\n\r\n`);
  const whole = concat(head, isChunked ? chunked(dice, body) : body);
  return dice.chance(0.1) ? whole.slice(0, dice.below(whole.length)) : whole;
}

function lie(dice: Dice): number {
  return dice.chance(0.9) ? 0 : dice.pick([-1, 1, 100, 10 ** 9]);
}

function damageLine(dice: Dice, lines: string[]): void {
  const at = dice.below(lines.length);
  const line = lines[at]!;
  const char = dice.pick(["\0", "\r", "\n", "\t", " ", ":", "\x7f", "\xff", "\xc3\xa9"]);
  const place = dice.below(line.length + 1);
  lines[at] = dice.pick([
    line.slice(0, place) + char + line.slice(place),
    line.replace(": ", ":"),
    line.replace(":", " :"),
    ` ${line}`,
    `${line}\r\n ${line}`,
    `${line}\r\n${line}`,
    "",
    "Content-Length: 5",
    "Transfer-Encoding: chunked, identity",
    "Host: evil.example",
    `X: ${"x".repeat(70_000)}`,
    "GET / HTTP/9.9",
  ]);
}

function chunked(dice: Dice, body: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  let bytes = new Uint8Array(0);
  for (let at = 0; at < body.length;) {
    const piece = body.slice(at, at + dice.between(1, 400));
    const length = dice.chance(0.02)
      ? dice.pick(["zz", "-1", "ffffffffffffffffff", ""])
      : piece.length.toString(16);
    bytes = concat(
      concat(bytes, encode(`${length}${dice.chance(0.05) ? ";ext=1" : ""}\r\n`)),
      concat(piece, encode("\r\n")),
    );
    at += piece.length;
  }
  return dice.chance(0.05) ? bytes : concat(bytes, encode("0\r\n\r\n"));
}

/** Sends bytes, closes this side, reads to the end; tells what is wrong with it. */
async function exchange(port: number, bytes: Uint8Array<ArrayBuffer>): Promise<string | undefined> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  let isLate = false;
  const timer = setTimeout(() => (isLate = true, close(connection)), LIMIT_MS);
  try {
    const received = await readAll(connection, bytes);
    return isLate && !isStream(received) ? "the connection stays open" : faultOf(received);
  } finally {
    clearTimeout(timer);
    close(connection);
  }
}

async function readAll(connection: Deno.TcpConn, bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  let received = "";
  const buffer = new Uint8Array(65_536);
  try {
    for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
    await connection.closeWrite();
    for (let n = await connection.read(buffer); n !== null; n = await connection.read(buffer)) {
      received += latin1(buffer.subarray(0, n));
      // An event stream may go on for long: its client leaves once it has begun.
      if (isStream(received) && received.includes("\r\n\r\n")) break;
    }
  } catch (error) {
    // The server may close while more is sent.
    if (!(error instanceof Error)) throw error;
  }
  return received;
}

function isStream(received: string): boolean {
  return /^content-type: text\/event-stream/im.test(received);
}

function faultOf(received: string): string | undefined {
  if (received === "") return undefined;
  const [, status] = /^HTTP\/1\.[01] (\d{3}) /.exec(received) ?? [];
  if (status === undefined) return `no status line: ${received.slice(0, 200)}`;
  if (status.startsWith("5")) return `status ${status}`;
  try {
    judgeText(received, "ada", new Map());
  } catch (error) {
    return String(error);
  }
  const body = received.slice(received.indexOf("\r\n\r\n") + 4);
  const isJson = /^content-type: application\/json/im.test(received) && /^content-length: /im.test(received);
  return isJson && !received.startsWith("HTTP/1.1 100") && !body.includes("HTTP/1.1 ")
    ? faultOfJson(body)
    : undefined;
}

function faultOfJson(body: string): string | undefined {
  if (body === "") return undefined;
  try {
    return JSON.parse(new TextDecoder().decode(encode(body))).jsonrpc === "2.0" ? undefined : "not JSON-RPC";
  } catch {
    return `not JSON: ${body.slice(0, 200)}`;
  }
}

async function ping(port: number): Promise<string[]> {
  const body = '{"jsonrpc":"2.0","id":"after","method":"ping"}';
  const response = await fetch(`http://127.0.0.1:${port}/`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
  });
  const text = await response.text();
  return text === '{"jsonrpc":"2.0","id":"after","result":{}}' ? [] : [`the server does not serve: ${text}`];
}

function close(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch {
    // It was closed before.
  }
}

function encode(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

function latin1(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
