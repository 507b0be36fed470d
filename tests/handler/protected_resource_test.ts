import { assertEquals, assertThrows } from "@std/assert";
import { createFetchHandler, type FetchHandlerOptions } from "../../src/handler/mod.ts";
import { ScopeRules } from "../../src/server/mod.ts";
import { verifies } from "../support/requirements.ts";
import { FakeDispatcher } from "./fake_dispatcher.ts";
import { assertRefused, createTestHandler, modern } from "./requests.ts";

const RESOURCE = {
  resource: "https://mcp.example/mcp",
  authorizationServers: ["https://id.example", "https://other.example/tenant"],
};
const PROTECTED: FetchHandlerOptions = {
  authenticate: () => undefined,
  allowAnonymous: false,
  allowedHosts: ["mcp.example"],
  protectedResource: RESOURCE,
};

function get(path: string, headers: Record<string, string> = {}, method = "GET"): Request {
  return new Request(`https://mcp.example${path}`, { method, headers: { host: "mcp.example", ...headers } });
}

verifies(
  ["T25-281", "T25-282", "T26-285", "T26-286"],
  "the metadata is at both well-known URIs, for everyone, and the challenge of a 401 leads there",
  async () => {
    const { fetch, dispatcher } = createTestHandler({}, {
      ...PROTECTED,
      protectedResource: {
        ...RESOURCE,
        scopesSupported: ["tasks"],
        name: "Reports",
        tosUri: "https://x.example/",
      },
    });
    const { headers } = await fetch(modern("tools/list"));
    assertEquals(
      headers.get("www-authenticate"),
      'Bearer resource_metadata="https://mcp.example/.well-known/oauth-protected-resource/mcp"',
    );
    for (const path of ["/mcp", "/mcp/", "", "/"]) {
      const response = await fetch(get(`/.well-known/oauth-protected-resource${path}`));
      assertEquals(response.status, 200, path);
      assertEquals(response.headers.get("content-type"), "application/json");
      assertEquals(response.headers.get("cache-control"), "max-age=600");
      assertEquals(await response.json(), {
        resource: "https://mcp.example/mcp",
        authorization_servers: ["https://id.example", "https://other.example/tenant"],
        scopes_supported: ["tasks"],
        bearer_methods_supported: ["header"],
        resource_name: "Reports",
        resource_tos_uri: "https://x.example/",
      });
    }
    const posted = await fetch(get("/.well-known/oauth-protected-resource", {}, "POST"));
    assertEquals(posted.status, 401);
    const head = await fetch(get("/.well-known/oauth-protected-resource", {}, "HEAD"));
    assertEquals([head.status, head.body], [200, null]);
    assertEquals(dispatcher.calls, []);
  },
);

Deno.test("createFetchHandler() has no documents but its own, with or without a protected resource", async () => {
  for (const options of [PROTECTED, { ...PROTECTED, protectedResource: undefined, allowAnonymous: true }]) {
    const { fetch } = createTestHandler({}, options);
    for (
      const path of [
        "oauth-protected-resource/other",
        "oauth-protected-resource/mcp/deeper",
        "oauth-protected-resource/MCP",
        "oauth-authorization-server",
        "oauth-authorization-server/mcp",
        "openid-configuration",
      ]
    ) {
      const response = await fetch(get(`/.well-known/${path}`));
      await assertRefused(response, { status: 404, code: -32600, names: "Not found" });
    }
  }
  const { fetch } = createTestHandler({}, { ...PROTECTED, protectedResource: undefined });
  assertEquals((await fetch(get("/.well-known/oauth-protected-resource"))).status, 404);
  // A neighbour by name is an ordinary path, where the endpoint may be mounted.
  assertEquals((await fetch(get("/.well-known/oauth-protected-resources"))).status, 401);
  assertEquals((await fetch(get("/.well-known/mcp"))).status, 401);
});

