import { assertEquals, assertExists, assertStringIncludes } from "@std/assert";
import type { HandlerEvent } from "../../mod.ts";
import { FaultReporter } from "../../src/handler/fault_reporter.ts";
import { Pipe, type PipeOptions } from "../../src/handler/pipe.ts";
import type { Exchange, Listener } from "../../src/server/exchange.ts";
import { FakeRuntime } from "../support/fake_runtime.ts";
import { legacyRequest, modernRequest, PipeClient } from "../support/pipe_client.ts";
import { verifies } from "../support/requirements.ts";
import { seededRandom } from "../support/seeded_random.ts";
import { settle } from "../support/settle.ts";
import type { Json } from "../support/wire_judge.ts";
import { emptyResult, FakeDispatcher, type FakeDispatcherOptions, SESSION_ID } from "./fake_dispatcher.ts";

const GRACE_MS = 750;

interface Parts {
  readonly client: PipeClient;
  readonly pipe: Pipe;
  readonly dispatcher: FakeDispatcher;
  readonly runtime: FakeRuntime;
  readonly events: HandlerEvent[];
  /** Resolves when nothing more is taken from the pipe. */
  readonly ran: Promise<void>;
}

function start(server: FakeDispatcherOptions = {}, options: Partial<PipeOptions> = {}): Parts {
  const dispatcher = new FakeDispatcher(server);
  const client = new PipeClient();
  const runtime = new FakeRuntime();
  const events: HandlerEvent[] = [];
  const pipe = new Pipe(dispatcher, new FaultReporter(runtime, (event) => events.push(event)), client.pipe, {
    caller: () => ({ subject: "local" }),
    maxBodyBytes: 4096,
    maxDepth: 8,
    maxQueueBytes: 1024,
    closesOutput: true,
    ...options,
  });
  return { client, pipe, dispatcher, runtime, events, ran: pipe.run(GRACE_MS) };
}

/** A server that answers when the test says so. */
function held(): { readonly options: FakeDispatcherOptions; readonly calls: Held[] } {
  const calls: Held[] = [];
  const options: FakeDispatcherOptions = {
    answer: (request, exchange) =>
      new Promise((resolve, reject) => {
        calls.push({
          exchange,
          answer: () => (resolve(emptyResult(request)), settle()),
          fail: (error) => (reject(error), settle()),
        });
      }),
  };
  return { options, calls };
}

interface Held {
  readonly exchange: Exchange;
  answer(): Promise<void>;
  fail(error: unknown): Promise<void>;
}

async function end({ client, pipe, ran, runtime }: Parts): Promise<void> {
  await client.close();
  await runtime.drive(ran);
  await runtime.drive(pipe.end(GRACE_MS));
}

/** The error of an answer without an id. */
function refusal(client: PipeClient): Json | undefined {
  return client.take((message) => "error" in message && !("id" in message))?.error as Json | undefined;
}

async function shakeHands(client: PipeClient): Promise<void> {
  await client.send(legacyRequest("init", "initialize"), {
    jsonrpc: "2.0",
    method: "notifications/initialized",
  });
  assertExists(client.answerTo("init")?.result);
}

const PING = legacyRequest("ping", "ping");

verifies(["T25-190", "T26-174"], "messages are lines, however they are cut into chunks", async () => {
  const parts = start();
  const { client } = parts;
  const text = `${JSON.stringify(PING)}\r\n\n  \r\n${JSON.stringify({ ...PING, id: "é\u{1f600}\u2028" })}\n`;
  for (const byte of new TextEncoder().encode(text)) client.raw(Uint8Array.of(byte));
  client.raw(JSON.stringify({ ...PING, id: 3 }) + "\n" + JSON.stringify({ ...PING, id: 4 }) + "\n");
  await settle();
  assertEquals(client.received.map(({ id }) => id), ["ping", "é\u{1f600}\u2028", 3, 4]);
  await end(parts);
  assertEquals(client.isClosed, true);
});

verifies(["T25-190", "T26-174"], "what has line feeds in it goes out as one line", async () => {
  const parts = start({
    answer: ({ id }) => Promise.resolve({ jsonrpc: "2.0", id, result: { text: "a\nb\r\n\u2028c" } }),
  });
  await shakeHands(parts.client);
  await parts.client.send(legacyRequest(1, "tools/list"));
  assertEquals(parts.client.received, [{ jsonrpc: "2.0", id: 1, result: { text: "a\nb\r\n\u2028c" } }]);
  await end(parts);
});

