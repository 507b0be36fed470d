import { assertEquals } from "@std/assert";
import { createTestServer, type TestServer, user } from "../support/test_server.ts";

/** Calls a tool through a fetch function that tells whether anybody looked at the request's signal. */
function watchingSignals(server: TestServer["server"]): { looks: number } {
  const seen = { looks: 0 };
  const { fetch } = server;
  Object.defineProperty(server, "fetch", {
    value: (request: Request) => {
      const { signal } = request;
      Object.defineProperty(request, "signal", { get: () => (seen.looks++, signal) });
      return fetch(request);
    },
  });
  return seen;
}

/** How often Web Crypto is asked for a digest meanwhile. */
async function digestsOf(work: () => Promise<unknown>): Promise<number> {
  const { digest } = crypto.subtle;
  let count = 0;
  crypto.subtle.digest = (...args) => (count++, digest.apply(crypto.subtle, args));
  try {
    await work();
  } finally {
    crypto.subtle.digest = digest;
  }
  return count;
}

for (const caller of [undefined, user("ann")]) {
  const who = caller === undefined ? "nobody known" : "a principal";
  Deno.test(`a plain call of ${who} neither waits for Web Crypto nor looks whether its client is still there`, async () => {
    const parts = createTestServer({ allowAnonymous: true });
    const { server, modern, legacy } = parts;
    const seen = watchingSignals(server);
    server.registerTool("quick", { task: { support: "optional" } }, async () => {
      await Promise.resolve();
      return "done";
    });
    const newer = modern(caller);
    const older = await legacy(caller);
    const calls = async () => {
      assertEquals((await newer.call("quick")).result.content, [{ type: "text", text: "done" }]);
      assertEquals((await older.call("quick")).result.content, [{ type: "text", text: "done" }]);
    };
    await calls();
    assertEquals([await digestsOf(calls), seen.looks], [0, 0]);
    await server.close();
  });
}