Deno.test("createFetchHandler() serves metadata by the rules for hosts, origins and pages that hold for all else", async () => {
  const { fetch } = createTestHandler({}, {
    ...PROTECTED,
    allowedOrigins: ["https://app.example"],
    cors: {},
  });
  const path = "/.well-known/oauth-protected-resource/mcp";
  const page = await fetch(get(path, { origin: "https://app.example" }));
  assertEquals([page.status, page.headers.get("access-control-allow-origin")], [200, "https://app.example"]);
  assertEquals((await fetch(get(path, { origin: "https://evil.example" }))).status, 403);
  assertEquals((await fetch(get(path, { host: "evil.example" }))).status, 403);
});

verifies(
  ["T25-283", "T25-291", "T26-287"],
  "a challenge asks for the required scopes, of the resource as it is written",
  async () => {
    const dispatcher = new FakeDispatcher({}, new ScopeRules({ requiredScopes: ["mcp", "tasks:read"] }));
    const fetch = createFetchHandler(dispatcher, {
      ...PROTECTED,
      protectedResource: { ...RESOURCE, resource: "HTTPS://MCP.example" },
    });
    const response = await fetch(modern("tools/list"));
    assertEquals(
      response.headers.get("www-authenticate"),
      'Bearer scope="mcp tasks:read", resource_metadata="https://mcp.example/.well-known/oauth-protected-resource"',
    );
    const metadata = await (await fetch(get("/.well-known/oauth-protected-resource"))).json();
    assertEquals([metadata.resource, metadata.scopes_supported], ["HTTPS://MCP.example", [
      "mcp",
      "tasks:read",
    ]]);
  },
);

for (
  const [what, change] of [
    ["an insecure resource", { resource: "http://mcp.example/mcp" }],
    ["a resource that only looks like loopback", { resource: "http://localhost.evil.example/mcp" }],
    ["a resource with a fragment", { resource: "https://mcp.example/mcp#" }],
    ["a resource with a query", { resource: "https://mcp.example/mcp?a=b" }],
    ["a resource with a password", { resource: "https://a:b@mcp.example/mcp" }],
    ["a resource that is a path", { resource: "/mcp" }],
    ["no authorization server", { authorizationServers: [] }],
    ["an authorization server that is a text", {
      authorizationServers: "https://id.example" as unknown as [],
    }],
    ["an insecure authorization server", { authorizationServers: ["http://id.example"] }],
    ["a scope with a space", { scopesSupported: ["a b"] }],
    ["a scope with a quote", { scopesSupported: ['a"b'] }],
  ] as const
) {
  Deno.test(`createFetchHandler() does not start with ${what}`, () => {
    const protectedResource = { ...RESOURCE, ...change };
    assertThrows(() => createTestHandler({}, { ...PROTECTED, protectedResource }), TypeError);
  });
}

verifies("T26-295", "offline_access is no scope of a server", () => {
  const protectedResource = { ...RESOURCE, scopesSupported: ["tasks", "offline_access"] };
  assertThrows(() => createTestHandler({}, { ...PROTECTED, protectedResource }), TypeError, "offline_access");
  assertThrows(() => new ScopeRules({ requiredScopes: ["offline_access"] }), TypeError, "offline_access");
});

Deno.test("createFetchHandler() does not call a server protected that asks nobody who calls", () => {
  assertThrows(
    () => createTestHandler({}, { protectedResource: RESOURCE }),
    TypeError,
    "nothing is protected",
  );
});

Deno.test("createFetchHandler() lets loopback be http", async () => {
  for (const host of ["localhost:8000", "127.0.0.1:8000", "[::1]:8000"]) {
    const { fetch } = createTestHandler({}, {
      ...PROTECTED,
      protectedResource: { resource: `http://${host}/mcp`, authorizationServers: [`http://${host}`] },
    });
    const response = await fetch(modern("tools/list"));
    const challenge = response.headers.get("www-authenticate");
    assertEquals(
      challenge,
      `Bearer resource_metadata="http://${host}/.well-known/oauth-protected-resource/mcp"`,
    );
  }
});