Deno.test("a last line without a line feed is a message", async () => {
  const parts = start();
  parts.client.raw(JSON.stringify(PING));
  await end(parts);
  assertEquals(parts.client.received, [{ jsonrpc: "2.0", id: "ping", result: {} }]);
});

for (
  const [what, line, code, says] of [
    ["no JSON", "{", -32700, "not JSON"],
    ["two values", "{} {}", -32700, "not JSON"],
    ["ill-formed UTF-8", Uint8Array.of(0x22, 0xff, 0x22), -32700, "not UTF-8"],
    ["a cut character", Uint8Array.of(0x22, 0xe2, 0x82, 0x22), -32700, "not UTF-8"],
    ["too deep", "[".repeat(9) + "]".repeat(9), -32700, "deeper than 8"],
    ["endlessly deep", "[".repeat(4096), -32700, "deeper than 8"],
    ["a batch", [PING], -32600, "batches"],
    ["a number", "7", -32600, "must be an object"],
    ["nothing", "null", -32600, "must be an object"],
    ["another version", { ...PING, id: undefined, jsonrpc: "1.0" }, -32600, '"jsonrpc"'],
    ["an id of null", { ...PING, id: null }, -32600, '"id"'],
    ["an ill-formed id", `{"jsonrpc":"2.0","id":"\\ud800","method":"ping"}`, -32600, '"id"'],
    ["params in an array", { ...PING, id: undefined, params: [] }, -32600, '"params"'],
  ] as const
) {
  Deno.test(`a line that is ${what} is refused, and the next one is served`, async () => {
    const parts = start();
    await parts.client.send(line, PING);
    const error = refusal(parts.client);
    assertEquals(error?.code, code);
    assertStringIncludes(String(error?.message), says);
    assertEquals(parts.client.received, [{ jsonrpc: "2.0", id: "ping", result: {} }]);
    await end(parts);
  });
}

Deno.test("a refusal carries the id where there is one", async () => {
  const parts = start();
  await parts.client.send({ ...PING, params: [] });
  assertEquals((parts.client.answerTo("ping")?.error as Json).code, -32600);
  await end(parts);
});

Deno.test("a line that is too long is refused before it ends, and never held", async () => {
  const parts = start({}, { maxBodyBytes: 100 });
  const { client } = parts;
  await client.send(JSON.stringify(PING).padEnd(100));
  assertExists(client.answerTo("ping"));
  client.raw("x".repeat(101));
  await settle();
  assertEquals(refusal(client), {
    code: -32700,
    message: "Parse error: the line is longer than 100 bytes",
    data: { reason: "too_large", maxBytes: 100 },
  });
  for (let i = 0; i < 100; i++) client.raw(JSON.stringify(PING));
  await settle();
  assertEquals(client.received, []);
  await client.send("", PING);
  assertEquals(client.received, [{ jsonrpc: "2.0", id: "ping", result: {} }]);
  await end(parts);
});

for (
  const [what, message] of [
    ["of no shape", { jsonrpc: "2.0", id: "call/x", result: 7 }],
    ["with result and error", { jsonrpc: "2.0", id: 1, result: {}, error: { code: 1, message: "" } }],
    ["whose error is none", { jsonrpc: "2.0", id: 1, error: "no" }],
  ] as const
) {
  Deno.test(`an answer ${what} is not answered`, async () => {
    const parts = start();
    await shakeHands(parts.client);
    await parts.client.send(message);
    assertEquals(parts.client.received, []);
    await end(parts);
  });
}

