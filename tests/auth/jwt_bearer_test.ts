import { assertEquals, assertThrows } from "@std/assert";
import { type CredentialRefusal, jwtBearer, type JwtBearerOptions } from "../../src/auth/mod.ts";
import { verifies } from "../support/requirements.ts";
import {
  ADA,
  AUDIENCE,
  createCheck,
  createKey,
  encode,
  ISSUER,
  KEY,
  NOW,
  requestWith,
  tokenOf,
} from "./issuer.ts";

const OPTIONS: JwtBearerOptions = { issuer: ISSUER, audience: AUDIENCE, keys: { keys: [KEY.jwk] } };

function invalid(description: string): CredentialRefusal {
  return { refused: "invalid_token", description };
}

verifies(
  ["T25-285", "T26-288"],
  "a token of the issuer for this server says who calls, and until when",
  async () => {
    const { check } = createCheck();
    assertEquals(await check(await tokenOf()), ADA);
  },
);

Deno.test("jwtBearer() knows nobody without an Authorization header", async () => {
  assertEquals(await jwtBearer(OPTIONS)(new Request(AUDIENCE)), undefined);
});

Deno.test("jwtBearer() reads client, scopes and kept claims as issuers spell them", async () => {
  const { check } = createCheck({ claims: ["email", "org", "missing", "toString"] });
  const principal = async (payload: Record<string, unknown>) => {
    const { expiresAt: _, ...rest } = await check(await tokenOf(payload)) as typeof ADA;
    return rest;
  };
  const { expiresAt: _, ...ada } = ADA;
  const claims = { email: "ada@example.com", org: { id: 7 } };
  assertEquals(await principal({ ...claims, phone: "1" }), { ...ada, claims });
  assertEquals(await principal({ client_id: undefined, azp: "web" }), { ...ada, clientId: "web" });
  assertEquals(await principal({ client_id: undefined }), { ...ada, clientId: undefined });
  assertEquals(await principal({ scope: undefined, scp: ["a", "b", 7] }), { ...ada, scopes: ["a", "b"] });
  assertEquals(await principal({ scope: undefined, scp: "a b" }), { ...ada, scopes: ["a", "b"] });
  assertEquals(await principal({ scope: "  a   b " }), { ...ada, scopes: ["a", "b"] });
  assertEquals(await principal({ scope: undefined }), { ...ada, scopes: [] });
  assertEquals(await principal({ scope: { a: 1 } }), { ...ada, scopes: [] });
});

Deno.test("jwtBearer() takes a token that was given to a client itself for the client's, not for a user's", async () => {
  const { check } = createCheck();
  const client = { ...ADA, subject: undefined };
  assertEquals(await check(await tokenOf({ sub: "app" })), client);
  assertEquals(await check(await tokenOf({ sub: undefined })), client);
  assertEquals(await check(await tokenOf({ sub: "app", client_id: undefined, azp: "app" })), client);
});

for (
  const [what, payload] of [
    ["nobody", { sub: undefined, client_id: undefined }],
    ["an empty subject", { sub: "" }],
    ["an empty client", { client_id: "" }],
    ["a subject that is a number", { sub: 7 }],
    ["a subject that is null", { sub: null }],
    ["a client that is a list", { client_id: ["app"] }],
    ["an over-long subject", { sub: "a".repeat(1025) }],
    ["an ill-formed subject", { sub: "\ud800" }],
  ] as const
) {
  Deno.test(`jwtBearer() refuses a token that names ${what}`, async () => {
    const { check } = createCheck();
    assertEquals(await check(await tokenOf(payload)), invalid("the access token does not say who brings it"));
  });
}

