import { assertEquals, assertThrows } from "@std/assert";
import { createFetchHandler } from "../../src/handler/mod.ts";
import { FakeDispatcher } from "./fake_dispatcher.ts";
import { bare, createTestHandler, modern } from "./requests.ts";

const ORIGIN = "https://app.example";
const PREFLIGHT = {
  origin: ORIGIN,
  "access-control-request-method": "POST",
  "access-control-request-headers":
    "content-type, MCP-Method,mcp-param-region,x-trace,x-other,mcp-param-bad name",
};

function accessHeaders({ headers }: Response): Record<string, string> {
  return Object.fromEntries(
    [...headers].filter(([name]) => name.startsWith("access-control-") || name === "vary"),
  );
}

Deno.test("createFetchHandler() opens nothing to pages unless told so", async () => {
  const { fetch } = createTestHandler({}, { allowedOrigins: [ORIGIN] });
  const preflight = await fetch(bare("OPTIONS", PREFLIGHT));
  assertEquals([preflight.status, accessHeaders(preflight)], [405, {}]);
  assertEquals(accessHeaders(await fetch(modern("tools/list", {}, { origin: ORIGIN }))), {});
});

Deno.test("createFetchHandler() answers a preflight request before it asks who calls", async () => {
  const fetch = createFetchHandler(new FakeDispatcher(), {
    allowedOrigins: [ORIGIN],
    cors: { maxAgeSeconds: 60, allowedHeaders: ["X-Trace"] },
  });
  const response = await fetch(bare("OPTIONS", PREFLIGHT));
  assertEquals(response.status, 204);
  assertEquals(accessHeaders(response), {
    "access-control-allow-headers": "content-type, mcp-method, mcp-param-region, x-trace",
    "access-control-allow-methods": "GET, POST, DELETE",
    "access-control-allow-origin": ORIGIN,
    "access-control-expose-headers": "Mcp-Session-Id, WWW-Authenticate",
    "access-control-max-age": "60",
    "vary": "Origin",
  });
});

Deno.test("createFetchHandler() lets a page of an allowed origin read every answer, refusals included", async () => {
  const fetch = createFetchHandler(new FakeDispatcher(), { allowedOrigins: [ORIGIN], cors: {} });
  const refused = await fetch(modern("tools/list", {}, { origin: ORIGIN }));
  assertEquals(refused.status, 401);
  assertEquals(refused.headers.get("www-authenticate"), "Bearer");
  assertEquals(accessHeaders(refused)["access-control-allow-origin"], ORIGIN);
});

Deno.test("createFetchHandler() gives a page of another origin nothing to read", async () => {
  const { fetch } = createTestHandler({}, { allowedOrigins: [ORIGIN], cors: {} });
  for (
    const request of [
      bare("OPTIONS", { ...PREFLIGHT, origin: "https://evil.example" }),
      modern("tools/list", {}, { origin: "https://evil.example" }),
    ]
  ) {
    const response = await fetch(request);
    assertEquals([response.status, accessHeaders(response)], [403, {}]);
  }
});

Deno.test("createFetchHandler() leaves answers to programs as they are", async () => {
  const { fetch } = createTestHandler({}, { cors: {} });
  assertEquals(accessHeaders(await fetch(modern("tools/list"))), {});
  assertEquals((await fetch(bare("OPTIONS"))).status, 405);
});

Deno.test("createFetchHandler() refuses a maximal age that is none", () => {
  for (const maxAgeSeconds of [-1, 0.5, NaN]) {
    assertThrows(
      () => createFetchHandler(new FakeDispatcher(), { cors: { maxAgeSeconds } }),
      RangeError,
      "maxAge",
    );
  }
});