verifies(
  ["T26-146", "T25-194", "T26-184"],
  "each message tells by itself which revision it is of",
  async () => {
    const parts = start();
    const { client, dispatcher } = parts;
    await client.send(modernRequest(1, "server/discover"));
    assertExists(client.answerTo(1)?.result);
    await client.send(legacyRequest(2, "tools/list"));
    assertEquals((client.answerTo(2)?.error as Json).code, -32600);
    await shakeHands(client);
    for (const request of [legacyRequest(3, "tools/list"), modernRequest(4, "tools/list")]) {
      await client.send(request);
      assertExists(client.answerTo(Number(request.id))?.result);
    }
    assertEquals(
      dispatcher.calls.map(({ via, session }) => session === undefined ? via : `${via} ${session}`),
      [
        "dispatchModern",
        "initialize",
        `listenLegacy ${SESSION_ID}`,
        `notifyLegacy ${SESSION_ID}`,
        `dispatchLegacy ${SESSION_ID}`,
        "dispatchModern",
      ],
    );
    await end(parts);
    assertEquals(dispatcher.calls.at(-1)?.via, "endSession");
  },
);

for (
  const [what, message, code] of [
    ["without metadata", { jsonrpc: "2.0", id: 1, method: "server/discover" }, -32602],
    [
      "of another version",
      modernRequest(1, "tools/list", {
        _meta: {
          "io.modelcontextprotocol/protocolVersion": "2027-01-01",
          "io.modelcontextprotocol/clientCapabilities": {},
        },
      }),
      -32022,
    ],
    ["of an unknown method", modernRequest(1, "tasks/list"), -32601],
    ["that shakes hands", modernRequest(1, "initialize"), -32601],
    ["that pings", modernRequest(1, "ping"), -32601],
  ] as const
) {
  verifies(
    "T26-120",
    `a 2026-07-28 request ${what} is refused as over HTTP`,
    async () => {
      const parts = start();
      await parts.client.send(message);
      assertEquals((parts.client.answerTo(1)?.error as Json).code, code);
      assertEquals(parts.dispatcher.calls, []);
      await end(parts);
    },
  );
}

verifies("T25-250", "a ping is answered before the handshake", async () => {
  const parts = start();
  await parts.client.send(PING);
  assertEquals(parts.client.received, [{ jsonrpc: "2.0", id: "ping", result: {} }]);
  await end(parts);
});

Deno.test("messages sent with the handshake wait for it", async () => {
  const parts = start();
  const initialize = legacyRequest(1, "initialize");
  parts.client.raw([initialize, legacyRequest(2, "tools/list")].map((one) => JSON.stringify(one)).join("\n"));
  await end(parts);
  assertEquals(parts.client.received.map(({ id }) => id), [1, 2]);
  assertExists(parts.client.received[1]?.result);
});

Deno.test("a pipe has one session, and a handshake that failed can be repeated", async () => {
  let refuses = true;
  const parts = start({
    answer: (request) => refuses ? Promise.reject(new Error("away")) : Promise.resolve(emptyResult(request)),
  });
  const { client } = parts;
  await client.send(legacyRequest(1, "initialize"), legacyRequest(2, "tools/list"));
  assertEquals((client.answerTo(1)?.error as Json).code, -32603);
  assertEquals((client.answerTo(2)?.error as Json).code, -32600);
  refuses = false;
  await client.send(legacyRequest(3, "initialize"), legacyRequest(4, "initialize"));
  assertExists(client.answerTo(3)?.result);
  assertEquals((client.answerTo(4)?.error as Json).code, -32600);
  await end(parts);
});

verifies("T25-137", "the server can push once the client has said it is ready", async () => {
  const listeners: Listener[] = [];
  const parts = start({ onListen: (listener) => listeners.push(listener) });
  await parts.client.send(legacyRequest(1, "initialize"));
  assertEquals(listeners.length, 0);
  await parts.client.send({ jsonrpc: "2.0", method: "notifications/initialized" });
  const [listener] = listeners;
  listener?.send({ jsonrpc: "2.0", method: "notifications/tools/list_changed" });
  await settle();
  assertExists(parts.client.sent("notifications/tools/list_changed"));
  await end(parts);
  assertEquals(listener?.signal.aborted, true);
});