Deno.test("jwtBearer() allows for clocks that differ, and not for more", async () => {
  const seconds = async (payload: Record<string, unknown>, clockSkewMs?: number) => {
    const { check } = createCheck({ clockSkewMs });
    const answer = await check(await tokenOf(payload));
    return answer instanceof Response || answer === undefined || !("refused" in answer)
      ? "ok"
      : answer.description;
  };
  assertEquals(await seconds({ exp: NOW - 29 }), "ok");
  assertEquals(await seconds({ exp: NOW - 30 }), "the access token has expired");
  assertEquals(await seconds({ nbf: NOW + 30 }), "ok");
  assertEquals(await seconds({ nbf: NOW + 31 }), "the access token is not valid yet");
  assertEquals(await seconds({ exp: NOW + 1 }, 0), "ok");
  assertEquals(await seconds({ exp: NOW }, 0), "the access token has expired");
  assertEquals(await seconds({ exp: NOW - 299 }, 300_000), "ok");
  for (const exp of [undefined, "9999999999", null]) {
    assertEquals(await seconds({ exp }), "the access token does not say when it expires", String(exp));
  }
  assertEquals(await seconds({ nbf: "soon" }), "the access token is not valid yet");
});

Deno.test("jwtBearer() refuses a token once the clock has passed its expiry", async () => {
  const { check, runtime } = createCheck();
  const token = await tokenOf();
  assertEquals(await check(token), ADA);
  await runtime.advance(630_000);
  assertEquals(await check(token), invalid("the access token has expired"));
});

verifies(
  ["T25-287", "T25-291", "T26-289"],
  "a token has to name this server, whole, in whatever case of scheme and host",
  async () => {
    const good = [
      AUDIENCE,
      [AUDIENCE],
      ["https://other.example", AUDIENCE],
      "HTTPS://MCP.Example/mcp",
    ];
    const bad = [
      "https://mcp.example",
      "https://mcp.example/",
      "https://mcp.example/mc",
      "https://mcp.example/mcp/",
      "https://mcp.example/mcp2",
      "https://mcp.example/MCP",
      "https://mcp.example/mcp?a",
      "https://mcp.example/mcp#",
      "https://mcp.example:443/mcp",
      "https://mcp.example/x/../mcp",
      "https://mcp.example@evil.example/mcp",
      "http://mcp.example/mcp",
      "https://other.example",
      `${AUDIENCE} https://other.example`,
      "",
      [],
      [[AUDIENCE]],
      { 0: AUDIENCE },
      undefined,
      null,
      7,
    ];
    const { check } = createCheck();
    for (const aud of good) assertEquals(await check(await tokenOf({ aud })), ADA, JSON.stringify(aud));
    for (const aud of bad) {
      const refusal = invalid("the access token is meant for another resource");
      assertEquals(await check(await tokenOf({ aud })), refusal, JSON.stringify(aud));
    }
    const several = createCheck({ audience: ["https://MCP.example/", "reports-api"] });
    for (const aud of ["https://mcp.example", "https://mcp.example/", "reports-api"]) {
      assertEquals(await several.check(await tokenOf({ aud })), ADA, aud);
    }
    assertEquals(
      await several.check(await tokenOf({ aud: "Reports-API" })),
      invalid("the access token is meant for another resource"),
    );
  },
);

Deno.test("jwtBearer() compares issuers character by character", async () => {
  const { check } = createCheck();
  for (
    const iss of [
      `${ISSUER}/`,
      "https://ID.example",
      "https://id.example.evil",
      ` ${ISSUER}`,
      undefined,
      [ISSUER],
      7,
      "",
    ]
  ) {
    assertEquals(
      await check(await tokenOf({ iss })),
      invalid("the access token is of another issuer"),
      JSON.stringify(iss),
    );
  }
});

Deno.test("jwtBearer() verifies by the keys of the issuer a token names, and by no other's", async () => {
  const other = await createKey("key-1");
  const check = jwtBearer(
    OPTIONS,
    { ...OPTIONS, issuer: "https://other.example", keys: { keys: [other.jwk] } },
  );
  const now = Math.floor(Date.now() / 1000);
  const judge = async (iss: string, key: typeof KEY) =>
    await check(requestWith(await tokenOf({ iss, exp: now + 600 }, {}, key.sign))) as Record<string, unknown>;
  assertEquals((await judge(ISSUER, KEY)).issuer, ISSUER);
  assertEquals((await judge("https://other.example", other)).issuer, "https://other.example");
  assertEquals((await judge(ISSUER, other)).refused, "invalid_token");
  assertEquals((await judge("https://other.example", KEY)).refused, "invalid_token");
});

