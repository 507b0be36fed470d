import { assertEquals, assertThrows } from "@std/assert";
import { createFetchHandler, type FetchHandlerOptions } from "../../src/handler/mod.ts";
import { verifies } from "../support/requirements.ts";
import { FakeDispatcher } from "./fake_dispatcher.ts";
import { assertRefused, createTestHandler, type HeaderChanges, modern, URL_HERE } from "./requests.ts";

/** What a runtime hands over beside a request. */
const SERVED = { remoteAddr: { transport: "tcp" } };

async function statusFor(headers: HeaderChanges, options: FetchHandlerOptions = {}): Promise<number> {
  const { fetch, dispatcher } = createTestHandler({}, options);
  const response = await fetch(modern("tools/list", {}, headers), SERVED);
  await response.body?.cancel();
  assertEquals(dispatcher.calls.length, response.status === 200 ? 1 : 0);
  return response.status;
}

for (const host of ["localhost", "LOCALHOST:9", "127.0.0.1", "127.0.0.1:8000", "[::1]", "[::1]:8000"]) {
  Deno.test(`createFetchHandler() serves the loopback host ${host}`, async () => {
    assertEquals(await statusFor({ host }), 200);
  });
}

for (
  const host of [
    "evil.example",
    "evil.example:8000",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "localhost.",
    "localhost:8000, evil.example",
    "localhost:123456",
    "evil@localhost",
    "localhost/evil",
    "::1",
    "",
  ]
) {
  Deno.test(`createFetchHandler() refuses the host "${host}"`, async () => {
    const { fetch } = createTestHandler();
    const response = await fetch(modern("tools/list", {}, { host }), SERVED);
    await assertRefused(response, { status: 403, code: -32600, names: '"Host"' });
  });
}

Deno.test("createFetchHandler() refuses a served request without Host, whatever its URL says", async () => {
  const { fetch } = createTestHandler();
  const response = await fetch(modern("tools/list", {}, { host: undefined }), SERVED);
  await assertRefused(response, { status: 403, code: -32600, names: '"Host" header is missing' });
});

Deno.test("createFetchHandler() takes the host of an HTTP/2 request from its URL only if it is configured", async () => {
  const { fetch } = createTestHandler({}, { allowedHosts: ["api.example"] });
  const over = (host: string) =>
    new Request(`https://${host}/mcp`, modern("tools/list", {}, { host: undefined }));
  const statuses = [];
  for (const host of ["api.example", "evil.example", "localhost"]) {
    const response = await fetch(over(host), SERVED);
    statuses.push(response.status);
    await response.body?.cancel();
  }
  assertEquals(statuses, [200, 403, 403]);
});

Deno.test("createFetchHandler() judges a request made by hand by its URL", async () => {
  const { fetch } = createTestHandler();
  const byHand = (url: string) => new Request(url, modern("tools/list", {}, { host: undefined }));
  assertEquals((await fetch(byHand("http://localhost/mcp"))).status, 200);
  assertEquals((await fetch(byHand("http://evil.example/mcp"))).status, 403);
});

Deno.test("createFetchHandler() serves configured hosts on any port or on the one given, and loopback still", async () => {
  const allowedHosts = ["API.example", "two.example:8443", "[fd00::1]"];
  const statuses = [];
  for (
    const host of [
      "api.example",
      "api.example:81",
      "two.example:8443",
      "[FD00::1]:1",
      "localhost",
      "two.example",
    ]
  ) {
    statuses.push(await statusFor({ host }, { allowedHosts }));
  }
  assertEquals(statuses, [200, 200, 200, 200, 200, 403]);
});

Deno.test('createFetchHandler() with allowedHosts "*" serves any host, but takes no origin for its own', async () => {
  const options = { allowedHosts: "*" } as const;
  assertEquals(await statusFor({ host: "any.example" }, options), 200);
  assertEquals(await statusFor({ host: undefined }, options), 200);
  assertEquals(await statusFor({ host: "evil.example", origin: "http://evil.example" }, options), 403);
});

verifies(
  ["T25-148", "T26-142"],
  "an origin that is not served gets 403, an absent one is no offence",
  async () => {
    assertEquals(await statusFor({ origin: undefined }), 200);
    for (
      const origin of [
        "http://evil.example",
        "null",
        "",
        "http://127.0.0.1:8001",
        "http://127.0.0.1",
        "http://127.0.0.1:8000.evil.example",
        "http://localhost:8000",
        "ftp://127.0.0.1:8000",
        "http://127.0.0.1:8000, http://evil.example",
      ]
    ) {
      const { fetch, dispatcher } = createTestHandler();
      const response = await fetch(modern("tools/list", {}, { origin }), SERVED);
      await assertRefused(response, { status: 403, code: -32600, names: '"Origin"' });
      assertEquals(dispatcher.calls, []);
    }
  },
);

Deno.test("createFetchHandler() serves its own origin, with the port written out or by default", async () => {
  const pairs = [
    ["127.0.0.1:8000", "http://127.0.0.1:8000"],
    ["127.0.0.1:8000", "https://127.0.0.1:8000"],
    ["localhost", "http://localhost"],
    ["localhost:80", "http://localhost"],
    ["localhost", "https://localhost:443"],
    ["[::1]:8000", "http://[::1]:8000"],
  ] as const;
  for (const [host, origin] of pairs) {
    assertEquals(await statusFor({ host, origin }), 200, `${host} ${origin}`);
  }
});

Deno.test("createFetchHandler() serves allowed origins exactly, or any with *", async () => {
  const allowedOrigins = ["https://App.example", "vscode-webview://abc"];
  assertEquals(await statusFor({ origin: "https://app.example" }, { allowedOrigins }), 200);
  assertEquals(await statusFor({ origin: "vscode-webview://abc" }, { allowedOrigins }), 200);
  assertEquals(await statusFor({ origin: "https://app.example:444" }, { allowedOrigins }), 403);
  assertEquals(await statusFor({ origin: "https://any.example" }, { allowedOrigins: "*" }), 200);
});

Deno.test("createFetchHandler() refuses hosts and origins that are not written as such", () => {
  const create = (options: FetchHandlerOptions) => createFetchHandler(new FakeDispatcher(), options);
  assertThrows(() => create({ allowedHosts: [URL_HERE] }), TypeError, `Cannot allow host "${URL_HERE}"`);
  assertThrows(() => create({ allowedHosts: ["*.example"] }), TypeError, 'Cannot allow host "*.example"');
  assertThrows(() => create({ allowedOrigins: ["https://a.example/"] }), TypeError, "Cannot allow origin");
  assertThrows(() => create({ allowedOrigins: ["a.example"] }), TypeError, "Cannot allow origin");
});
