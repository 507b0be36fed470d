import { assert, assertEquals } from "@std/assert";
import { createFetchHandler } from "../../src/handler/mod.ts";
import { verifies } from "../support/requirements.ts";
import { FakeDispatcher } from "./fake_dispatcher.ts";
import {
  assertRefused,
  createTestHandler,
  type HeaderChanges,
  modern,
  modernMeta,
  post,
} from "./requests.ts";

const PING = { jsonrpc: "2.0", id: 1, method: "ping" };

for (
  const [what, body] of [
    ["nothing", ""],
    ["half an object", '{"jsonrpc":"2.0","id":1,'],
    ["two messages", `${JSON.stringify(PING)}\n${JSON.stringify(PING)}`],
    ["a bare word", "ping"],
    ["a broken number", '{"jsonrpc":"2.0","id":01}'],
    ["a NUL byte", '{"jsonrpc":"2.0"}\0'],
  ] as const
) {
  verifies(["T25-118", "T26-106"], `a body of ${what} is a parse error without an id`, async () => {
    const { fetch, dispatcher } = createTestHandler();
    await assertRefused(await fetch(post(body)), {
      status: 400,
      code: -32700,
      names: "the body is not JSON",
    });
    assertEquals(dispatcher.calls, []);
  });
}

for (
  const [what, bytes] of [
    ["a stray continuation byte", [0x22, 0x80, 0x22]],
    ["an overlong slash", [0x22, 0xc0, 0xaf, 0x22]],
    ["an encoded surrogate", [0x22, 0xed, 0xa0, 0x80, 0x22]],
    ["UTF-16", [0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00]],
  ] as const
) {
  verifies(["T25-118", "T26-106"], `a body with ${what} is refused, not repaired`, async () => {
    const { fetch } = createTestHandler();
    const response = await fetch(post(Uint8Array.from(bytes)));
    await assertRefused(response, { status: 400, code: -32700, names: "not UTF-8" });
  });
}

verifies(["T25-132", "T25-152"], "arrays are refused as batches", async () => {
  const { fetch, dispatcher } = createTestHandler();
  for (const batch of [[], [PING], [PING, PING]]) {
    await assertRefused(await fetch(post(batch)), { status: 400, code: -32600, names: "batches" });
  }
  assertEquals(dispatcher.calls, []);
});

for (
  const [body, names, id] of [
    ["null", "a message must be an object", undefined],
    ["7", "a message must be an object", undefined],
    ['"ping"', "a message must be an object", undefined],
    ["{}", '"jsonrpc"', undefined],
    ['{"jsonrpc":"1.0","id":1,"method":"ping"}', '"jsonrpc"', 1],
    ['{"jsonrpc":2,"id":"a","method":"ping"}', '"jsonrpc"', "a"],
    ['{"jsonrpc":"2.0","id":null,"method":"ping"}', '"id"', undefined],
    ['{"jsonrpc":"2.0","id":1.5,"method":"ping"}', '"id"', undefined],
    ['{"jsonrpc":"2.0","id":9007199254740993,"method":"ping"}', '"id"', undefined],
    ['{"jsonrpc":"2.0","id":true,"method":"ping"}', '"id"', undefined],
    ['{"jsonrpc":"2.0","id":{},"method":"ping"}', '"id"', undefined],
    ['{"jsonrpc":"2.0","id":"\\ud800","method":"ping"}', '"id"', undefined],
    [`{"jsonrpc":"2.0","id":"${"x".repeat(1025)}","method":"ping"}`, '"id"', undefined],
    ['{"jsonrpc":"2.0","id":1,"method":7}', '"method"', 1],
    ['{"jsonrpc":"2.0","id":1,"method":""}', '"method"', 1],
    ['{"jsonrpc":"2.0","id":1,"method":null}', '"method"', 1],
    [`{"jsonrpc":"2.0","id":1,"method":"${"m".repeat(10240)}"}`, '"method"', 1],
    ['{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}', '"params"', 1],
    ['{"jsonrpc":"2.0","id":1,"method":"ping","params":"x"}', '"params"', 1],
    ['{"jsonrpc":"2.0","id":1,"method":"ping","params":null}', '"params"', 1],
    ['{"jsonrpc":"2.0","id":1}', '"method"', 1],
    ['{"jsonrpc":"2.0","id":1,"result":{},"error":{}}', '"result"', 1],
    ['{"jsonrpc":"2.0","id":1,"result":[]}', '"result"', 1],
    ['{"jsonrpc":"2.0","id":1,"error":{"code":"1","message":"m"}}', '"error.code"', 1],
    ['{"jsonrpc":"2.0","id":1,"error":{"code":1}}', '"error.message"', 1],
  ] as const
) {
  const shown = body.length > 60 ? `${body.slice(0, 60)}…` : body;
  verifies(["T25-119", "T25-120", "T26-107"], `the envelope ${shown} is refused by name`, async () => {
    const { fetch, dispatcher } = createTestHandler();
    await assertRefused(await fetch(post(body)), { status: 400, code: -32600, names, id });
    assertEquals(dispatcher.calls, []);
  });
}

