import { assert, assertEquals } from "@std/assert";
import type { CredentialRefusal } from "../../src/server/mod.ts";
import { verifies } from "../support/requirements.ts";
import { assertRefused, createTestHandler, legacy, modern } from "./requests.ts";

const METADATA = 'resource_metadata="https://mcp.example/.well-known/oauth-protected-resource/mcp"';
const protectedResource = {
  resource: "https://mcp.example/mcp",
  authorizationServers: ["https://id.example"],
};

/** Refuses as told, also where anonymous callers are served. */
function refusing(refusal: CredentialRefusal) {
  return createTestHandler({}, { authenticate: () => refusal, protectedResource, allowAnonymous: true });
}

verifies(
  ["T25-286", "T25-289", "T26-288", "T26-291", "T26-292"],
  "every refusal has its status and its challenge, in both revisions",
  async () => {
    const refusals: readonly [CredentialRefusal, number, string][] = [
      [{ refused: "missing", description: "send a token" }, 401, `Bearer ${METADATA}`],
      [
        { refused: "invalid_token", description: "the token has expired" },
        401,
        `Bearer error="invalid_token", error_description="the token has expired", ${METADATA}`,
      ],
      [
        { refused: "invalid_request", description: "there are two tokens", scopes: ["a"] },
        400,
        `Bearer error="invalid_request", error_description="there are two tokens", ${METADATA}`,
      ],
      [
        { refused: "insufficient_scope", description: "that takes more", scopes: ["a", "b:c"] },
        403,
        `Bearer error="insufficient_scope", error_description="that takes more", scope="a b:c", ${METADATA}`,
      ],
    ];
    for (const [refusal, status, challenge] of refusals) {
      const { fetch, dispatcher } = refusing(refusal);
      for (const request of [modern("tools/list"), legacy("tools/list")]) {
        const response = await fetch(request);
        assertEquals(response.headers.get("www-authenticate"), challenge);
        await assertRefused(response, { status, code: -32600, names: refusal.description });
      }
      assertEquals(dispatcher.calls, []);
    }
  },
);

Deno.test("createFetchHandler() says 503 and when to come back if nobody can tell who calls", async () => {
  const { fetch } = refusing({ refused: "unavailable", description: "no keys", retryAfterMs: 4001 });
  const response = await fetch(modern("tools/list"));
  assertEquals(response.headers.get("www-authenticate"), null);
  assertEquals(response.headers.get("retry-after"), "5");
  const { error } = await response.clone().json();
  assertEquals(error.data, { reason: "auth_unavailable", retryAfterMs: 4001 });
  await assertRefused(response, { status: 503, code: -32603, names: "no keys" });
});

Deno.test("createFetchHandler() puts a description into the header with nothing that would end it", async () => {
  const description = 'say "hi"\\ to Żofia\r\nx: y';
  const { fetch } = refusing({ refused: "invalid_token", description });
  const response = await fetch(modern("tools/list"));
  const challenge = response.headers.get("www-authenticate");
  assert(challenge?.includes(`error_description="say 'hi'? to ?ofia??x: y"`), `${challenge}`);
  assertEquals((await response.json()).error.message, `Unauthorized: ${description}`);
});

Deno.test("createFetchHandler() takes a refusal of another shape for a defect, never for a caller", async () => {
  for (
    const answer of [
      { subject: "ada", refused: "no", description: "no" },
      { subject: "ada", refused: "invalid_token" },
      { subject: "ada", refused: "toString", description: "no" },
      { subject: "ada", refused: undefined, description: "no" },
    ]
  ) {
    const { fetch, dispatcher } = createTestHandler({}, {
      authenticate: () => answer as unknown as CredentialRefusal,
    });
    const response = await fetch(modern("tools/list"));
    await assertRefused(response, { status: 500, code: -32603, names: "Internal error" });
    assertEquals(dispatcher.calls, []);
  }
});

Deno.test("createFetchHandler() takes an expiry that is no instant for a defect", async () => {
  for (const expiresAt of [NaN, "soon" as unknown as number, -1, null as unknown as number]) {
    const { fetch } = createTestHandler({}, { authenticate: () => ({ subject: "ada", expiresAt }) });
    assertEquals((await fetch(modern("tools/list"))).status, 500, String(expiresAt));
  }
});
