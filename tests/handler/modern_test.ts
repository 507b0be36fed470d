import { assertEquals } from "@std/assert";
import type { JsonRpcError } from "../../src/protocol/mod.ts";
import { verifies } from "../support/requirements.ts";
import {
  assertRefused,
  type Body,
  createTestHandler,
  type HeaderChanges,
  modern,
  modernMeta,
  post,
} from "./requests.ts";

const VERSION = "io.modelcontextprotocol/protocolVersion";
const CAPABILITIES = "io.modelcontextprotocol/clientCapabilities";

verifies(["T26-141", "T26-146", "T26-108"], "a request is answered as JSON with its own id", async () => {
  const { fetch, dispatcher } = createTestHandler();
  const response = await fetch(modern("server/discover"));
  assertEquals(response.status, 200);
  assertEquals(response.headers.get("content-type"), "application/json");
  assertEquals(await response.json(), { jsonrpc: "2.0", id: 7, result: {} });
  assertEquals(dispatcher.calls.map(({ via, meta }) => [via, meta]), [[
    "dispatchModern",
    { protocolVersion: "2026-07-28", clientCapabilities: {} },
  ]]);
});

for (
  const [what, params, names] of [
    ["no params", undefined, "_meta"],
    ["empty params", {}, "_meta"],
    ["_meta of null", { _meta: null }, "_meta"],
    ["no version", { _meta: modernMeta({ [VERSION]: undefined }) }, VERSION],
    ["no capabilities", { _meta: modernMeta({ [CAPABILITIES]: undefined }) }, CAPABILITIES],
    ["a version of null", { _meta: modernMeta({ [VERSION]: null }) }, VERSION],
    ["a version that is a number", { _meta: modernMeta({ [VERSION]: 20260728 }) }, VERSION],
    ["an endless version", { _meta: modernMeta({ [VERSION]: "v".repeat(10_240) }) }, VERSION],
    ["capabilities in an array", { _meta: modernMeta({ [CAPABILITIES]: [] }) }, CAPABILITIES],
    ["capabilities of null", { _meta: modernMeta({ [CAPABILITIES]: null }) }, CAPABILITIES],
  ] as const satisfies readonly (readonly [string, Body | undefined, string])[]
) {
  verifies("T26-127", `${what} under a 2026-07-28 header is 400 and -32602`, async () => {
    const { fetch, dispatcher } = createTestHandler();
    const body = { jsonrpc: "2.0", id: "a", method: "tools/list", params };
    const response = await fetch(
      post(body, { "mcp-protocol-version": "2026-07-28", "mcp-method": "tools/list" }),
    );
    await assertRefused(response, { status: 400, code: -32602, names, id: "a" });
    assertEquals(dispatcher.calls, []);
  });
}

verifies(
  "T26-127",
  "a header of a later revision demands metadata too, one that is no date does not",
  async () => {
    const { fetch } = createTestHandler();
    const list = { jsonrpc: "2.0", id: 1, method: "tools/list" };
    const later = await fetch(post(list, { "mcp-protocol-version": "2027-01-01" }));
    await assertRefused(later, { status: 400, code: -32602, names: "_meta", id: 1 });
    const nonsense = await fetch(post(list, { "mcp-protocol-version": "v999.0.0" }));
    await assertRefused(nonsense, { status: 400, code: -32600, names: '"MCP-Protocol-Version"', id: 1 });
  },
);

for (const method of ["server/discover", "subscriptions/listen", "tasks/update"]) {
  verifies(
    "T26-127",
    `${method} without metadata is refused as a 2026-07-28 request, whatever the header`,
    async () => {
      const { fetch } = createTestHandler();
      for (const version of [undefined, "2025-11-25"]) {
        const request = post({ jsonrpc: "2.0", id: 1, method }, { "mcp-protocol-version": version });
        await assertRefused(await fetch(request), { status: 400, code: -32602, names: "_meta", id: 1 });
      }
    },
  );
}

for (
  const [what, version] of [["missing", undefined], ["empty", ""], ["another", "2025-11-25"], [
    "conflicting",
    "2026-07-28, 2025-11-25",
  ]] as const
) {
  verifies(
    ["T26-158", "T26-160", "T26-163"],
    `a version header that is ${what} is 400 and -32020`,
    async () => {
      const { fetch, dispatcher } = createTestHandler();
      const response = await fetch(modern("tools/list", {}, { "mcp-protocol-version": version }));
      await assertRefused(response, { status: 400, code: -32020, names: '"MCP-Protocol-Version"', id: 7 });
      assertEquals(dispatcher.calls, []);
    },
  );
}

verifies("T26-133", "a version that is not served is 400 and -32022, with what is served", async () => {
  for (const requested of ["v999.0.0", "2025-11-25", "2027-01-01", "__proto__"]) {
    const { fetch, dispatcher } = createTestHandler();
    const params = { _meta: modernMeta({ [VERSION]: requested }) };
    const response = await fetch(modern("tools/list", params, { "mcp-protocol-version": requested }));
    const { error, id } = await response.json() as { error: JsonRpcError; id: number };
    assertEquals(
      { status: response.status, code: error.code, data: error.data, id },
      { status: 400, code: -32022, data: { supported: ["2026-07-28"], requested }, id: 7 },
    );
    assertEquals(dispatcher.calls, []);
  }
});

