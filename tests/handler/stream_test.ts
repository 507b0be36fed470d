import { assertEquals, assertMatch } from "@std/assert";
import type { JsonRpcNotification, JsonRpcResponse } from "../../src/protocol/mod.ts";
import type { Exchange, Listener } from "../../src/server/exchange.ts";
import { SseStream } from "../../src/handler/sse_stream.ts";
import { verifies } from "../support/requirements.ts";
import { FakeRuntime } from "../support/fake_runtime.ts";
import { settle } from "../support/settle.ts";
import { readSse, type SseBlock } from "../support/sse.ts";
import { emptyResult } from "./fake_dispatcher.ts";
import { bare, createTestHandler, legacy, modern } from "./requests.ts";

/** Opens a request whose answer the test gives when it likes. */
function createPending() {
  const { promise, resolve, reject } = Promise.withResolvers<JsonRpcResponse>();
  let exchange: Exchange | undefined;
  return {
    answer: (_request: unknown, given: Exchange) => {
      exchange = given;
      return promise;
    },
    resolve,
    reject,
    get exchange(): Exchange {
      if (!exchange) throw new Error("Cannot look at the exchange: nothing was dispatched");
      return exchange;
    },
  };
}

function progress(done: number): JsonRpcNotification {
  return { jsonrpc: "2.0", method: "notifications/progress", params: { progressToken: 1, progress: done } };
}

function messages(blocks: readonly SseBlock[]): unknown[] {
  return blocks.filter(({ data }) => data).map(({ data }) => JSON.parse(data ?? ""));
}

const RESULT = emptyResult({ jsonrpc: "2.0", id: 7, method: "" });

/** Lets whatever is enqueued cancel its stream before `enqueue` returns, as Deno does when the connection is gone. */
function cancelWithinEnqueue(cancel: () => void): Disposable {
  const { prototype } = ReadableStreamDefaultController;
  const { enqueue } = prototype;
  prototype.enqueue = function (chunk) {
    enqueue.call(this, chunk);
    cancel();
  };
  return { [Symbol.dispose]: () => void (prototype.enqueue = enqueue) };
}

Deno.test("a stream that ends within its own keep-alive leaves no timer behind", async () => {
  const runtime = new FakeRuntime();
  const ends: string[] = [];
  const onEnd = (end: string) => void ends.push(end);
  const stream = new SseStream({ runtime, keepAliveMs: 8000, maxQueueBytes: 1000, onEnd });
  const reader = stream.readable.getReader();
  await reader.read();
  const last = reader.read();
  await settle();
  {
    using _ = cancelWithinEnqueue(() => void reader.cancel());
    await runtime.advance(8000);
  }
  await last;
  assertEquals([ends, runtime.pendingTimers], [["left"], 0]);
});