Deno.test("createFetchHandler() refuses a body 10,000 levels deep and one level beyond the limit", async () => {
  const { fetch } = createTestHandler({}, { maxDepth: 8 });
  const nested = (levels: number) =>
    `{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":${"[".repeat(levels)}${"]".repeat(levels)}}}`;
  for (const levels of [7, 10_000]) {
    const response = await fetch(post(nested(levels)));
    await assertRefused(response, { status: 400, code: -32700, names: "deeper than 8 levels" });
  }
  assertEquals((await fetch(post(nested(6)))).status, 200);
});

Deno.test("createFetchHandler() counts no brackets inside strings as depth", async () => {
  const { fetch } = createTestHandler({}, { maxDepth: 2 });
  const request = { ...PING, params: { text: '[[[["[[[[' } };
  assertEquals((await fetch(post(request))).status, 200);
});

Deno.test("createFetchHandler() takes a body of exactly the limit and refuses one more byte unread", async () => {
  const maxBodyBytes = 1000;
  const { fetch, dispatcher } = createTestHandler({}, { maxBodyBytes });
  const padded = (length: number) => JSON.stringify(PING).padEnd(length);
  assertEquals((await fetch(post(padded(maxBodyBytes)))).status, 200);
  const tooLong = post(padded(maxBodyBytes + 1), { "content-length": String(maxBodyBytes + 1) });
  await assertRefused(await fetch(tooLong), { status: 413, code: -32600, names: "1000 bytes" });
  assertEquals(dispatcher.calls, []);
  assert(tooLong.bodyUsed, "the body was neither read nor cancelled");
});

Deno.test("createFetchHandler() reads nothing of a body that is declared too long", async () => {
  let isRead = false;
  const body = new ReadableStream<Uint8Array>({ pull: () => void (isRead = true) }, { highWaterMark: 0 });
  const { fetch } = createTestHandler({}, { maxBodyBytes: 1000 });
  const response = await fetch(new Request(post(PING, { "content-length": "1001" }), { body }));
  await assertRefused(response, { status: 413, code: -32600, names: "1000 bytes" });
  assertEquals(isRead, false);
});

Deno.test("createFetchHandler() stops reading an endless body at the limit and cancels it", async () => {
  let sent = 0;
  let cancelled = false;
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      sent += 100;
      controller.enqueue(new Uint8Array(100).fill(0x20));
    },
    cancel: () => void (cancelled = true),
  });
  const { fetch } = createTestHandler({}, { maxBodyBytes: 1000 });
  const request = new Request(post(PING), { body: endless });
  await assertRefused(await fetch(request), { status: 413, code: -32600, names: "1000 bytes" });
  assert(cancelled);
  assert(sent <= 1300, `read ${sent} bytes`);
});

Deno.test("createFetchHandler() believes no declared length that the body exceeds", async () => {
  const { fetch } = createTestHandler({}, { maxBodyBytes: 1000 });
  const response = await fetch(post(JSON.stringify(PING).padEnd(1001), { "content-length": "10" }));
  await assertRefused(response, { status: 413, code: -32600, names: "1000 bytes" });
});

Deno.test("createFetchHandler() reports a body that breaks off as a parse error", async () => {
  const broken = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(new TextEncoder().encode('{"jsonrpc":'));
      controller.error(new Error("reset"));
    },
  });
  const { fetch } = createTestHandler();
  const response = await fetch(new Request(post(PING), { body: broken }));
  await assertRefused(response, { status: 400, code: -32700, names: "ended early" });
});

