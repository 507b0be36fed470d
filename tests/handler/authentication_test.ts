import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { createFetchHandler, type FetchHandlerOptions } from "../../src/handler/mod.ts";
import { verifies } from "../support/requirements.ts";
import { FakeDispatcher } from "./fake_dispatcher.ts";
import { assertRefused, bare, createTestHandler, legacy, modern, post } from "./requests.ts";

function bearer(request: Request) {
  return request.headers.get("authorization") === "Bearer good" ? { subject: "ann" } : undefined;
}

verifies(
  ["T25-286", "T26-288", "T26-291"],
  "a caller who is not known gets 401, and nothing is dispatched",
  async () => {
    const dispatcher = new FakeDispatcher();
    const fetch = createFetchHandler(dispatcher, { authenticate: bearer });
    for (
      const request of [
        modern("tools/list", {}, { authorization: "Bearer bad" }),
        legacy("tools/list"),
        post("not JSON"),
        bare("GET"),
        bare("DELETE"),
        bare("PUT"),
      ]
    ) {
      const response = await fetch(request);
      assertEquals(response.headers.get("www-authenticate"), "Bearer");
      await assertRefused(response, { status: 401, code: -32600, names: "credentials" });
      assert(request.body === null || request.bodyUsed, "the body was neither read nor cancelled");
    }
    assertEquals(dispatcher.calls, []);
  },
);

Deno.test("createFetchHandler() without authenticate names both ways to be served", async () => {
  const response = await createFetchHandler(new FakeDispatcher())(modern("tools/list"));
  const { error } = await response.clone().json();
  await assertRefused(response, { status: 401, code: -32600, names: '"authenticate"' });
  assert(error.message.includes('"allowAnonymous: true"'));
});

Deno.test("createFetchHandler() hands the principal to the server, or none to one that allows it", async () => {
  for (const authenticate of [bearer, (request: Request) => Promise.resolve(bearer(request))]) {
    const { fetch, dispatcher } = createTestHandler({}, { authenticate });
    await fetch(modern("tools/list", {}, { authorization: "Bearer good" }));
    await fetch(modern("tools/list"));
    await fetch(legacy("tools/list", {}, { authorization: "Bearer good" }));
    await fetch(bare("DELETE", { authorization: "Bearer good" }));
    assertEquals(dispatcher.calls.map(({ caller }) => caller), [
      { subject: "ann" },
      undefined,
      { subject: "ann" },
      { subject: "ann" },
    ]);
  }
});

Deno.test("createFetchHandler() hands on what belongs to a principal, and no token beside it", async () => {
  const principal = {
    subject: "a".repeat(1024),
    clientId: "app",
    issuer: "https://id.example",
    scopes: ["read"],
    claims: { name: "n".repeat(1900), at: new Date(0) as unknown as string },
  };
  const { fetch, dispatcher } = createTestHandler({}, {
    authenticate: () => ({ ...principal, token: "secret" }),
  });
  await fetch(modern("tools/list"));
  assertEquals(dispatcher.calls.map(({ caller }) => caller), [
    { ...principal, claims: { name: principal.claims.name, at: "1970-01-01T00:00:00.000Z" } },
  ]);
});

verifies(["T25-289", "T26-292"], "a challenge of the author's is sent as it is", async () => {
  const challenge = new Response("scope!", {
    status: 403,
    headers: { "www-authenticate": 'Bearer error="insufficient_scope", scope="tasks"' },
  });
  const { fetch, dispatcher } = createTestHandler({}, { authenticate: () => challenge });
  assertStrictEquals(await fetch(modern("tools/list")), challenge);
  assertEquals(dispatcher.calls, []);
});

for (
  const [what, authenticate] of [
    ["throws", () => {
      throw new Error("key abc is wrong");
    }],
    ["rejects", () => Promise.reject(new Error("key abc is wrong"))],
    // What types forbid and scripts do all the same.
    ["answers nobody in particular", () => ({ scopes: ["abc"] })],
    ["answers an empty subject", () => ({ subject: "", issuer: "abc" })],
    ["answers a text", () => "abc" as unknown as undefined],
    ["answers null", () => null as unknown as undefined],
    ["answers a lone surrogate", () => ({ subject: "abc\ud800" })],
    ["answers an over-long subject", () => ({ subject: "abc".repeat(400) })],
    ["answers an empty issuer", () => ({ subject: "abc", issuer: "" })],
    ["answers an ill-formed client id beside a subject", () => ({ subject: "abc", clientId: "\udfff" })],
    ["answers names of more than 8 KiB", () => ({
      subject: "\u0001".repeat(800),
      clientId: "\u0001".repeat(800),
      issuer: "abc",
    })],
    ["answers over 2 KiB of scopes", () => ({ subject: "abc", scopes: ["s".repeat(2048)] })],
    ["answers over 2 KiB of claims", () => ({ subject: "abc", claims: { name: "€".repeat(700) } })],
    ["answers scopes that are no texts", () => ({ subject: "abc", scopes: [7 as unknown as string] })],
    [
      "answers claims that are no object",
      () => ({ subject: "abc", claims: [] as unknown as Record<never, never> }),
    ],
    ["answers claims that hold themselves", () => {
      const claims: Record<string, Record<string, unknown>> = {};
      claims.self = claims;
      return { subject: "abc", claims: claims as Record<never, never> };
    }],
  ] as const satisfies readonly (readonly [string, FetchHandlerOptions["authenticate"]])[]
) {
  Deno.test(`createFetchHandler() answers with a fixed text when authenticate ${what}`, async () => {
    const stages: unknown[] = [];
    const { fetch, dispatcher } = createTestHandler({}, {
      authenticate,
      onEvent: (event) => void stages.push(event.type === "defect" ? event.during : event.type),
    });
    const response = await fetch(modern("tools/list"));
    assertEquals((await response.clone().text()).includes("abc"), false);
    await assertRefused(response, { status: 500, code: -32603, names: "Internal error" });
    assertEquals(stages, ["authenticate"]);
    assertEquals(dispatcher.calls, []);
  });
}

Deno.test("createFetchHandler() checks the host before it asks who calls", async () => {
  let asked = 0;
  const { fetch } = createTestHandler({}, { authenticate: () => void asked++ as undefined });
  assertEquals((await fetch(modern("tools/list", {}, { host: "evil.example" }))).status, 403);
  assertEquals(asked, 0);
});