for (const [era, request] of [["2026-07-28", modern], ["2025-11-25", legacy]] as const) {
  verifies(
    ["T25-155", "T25-161", "T25-163", "T26-146", "T26-147", "T26-150"],
    `under ${era} what is sent ahead opens a stream that the answer ends`,
    async () => {
      const pending = createPending();
      const { fetch } = createTestHandler(pending);
      const answered = fetch(request("tools/call", { name: "slow" }));
      await settle();
      pending.exchange.send(progress(1));
      pending.exchange.send(progress(2));
      const response = await answered;
      pending.resolve(RESULT);
      const blocks = await readSse(response).all();
      assertEquals(messages(blocks), [progress(1), progress(2), RESULT]);
      assertEquals(
        [response.status, response.headers.get("content-type"), response.headers.get("cache-control")],
        [200, "text/event-stream", "no-cache, no-transform"],
      );
    },
  );

  Deno.test(`createFetchHandler() under ${era} drops what is sent after the answer`, async () => {
    const pending = createPending();
    const { fetch } = createTestHandler(pending);
    const answered = fetch(request("tools/call", { name: "slow" }));
    await settle();
    pending.exchange.send(progress(1));
    pending.resolve(RESULT);
    await settle();
    pending.exchange.send(progress(2));
    assertEquals(messages(await readSse(await answered).all()), [progress(1), RESULT]);
  });

  Deno.test(`createFetchHandler() under ${era} opens nothing for what is sent after a plain answer`, async () => {
    const pending = createPending();
    const { fetch, runtime } = createTestHandler(pending);
    const answered = fetch(request("tools/call", { name: "quick" }));
    await settle();
    pending.resolve(RESULT);
    assertEquals(await (await answered).json(), RESULT);
    pending.exchange.send(progress(1));
    assertEquals(runtime.pendingTimers, 0);
  });

  verifies(
    "T26-152",
    `under ${era} silence of 8 s opens a stream, and every further 8 s brings a comment`,
    async () => {
      const pending = createPending();
      const { fetch, runtime } = createTestHandler(pending);
      const answered = fetch(request("tools/call", { name: "slow" }));
      let isOpen = false;
      answered.then(() => void (isOpen = true));
      await runtime.advance(7999);
      assertEquals(isOpen, false);
      await runtime.advance(1);
      assertEquals(isOpen, true);
      const reader = readSse(await answered);
      await reader.next();
      for (let round = 0; round < 3; round++) {
        const next = reader.next();
        await runtime.advance(8000);
        assertEquals((await next).value, { comments: [""] });
      }
      pending.resolve(RESULT);
      assertEquals(messages(await reader.all()), [RESULT]);
      assertEquals(runtime.pendingTimers, 0);
    },
  );

  Deno.test(`createFetchHandler() under ${era} piles up no comments for a reader that does not read`, async () => {
    const pending = createPending();
    const { fetch, runtime } = createTestHandler(pending);
    const answered = fetch(request("tools/call", { name: "slow" }));
    await runtime.advance(8000 * 100);
    pending.resolve(RESULT);
    assertEquals((await readSse(await answered).all()).length, 2);
  });

  Deno.test(`createFetchHandler() under ${era} sets no timer behind a quick answer`, async () => {
    const { fetch, runtime } = createTestHandler();
    await fetch(request("tools/call", { name: "quick" }));
    assertEquals(runtime.pendingTimers, 0);
  });

  Deno.test(`createFetchHandler() under ${era} ends an open stream with an error when the server throws`, async () => {
    const pending = createPending();
    const { fetch } = createTestHandler(pending);
    const answered = fetch(request("tools/call", { name: "slow" }));
    await settle();
    pending.exchange.send(progress(1));
    pending.reject(new Error("secret"));
    const [, last] = messages(await readSse(await answered).all()) as [
      unknown,
      { id: number; error: { code: number } },
    ];
    assertEquals([last.id, last.error.code], [7, -32603]);
    assertEquals(JSON.stringify(last).includes("secret"), false);
  });

  Deno.test(`createFetchHandler() under ${era} cuts off a reader with too much before it, and says so`, async () => {
    const events: unknown[] = [];
    const pending = createPending();
    const onEvent = (event: unknown) => void events.push(event);
    const { fetch, runtime } = createTestHandler(pending, { maxQueueBytes: 1000, onEvent });
    const answered = fetch(request("tools/call", { name: "chatty" }));
    await settle();
    const { signal } = pending.exchange;
    for (let i = 0; i < 50; i++) pending.exchange.send(progress(i));
    assertEquals(events, [{ type: "stream_overflow", era }]);
    assertEquals(signal.aborted, era === "2026-07-28");
    pending.resolve(RESULT);
    assertEquals(messages(await readSse(await answered).all()), []);
    assertEquals(runtime.pendingTimers, 0);
  });

  Deno.test(`createFetchHandler() under ${era} lets a reader that keeps up have any amount`, async () => {
    const pending = createPending();
    const { fetch } = createTestHandler(pending, { maxQueueBytes: 200 });
    const answered = fetch(request("tools/call", { name: "chatty" }));
    await settle();
    for (let i = 0; i < 2; i++) pending.exchange.send(progress(i));
    const reader = readSse(await answered);
    for (let i = 0; i < 50; i++) {
      assertEquals(await reader.nextMessage(), progress(i));
      pending.exchange.send(progress(i + 2));
    }
    await reader.stop();
  });

  Deno.test(`createFetchHandler() under ${era} delivers one message of any size, and the answer behind a full queue`, async () => {
    const pending = createPending();
    const { fetch } = createTestHandler(pending, { maxQueueBytes: 100 });
    const answered = fetch(request("tools/call", { name: "big" }));
    await settle();
    const large = { ...progress(1), params: { text: "x".repeat(1_000_000) } };
    pending.exchange.send(large);
    pending.resolve(RESULT);
    const [first, last] = messages(await readSse(await answered).all());
    assertEquals(JSON.stringify(first) === JSON.stringify(large), true);
    assertEquals(last, RESULT);
  });

  Deno.test(`createFetchHandler() under ${era} keeps every message on one data line`, async () => {
    const text = "a\nb\r\nc\rd\u2028e\u2029f\u0000 data: x\n\nid: evil";
    const pending = createPending();
    const { fetch } = createTestHandler(pending);
    const answered = fetch(request("tools/call", { name: "text" }));
    await settle();
    const message = { jsonrpc: "2.0", method: "notifications/message", params: { data: text } } as const;
    pending.exchange.send(message);
    pending.resolve(RESULT);
    const raw = await (await answered).clone().text();
    const blocks = await readSse(await answered).all();
    assertEquals(messages(blocks), [message, RESULT]);
    assertEquals(raw.split("\n").filter((line) => line.startsWith("data: {")).length, 2);
    assertEquals(raw.includes("\r"), false);
  });
}