verifies(
  ["T26-178", "T26-179", "T26-180", "T26-263", "T26-264", "T25-244", "T25-246", "T25-248"],
  "a cancelled request ends, and nothing more is sent for it",
  async () => {
    const { options, calls } = held();
    const parts = start(options);
    const { client } = parts;
    await client.send(modernRequest(1, "tools/call"), modernRequest("1", "tools/call"));
    const progress = {
      jsonrpc: "2.0",
      method: "notifications/progress",
      params: { progressToken: 1, progress: 1 },
    };
    calls[0]?.exchange.send(progress as never);
    await client.send({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } });
    assertExists(client.sent("notifications/progress"));
    assertEquals(calls.map(({ exchange }) => exchange.signal.aborted), [true, false]);
    assertEquals(calls.map(({ exchange }) => exchange.left.aborted), [true, false]);
    calls[0]?.exchange.send(progress as never);
    await calls[0]?.answer();
    assertEquals(client.received, []);
    await calls[1]?.answer();
    assertExists(client.answerTo("1"));
    await end(parts);
  },
);

verifies(
  ["T26-263", "T26-264", "T25-247", "T25-248"],
  "a cancellation of nothing changes nothing, whatever it names",
  async () => {
    const { options, calls } = held();
    const parts = start(options);
    const { client } = parts;
    await client.send(modernRequest(1, "tools/call"));
    for (
      const params of [undefined, {}, { requestId: 2 }, { requestId: null }, { requestId: "1" }, {
        requestId: {},
      }]
    ) {
      await client.send({ jsonrpc: "2.0", method: "notifications/cancelled", ...(params && { params }) });
    }
    assertEquals(calls[0]?.exchange.signal.aborted, false);
    await calls[0]?.answer();
    assertExists(client.answerTo(1));
    // It came too late, and the same id may be used again.
    await client.send({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } });
    await client.send(modernRequest(1, "tools/call"));
    assertEquals(calls[1]?.exchange.signal.aborted, false);
    await calls[1]?.answer();
    assertExists(client.answerTo(1));
    await end(parts);
  },
);

Deno.test("the id of a request in progress cannot be used for another", async () => {
  const { options, calls } = held();
  const parts = start(options);
  await parts.client.send(modernRequest(1, "tools/call"), modernRequest(1, "tools/call"));
  assertEquals((parts.client.answerTo(1)?.error as Json).code, -32600);
  assertEquals(calls.length, 1);
  await calls[0]?.answer();
  assertExists(parts.client.answerTo(1)?.result);
  await end(parts);
});

Deno.test("a thousand requests may be in progress, and no more", async () => {
  const { options, calls } = held();
  const parts = start(options, { maxQueueBytes: 1e6 });
  await parts.client.send(...Array.from({ length: 1001 }, (_, i) => modernRequest(i, "tools/call")));
  const error = parts.client.answerTo(1000)?.error as Json;
  assertEquals([error.code, error.data], [-32603, {
    reason: "limit",
    limit: "requests",
    retryAfterMs: 1000,
  }]);
  assertEquals(calls.length, 1000);
  await parts.client.send(PING);
  assertExists(parts.client.answerTo("ping"));
  await calls[0]?.answer();
  await parts.client.send(modernRequest("next", "tools/call"));
  assertEquals(calls.length, 1001);
  await end(parts);
});

verifies("T26-176", "no request is ever sent for one of 2026-07-28", async () => {
  const { options, calls } = held();
  const parts = start(options);
  await parts.client.send(modernRequest(1, "tools/call"));
  let refused: unknown;
  try {
    calls[0]?.exchange.send({ jsonrpc: "2.0", id: 7, method: "elicitation/create" });
  } catch (error) {
    refused = error;
  }
  assertEquals(refused instanceof TypeError, true);
  assertEquals(parts.client.received, []);
  await end(parts);
});

Deno.test("an error of ours becomes a fixed text and an event", async () => {
  const { options, calls } = held();
  const parts = start(options);
  await parts.client.send(modernRequest(1, "tools/call"));
  await calls[0]?.fail(new Error("hunter2"));
  const answer = parts.client.answerTo(1);
  assertEquals((answer?.error as Json).code, -32603);
  assertEquals(JSON.stringify(answer).includes("hunter2"), false);
  assertEquals(parts.events.map(({ type }) => type), ["defect"]);
  await end(parts);
});

Deno.test("an answer that is no JSON is answered by an error", async () => {
  const parts = start({
    answer: ({ id }) => Promise.resolve({ jsonrpc: "2.0", id, result: { big: 1n } as never }),
  });
  await parts.client.send(modernRequest(1, "tools/list"));
  assertEquals((parts.client.answerTo(1)?.error as Json).code, -32603);
  await end(parts);
});