Deno.test("jwtBearer() accepts types of token as headers spell them", async () => {
  const { check } = createCheck();
  for (const typ of ["at+jwt", "AT+JWT", "application/at+jwt", "JWT", "jwt", undefined]) {
    assertEquals(await check(await tokenOf({}, { typ })), ADA, typ);
  }
  const refusal = invalid("the token is of a type that is not accepted");
  // An introspection answer is signed by the issuer and meant for this server, like an access token.
  for (const typ of ["token-introspection+jwt", "dpop+jwt", "logout+jwt", "id+jwt", "", "at+jwt "]) {
    assertEquals(await check(await tokenOf({}, { typ })), refusal, typ);
  }
  const narrow = createCheck({ tokenTypes: ["at+jwt"] });
  assertEquals(await narrow.check(await tokenOf()), ADA);
  for (const typ of ["JWT", undefined]) assertEquals(await narrow.check(await tokenOf({}, { typ })), refusal);
});

for (const alg of ["RS256", "PS256", "EdDSA"] as const) {
  Deno.test(`jwtBearer() verifies ${alg}`, async () => {
    const key = await createKey("other", alg);
    const { check } = createCheck({ keys: { keys: [KEY.jwk, key.jwk] } });
    assertEquals(await check(await tokenOf({}, { alg, kid: "other" }, key.sign)), ADA);
    const narrow = createCheck({ keys: { keys: [KEY.jwk, key.jwk] }, algorithms: ["ES256"] });
    assertEquals(
      await narrow.check(await tokenOf({}, { alg, kid: "other" }, key.sign)),
      invalid("the access token is signed by an algorithm that is not accepted"),
    );
  });
}

for (
  const [what, options, message] of [
    ["an algorithm without a signature", { algorithms: ["none"] }, '"none"'],
    ["an algorithm of shared keys", { algorithms: ["ES256", "HS256"] }, '"HS256"'],
    ["no algorithm", { algorithms: [] }, "algorithms"],
    ["an empty audience", { audience: "" }, "audience"],
    ["no audience", { audience: [] }, "audience"],
    ["an empty issuer", { issuer: "" }, "issuer"],
    ["insecure keys", { keys: "http://id.example/jwks" }, "https"],
    ["keys without a URL", { keys: "jwks.json" }, "URL"],
    ["keys that are no set", { keys: { key: KEY.jwk } as unknown as { keys: [] } }, "JSON Web Key Set"],
    ["too much skew", { clockSkewMs: 300_001 }, "clockSkewMs"],
    ["a skew below nothing", { clockSkewMs: -1 }, "clockSkewMs"],
    ["a skew that is no number", { clockSkewMs: NaN }, "clockSkewMs"],
    ["a token length of nothing", { maxTokenBytes: 0 }, "maxTokenBytes"],
    ["keys of no age", { keysMaxAgeMs: 0 }, "keysMaxAgeMs"],
  ] as const satisfies readonly (readonly [string, Partial<JwtBearerOptions>, string])[]
) {
  Deno.test(`jwtBearer() does not start with ${what}`, () => {
    assertThrows(() => jwtBearer({ ...OPTIONS, ...options }), Error, message);
  });
}

Deno.test("jwtBearer() wants an issuer, and each once", () => {
  assertThrows(() => jwtBearer(), TypeError, "no issuer");
  assertThrows(() => jwtBearer(OPTIONS, { ...OPTIONS, audience: "other" }), TypeError, "twice");
});

Deno.test("jwtBearer() hands on nothing of the token itself", async () => {
  const { check } = createCheck({ claims: ["email"] });
  const token = await tokenOf({ email: "ada@example.com" });
  const answer = JSON.stringify(await check(token));
  for (const part of token.split(".")) assertEquals(answer.includes(part), false);
  assertEquals(answer.includes(encode("ES256")), false);
});