verifies(
  ["T26-151", "T26-153"],
  "a 2026-07-28 stream begins with a comment, has no ids and is not to be buffered",
  async () => {
    const pending = createPending();
    const { fetch } = createTestHandler(pending);
    const answered = fetch(modern("tools/call", { name: "slow" }));
    await settle();
    pending.exchange.send(progress(1));
    const response = await answered;
    pending.resolve(RESULT);
    assertEquals(response.headers.get("x-accel-buffering"), "no");
    assertEquals(
      await response.text(),
      `:\n\ndata: ${JSON.stringify(progress(1))}\n\ndata: ${JSON.stringify(RESULT)}\n\n`,
    );
  },
);

verifies(
  ["T26-111", "T26-149"],
  "a request of the server's is a defect under 2026-07-28 and never sent",
  async () => {
    const errors: string[] = [];
    const { fetch } = createTestHandler({
      answer: (request, exchange) => {
        exchange.send({ jsonrpc: "2.0", id: 1, method: "elicitation/create" });
        return Promise.resolve(emptyResult(request));
      },
    }, { onEvent: (event) => void (event.type === "defect" && errors.push(String(event.error))) });
    const response = await fetch(modern("tools/call", { name: "asks" }));
    assertEquals([response.status, response.headers.get("content-type")], [500, "application/json"]);
    assertEquals(errors, [
      'TypeError: Cannot send "elicitation/create": servers send no requests under 2026-07-28',
    ]);
  },
);

verifies(
  ["T25-161", "T25-162"],
  "a request of the server's travels on the stream of a 2025-11-25 request",
  async () => {
    const pending = createPending();
    const { fetch } = createTestHandler(pending);
    const answered = fetch(legacy("tools/call", { name: "asks" }));
    await settle();
    const request = { jsonrpc: "2.0", id: "call/1", method: "elicitation/create", params: {} } as const;
    pending.exchange.send(request);
    pending.resolve(RESULT);
    assertEquals(messages(await readSse(await answered).all()), [request, RESULT]);
  },
);