for (
  const [status, names, headers] of [
    [415, '"Content-Type"', { "content-type": undefined }],
    [415, '"Content-Type"', { "content-type": "text/plain" }],
    [415, '"Content-Type"', { "content-type": "application/x-www-form-urlencoded" }],
    [415, '"Content-Type"', { "content-type": "application/json-patch+json" }],
    [415, '"Content-Type"', { "content-type": "text/plain, application/json" }],
    [415, '"Content-Type"', { "content-type": "application/json; charset=iso-8859-1" }],
    [415, '"Content-Encoding"', { "content-encoding": "gzip" }],
    [406, '"Accept"', { accept: "text/html" }],
    [406, '"Accept"', { accept: "" }],
    [406, '"Accept"', { accept: "application/json;q=0, text/event-stream;q=0.0" }],
    [406, '"Accept"', { accept: "*/*, application/*;q=0, text/*;q=0" }],
  ] as const satisfies readonly (readonly [number, string, HeaderChanges])[]
) {
  Deno.test(`createFetchHandler() answers ${JSON.stringify(headers)} with ${status}`, async () => {
    const { fetch, dispatcher } = createTestHandler();
    const request = post(PING, headers);
    // `fetch` fills in a type of its own where none is given.
    if ("content-type" in headers && headers["content-type"] === undefined) {
      request.headers.delete("content-type");
    }
    await assertRefused(await fetch(request), { status, code: -32600, names });
    assertEquals(dispatcher.calls, []);
    assert(request.bodyUsed, "the body was neither read nor cancelled");
  });
}

for (
  const headers of [
    { "content-type": "application/json; charset=utf-8" },
    { "content-type": 'Application/JSON ; Charset="UTF-8"' },
    { "content-encoding": "identity" },
    { accept: undefined },
    { accept: "*/*" },
    { accept: "application/json" },
    { accept: "text/event-stream" },
    { accept: "text/html, APPLICATION/*;q=0.1" },
  ]
) {
  Deno.test(`createFetchHandler() serves a request with ${JSON.stringify(headers)}`, async () => {
    const { fetch } = createTestHandler();
    assertEquals((await fetch(post(PING, headers))).status, 200);
  });
}

Deno.test("createFetchHandler() treats __proto__ keys as any other", async () => {
  const { fetch, dispatcher } = createTestHandler();
  const meta = JSON.stringify(modernMeta());
  const text = `{"jsonrpc":"2.0","id":1,"method":"tools/list","__proto__":{"method":"x"},` +
    `"params":{"_meta":${meta},"__proto__":{"a":1},"constructor":{"prototype":{}}}}`;
  const headers = { "mcp-protocol-version": "2026-07-28", "mcp-method": "tools/list" };
  assertEquals((await fetch(post(text, headers))).status, 200);
  assertEquals(dispatcher.calls[0]?.via, "dispatchModern");
  assertEquals(({} as Record<string, unknown>).a, undefined);
});

Deno.test("createFetchHandler() says that the author's own code has eaten the body", async () => {
  const events: string[] = [];
  const { fetch } = createTestHandler({}, {
    authenticate: async (request) => {
      await request.text();
      return { subject: "ann" };
    },
    onEvent: (event) => void events.push(event.type === "defect" ? String(event.error) : event.type),
  });
  const response = await fetch(modern("tools/list"));
  await assertRefused(response, { status: 500, code: -32603, names: "Internal error" });
  assertEquals(events, ["TypeError: Cannot read the body: it was read before, and not from a clone"]);
});

Deno.test("createFetchHandler() refuses limits that are none", () => {
  const problems = [];
  for (const name of ["maxBodyBytes", "maxDepth", "keepAliveMs", "maxQueueBytes"]) {
    for (const value of [0, -1, 1.5, NaN, Infinity]) {
      try {
        createFetchHandler(new FakeDispatcher(), { [name]: value });
        problems.push(`${name}: ${value}`);
      } catch (error) {
        if (!(error instanceof RangeError && error.message.includes(`"${name}"`))) {
          problems.push(String(error));
        }
      }
    }
  }
  assertEquals(problems, []);
});