verifies(
  ["T25-193", "T26-181"],
  "at the end of the input waits are given up, calls are waited for, and the pipe ends",
  async () => {
    const { options, calls } = held();
    const parts = start(options);
    const { client, runtime, ran, pipe } = parts;
    await client.send(modernRequest(1, "tools/call"), modernRequest(2, "tools/call"));
    await client.close();
    assertEquals(calls.map(({ exchange }) => exchange.left.aborted), [true, true]);
    assertEquals(calls.map(({ exchange }) => exchange.signal.aborted), [false, false]);
    await calls[0]?.answer();
    assertExists(client.answerTo(1)?.result);
    let hasRun = false;
    ran.then(() => hasRun = true);
    await runtime.advance(GRACE_MS - 1);
    assertEquals(hasRun, false);
    await runtime.advance(1);
    assertEquals(hasRun, true);
    await runtime.drive(pipe.end(GRACE_MS));
    assertEquals((client.answerTo(2)?.error as Json).data, { reason: "closing", retryAfterMs: 1000 });
    assertEquals(calls[1]?.exchange.signal.aborted, true);
    assertEquals(client.isClosed, true);
    assertEquals(runtime.pendingTimers, 0);
  },
);

Deno.test("a pipe without requests ends at once when its input does", async () => {
  const parts = start();
  await parts.client.close();
  await parts.ran;
  assertEquals(parts.runtime.pendingTimers, 0);
  await parts.pipe.end(GRACE_MS);
  assertEquals(parts.client.isClosed, true);
});

Deno.test("a handshake that is all a client says is answered", async () => {
  const { options, calls } = held();
  const parts = start(options);
  await parts.client.send(legacyRequest(1, "initialize"));
  await parts.client.close();
  let hasRun = false;
  parts.ran.then(() => hasRun = true);
  await parts.runtime.advance(GRACE_MS - 1);
  assertEquals(hasRun, false);
  await calls[0]?.answer();
  await parts.ran;
  await parts.runtime.drive(parts.pipe.end(GRACE_MS));
  assertExists(parts.client.answerTo(1)?.result);
});

Deno.test("a handshake that never ends does not keep the pipe open", async () => {
  const { options } = held();
  const parts = start(options);
  await parts.client.send(legacyRequest(1, "initialize"));
  await end(parts);
  assertEquals(parts.client.isClosed, true);
  assertEquals(parts.runtime.pendingTimers, 0);
});

Deno.test("a session that cannot be pushed to is served all the same, and may be pushed to later", async () => {
  const listeners: Listener[] = [];
  let refuses = true;
  const parts = start({
    onListen: (listener) => {
      if (refuses) throw new Error("too many streams");
      listeners.push(listener);
    },
  });
  await shakeHands(parts.client);
  await parts.client.send(legacyRequest(1, "tools/list"));
  assertExists(parts.client.answerTo(1)?.result);
  refuses = false;
  await parts.client.send(legacyRequest(2, "tools/list"), legacyRequest(3, "tools/list"));
  assertEquals(listeners.length, 1);
  await end(parts);
});

Deno.test("an input that fails is an end like any other, and an event", async () => {
  const parts = start();
  await parts.client.breakInput(new Error("the disk is gone"));
  await parts.ran;
  assertEquals(parts.events.map(({ type }) => type), ["pipe_failed"]);
  await parts.pipe.end(GRACE_MS);
  assertEquals(parts.client.isClosed, true);
});

Deno.test("a client that hangs up ends the pipe without a word, and its 2026-07-28 requests", async () => {
  const { options, calls } = held();
  const parts = start(options);
  const { client } = parts;
  await client.send(legacyRequest(0, "initialize"));
  await calls[0]?.answer();
  await client.send(modernRequest(1, "tools/call"), legacyRequest(2, "tools/call"));
  await client.hangUp();
  await client.send(PING);
  await parts.ran;
  assertEquals(calls.slice(1).map(({ exchange }) => exchange.left.aborted), [true, true]);
  assertEquals(calls.slice(1).map(({ exchange }) => exchange.signal.aborted), [true, false]);
  for (const call of calls) await call.answer();
  await parts.pipe.end(GRACE_MS);
  assertEquals(parts.events, []);
  assertEquals(parts.runtime.pendingTimers, 0);
});