verifies(
  ["T25-156", "T25-173", "T25-174", "T25-175"],
  "a 2025-11-25 stream begins with an id and empty data; ids never repeat",
  async () => {
    const ids: string[] = [];
    const { fetch } = createTestHandler({
      answer: (request, exchange) => {
        exchange.send(progress(1));
        return Promise.resolve(emptyResult(request));
      },
    });
    for (let stream = 0; stream < 2; stream++) {
      const blocks = await readSse(await fetch(legacy("tools/call", { name: "slow" }))).all();
      assertEquals(blocks.map(({ data }) => data === ""), [true, false, false]);
      assertEquals(blocks.map(({ comments }) => comments), [[], [], []]);
      const prefixes = blocks.map(({ id = "" }) => id.slice(0, id.lastIndexOf(".")));
      assertEquals(new Set(prefixes).size, 1);
      assertMatch(prefixes[0] ?? "", /^post-[\w-]{16}$/);
      ids.push(...blocks.map(({ id = "" }) => id));
    }
    assertEquals(new Set(ids).size, 6);
  },
);

Deno.test("createFetchHandler() spares clients of older revisions the event with empty data", async () => {
  for (const version of ["2025-06-18", "2025-03-26", undefined]) {
    const { fetch } = createTestHandler({
      answer: (request, exchange) => {
        exchange.send(progress(1));
        return Promise.resolve(emptyResult(request));
      },
    });
    const response = await fetch(legacy("tools/call", { name: "slow" }, { "mcp-protocol-version": version }));
    const blocks = await readSse(response).all();
    assertEquals(blocks.map(({ id, data }) => [id, data !== ""]), [[undefined, true], [undefined, true], [
      undefined,
      true,
    ]]);
    assertEquals(blocks[0]?.comments, [""]);
  }
});

verifies(["T26-154", "T26-155", "T26-156"], "leaving the stream cancels a 2026-07-28 request", async () => {
  const pending = createPending();
  const { fetch, runtime } = createTestHandler(pending);
  const answered = fetch(modern("tools/call", { name: "slow" }));
  await settle();
  const { signal } = pending.exchange;
  pending.exchange.send(progress(1));
  const reader = readSse(await answered);
  await reader.next();
  assertEquals(signal.aborted, false);
  await reader.stop();
  assertEquals([signal.aborted, (signal.reason as Error).name], [true, "AbortError"]);
  pending.exchange.send(progress(2));
  pending.resolve(RESULT);
  await settle();
  assertEquals(runtime.pendingTimers, 0);
});

verifies("T26-154", "a signal asked for after the client left has aborted already", async () => {
  const pending = createPending();
  const { fetch } = createTestHandler(pending);
  const answered = fetch(modern("tools/call", { name: "slow" }));
  await settle();
  pending.exchange.send(progress(1));
  await readSse(await answered).stop();
  assertEquals(pending.exchange.signal.aborted, true);
});

verifies("T26-154", "leaving before there is a response cancels a 2026-07-28 request", async () => {
  const pending = createPending();
  const { fetch } = createTestHandler(pending);
  const client = new AbortController();
  fetch(new Request(modern("tools/call", { name: "slow" }), { signal: client.signal }));
  await settle();
  const { signal } = pending.exchange;
  assertEquals(signal.aborted, false);
  client.abort();
  assertEquals(signal.aborted, true);
});

verifies("T26-154", "a client that had left before the request was read is noticed", async () => {
  const pending = createPending();
  const { fetch } = createTestHandler(pending);
  const client = new AbortController();
  const request = new Request(modern("tools/call", { name: "slow" }), { signal: client.signal });
  fetch(request);
  await settle();
  client.abort();
  assertEquals(pending.exchange.signal.aborted, true);
});

for (const how of ["as JSON", "on a stream"] as const) {
  Deno.test(`createFetchHandler() ignores a request's signal once the answer went out ${how}`, async () => {
    const pending = createPending();
    const { fetch } = createTestHandler(pending);
    const client = new AbortController();
    const answered = fetch(new Request(modern("tools/call", { name: "slow" }), { signal: client.signal }));
    await settle();
    const { signal } = pending.exchange;
    if (how === "on a stream") pending.exchange.send(progress(1));
    else pending.resolve(RESULT);
    const response = await answered;
    client.abort();
    assertEquals(signal.aborted, false);
    pending.resolve(RESULT);
    await response.text();
    assertEquals(signal.aborted, false);
  });
}