verifies(["T26-120", "T26-159"], "a method that is not served is 404 and -32601", async () => {
  for (
    const method of [
      "initialize",
      "ping",
      "logging/setLevel",
      "resources/subscribe",
      "tasks/result",
      "tasks/list",
      "unknown/method",
      "TOOLS/LIST",
      "constructor",
      "__proto__",
      "m".repeat(256),
    ]
  ) {
    const { fetch, dispatcher } = createTestHandler();
    const response = await fetch(modern(method));
    await assertRefused(response, { status: 404, code: -32601, names: '"method"', id: 7 });
    assertEquals(dispatcher.calls, []);
  }
});

verifies(["T26-132", "T26-159"], "errors of the server have the status the revision gives them", async () => {
  const statuses = new Map<number, number>();
  for (const code of [-32601, -32020, -32021, -32022, -32602, -32603, -32600, 1]) {
    const { fetch } = createTestHandler({
      answer: ({ id }) => Promise.resolve({ jsonrpc: "2.0", id, error: { code, message: "no" } }),
    });
    const response = await fetch(modern("tools/list"));
    statuses.set(code, response.status);
    assertEquals((await response.json()).error.code, code);
  }
  assertEquals(
    [...statuses],
    [
      [-32601, 404],
      [-32020, 400],
      [-32021, 400],
      [-32022, 400],
      [-32602, 200],
      [-32603, 200],
      [-32600, 200],
      [1, 200],
    ],
  );
});

// Each request breaks two rules; the answer tells which one is looked at first.
for (
  const [earlier, later, request, code] of [
    ["metadata", "version header", ["tools/list", { _meta: { [VERSION]: "2026-07-28" } }, {
      "mcp-protocol-version": "x",
    }], -32602],
    [
      "version header",
      "version",
      ["tools/list", { _meta: modernMeta({ [VERSION]: "v999.0.0" }) }, {}],
      -32020,
    ],
    ["version", "method", ["unknown/method", { _meta: modernMeta({ [VERSION]: "v999.0.0" }) }, {
      "mcp-protocol-version": "v999.0.0",
    }], -32022],
    ["method", "method header", ["unknown/method", {}, { "mcp-method": "tools/list" }], -32601],
  ] as const satisfies readonly (readonly [string, string, readonly [string, Body, HeaderChanges], number])[]
) {
  Deno.test(`createFetchHandler() checks the ${earlier} before the ${later}`, async () => {
    const { fetch } = createTestHandler();
    const [method, params, headers] = request;
    const response = await fetch(modern(method, params, headers));
    assertEquals((await response.json()).error.code, code);
  });
}

verifies("T26-145", "a notification is taken with 202 and no body, whatever its other headers", async () => {
  const { fetch, dispatcher } = createTestHandler();
  const cancelled = { jsonrpc: "2.0", method: "notifications/cancelled" };
  const params = { _meta: modernMeta(), requestId: 1 };
  for (
    const request of [
      post({ ...cancelled, params }),
      post(cancelled, { "mcp-protocol-version": "2026-07-28" }),
      post({ ...cancelled, params }, { "mcp-protocol-version": "2025-11-25" }),
    ]
  ) {
    const response = await fetch(request);
    assertEquals([response.status, await response.text()], [202, ""]);
  }
  assertEquals(dispatcher.calls, []);
});

verifies("T26-172", "session and event ids are ignored and none is given out", async () => {
  const { fetch, dispatcher } = createTestHandler();
  const response = await fetch(
    modern("tools/list", {}, { "mcp-session-id": "dead", "last-event-id": "x.1" }),
  );
  assertEquals(response.status, 200);
  assertEquals(response.headers.get("mcp-session-id"), null);
  assertEquals(dispatcher.calls[0]?.session, undefined);
});

verifies("T26-171", "GET and DELETE under 2026-07-28 are 405", async () => {
  const { fetch } = createTestHandler();
  for (const method of ["GET", "DELETE", "PUT"]) {
    const request = new Request("http://localhost/", {
      method,
      headers: { "mcp-protocol-version": "2026-07-28" },
    });
    const response = await fetch(request);
    assertEquals(response.headers.get("allow"), "POST");
    await assertRefused(response, { status: 405, code: -32600, names: "POST" });
  }
});

verifies(
  "T26-139",
  "metadata selects 2026-07-28 for every method, initialize and sessions included",
  async () => {
    const { fetch, dispatcher } = createTestHandler();
    const response = await fetch(modern("initialize", {}, { "mcp-session-id": "the-session" }));
    await assertRefused(response, { status: 404, code: -32601, names: "2026-07-28", id: 7 });
    assertEquals(dispatcher.calls, []);
  },
);