Deno.test("an output that breaks while nothing is said ends the pipe", async () => {
  const { options, calls } = held();
  const parts = start(options);
  await parts.client.send(modernRequest(1, "tools/call"));
  await parts.client.breakOutput(new Error("gone"));
  await parts.ran;
  assertEquals(calls[0]?.exchange.signal.aborted, true);
  await parts.pipe.end(GRACE_MS);
  assertEquals(parts.events, []);
});

Deno.test("a reader that stands still is not buried: nothing more is read, and what can be missed is dropped", async () => {
  const { options, calls } = held();
  const parts = start(options);
  const { client, dispatcher, events } = parts;
  await client.send(modernRequest(1, "tools/call"));
  client.stopReading();
  const log = (text: string) =>
    calls[0]?.exchange.send({
      jsonrpc: "2.0",
      method: "notifications/message",
      params: { level: "info", data: text },
    });
  log("x".repeat(1024));
  for (let i = 0; i < 100; i++) log(`line ${i}`);
  assertEquals(events, [{ type: "notifications_dropped" }]);
  for (let i = 0; i < 100; i++) {
    calls[0]?.exchange.send({ jsonrpc: "2.0", method: "notifications/tools/list_changed" });
  }
  let isRead = false;
  calls[0]?.exchange.whenRead?.(() => isRead = true);
  // The line after which it shows that nobody reads is taken, no further one.
  await client.send(modernRequest(2, "tools/call"), modernRequest(3, "tools/call"));
  assertEquals(dispatcher.calls.length, 2);
  await calls[0]?.answer();
  assertEquals([client.received, isRead], [[], false]);
  await client.readOn();
  assertEquals(
    client.received.map(({ method, id }) => method ?? id),
    ["notifications/message", "notifications/tools/list_changed", 1],
  );
  assertEquals(isRead, true);
  assertEquals(dispatcher.calls.length, 3);
  log("back again");
  await settle();
  assertExists(client.sent("notifications/message"));
  for (const call of calls) await call.answer();
  await end(parts);
});

Deno.test("a reader that never comes back does not keep the pipe open", async () => {
  const parts = start();
  const { client, runtime } = parts;
  client.stopReading();
  await client.send(PING);
  await client.close();
  await runtime.drive(parts.ran);
  await runtime.drive(parts.pipe.end(GRACE_MS));
  assertEquals(client.received, []);
  assertEquals(runtime.pendingTimers, 0);
});

Deno.test("answers do not depend on how the input is cut", async () => {
  const random = seededRandom(7);
  const pick = <T>(things: readonly T[]): T => things[Math.floor(random() * things.length)]!;
  const lines = [
    JSON.stringify(PING),
    JSON.stringify({ ...PING, id: "\u{1f600}" }),
    JSON.stringify(modernRequest("ID", "tools/list")),
    JSON.stringify(legacyRequest("ID", "tools/list")),
    "",
    "   ",
    "{",
    "\r",
    "[]",
    '"\u{1f600}"',
    "x".repeat(300),
    "\u0000",
    JSON.stringify({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 9 } }),
    JSON.stringify({ jsonrpc: "2.0", id: 1, result: {} }),
  ];
  for (let round = 0; round < 30; round++) {
    const bytes = new TextEncoder().encode(
      Array.from(
        { length: 20 },
        (_, i) => `${pick(lines).replace("ID", `id-${i}`)}${pick(["\n", "\n", "\r\n"])}`,
      ).join(""),
    );
    // Some bytes go bad on the way.
    if (round % 3 === 0) bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
    const answers: Json[][] = [];
    for (const cuts of [0, 5, 50]) {
      const parts = start({}, { maxBodyBytes: 256 });
      const places = Array.from({ length: cuts }, () => Math.floor(random() * bytes.length)).sort((a, b) =>
        a - b
      );
      parts.client.raw(...[0, ...places].map((place, i) => bytes.slice(place, places[i] ?? bytes.length)));
      await end(parts);
      answers.push(parts.client.received.sort((a, b) => JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
    }
    assertEquals(answers[1], answers[0]);
    assertEquals(answers[2], answers[0]);
  }
});