for (const how of ["before a response", "from a stream"] as const) {
  verifies("T25-165", `leaving ${how} cancels no 2025-11-25 request, but can be noticed`, async () => {
    const pending = createPending();
    const { fetch } = createTestHandler(pending);
    const client = new AbortController();
    const answered = fetch(new Request(legacy("tools/call", { name: "slow" }), { signal: client.signal }));
    await settle();
    const { signal, left } = pending.exchange;
    if (how === "from a stream") {
      pending.exchange.send(progress(1));
      const reader = readSse(await answered);
      assertEquals(left.aborted, false);
      await reader.stop();
    } else {
      client.abort();
    }
    assertEquals([signal.aborted, left.aborted], [false, true]);
    assertEquals([pending.exchange.signal.aborted, pending.exchange.left.aborted], [false, true]);
  });
}

Deno.test("createFetchHandler() ends an open stream with an error when the session was lost meanwhile", async () => {
  const { fetch, runtime, dispatcher } = createTestHandler();
  const lost = Promise.withResolvers<undefined>();
  dispatcher.dispatchLegacy = () => lost.promise;
  const answered = fetch(legacy("tools/list"));
  await runtime.advance(8000);
  lost.resolve(undefined);
  const [last] = messages(await readSse(await answered).all()) as [{ id: number; error: { code: number } }];
  assertEquals([last.id, last.error.code], [7, -32600]);
});

verifies(["T25-166", "T25-168"], "GET opens the stream of a session", async () => {
  let listener: Listener | undefined;
  const { fetch, runtime } = createTestHandler({ onListen: (given) => void (listener = given) });
  const response = await fetch(bare("GET"));
  assertEquals([response.status, response.headers.get("x-accel-buffering")], [200, "no"]);
  const reader = readSse(response);
  assertEquals((await reader.next()).value?.data, "");
  const changed = { jsonrpc: "2.0", method: "notifications/tools/list_changed" } as const;
  listener?.send(changed);
  assertEquals(await reader.nextMessage(), changed);
  const comment = reader.next();
  await runtime.advance(8000);
  assertEquals((await comment).value, { comments: [""] });
  assertEquals(listener?.signal.aborted, false);
  listener?.close();
  assertEquals(await reader.all(), []);
  assertEquals([listener?.signal.aborted, runtime.pendingTimers], [true, 0]);
});

verifies("T25-171", "leaving a GET stream tells the server", async () => {
  let listener: Listener | undefined;
  const { fetch, runtime } = createTestHandler({ onListen: (given) => void (listener = given) });
  const reader = readSse(await fetch(bare("GET", { "last-event-id": "anything.3" })));
  assertEquals(listener?.signal.aborted, false);
  await reader.stop();
  assertEquals([listener?.signal.aborted, runtime.pendingTimers], [true, 0]);
});

Deno.test("createFetchHandler() keeps no timer for a GET that finds no session or a server that fails", async () => {
  const { fetch, runtime, dispatcher } = createTestHandler();
  assertEquals((await fetch(bare("GET", { "mcp-session-id": "dead" }))).status, 404);
  dispatcher.listenLegacy = () => Promise.reject(new Error("no"));
  assertEquals((await fetch(bare("GET"))).status, 500);
  assertEquals(runtime.pendingTimers, 0);
});

Deno.test("createFetchHandler() hands work to the first platform argument that takes it", async () => {
  const work = Promise.resolve();
  const taken: unknown[] = [];
  const { fetch } = createTestHandler({
    answer: (request, exchange) => {
      exchange.waitUntil(work);
      return Promise.resolve(emptyResult(request));
    },
  });
  class Context {
    waitUntil(given: Promise<unknown>): void {
      taken.push(this, given);
    }
  }
  const context = new Context();
  for (const request of [modern("tools/list"), legacy("tools/list")]) {
    assertEquals((await fetch(request, { waitUntil: true }, undefined, context, new Context())).status, 200);
  }
  assertEquals((await fetch(modern("tools/list"))).status, 200);
  assertEquals(taken.length, 4);
  assertEquals(taken.every((item) => item === context || item === work), true);
});
