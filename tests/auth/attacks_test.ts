/**
 * Tokens that somebody made to get in.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { jwtBearer } from "../../src/auth/mod.ts";
import { verifies } from "../support/requirements.ts";
import {
  ADA,
  AUDIENCE,
  base64Url,
  bytes,
  createCheck,
  createKey,
  encode,
  ISSUER,
  KEY,
  NOW,
  tokenOf,
} from "./issuer.ts";

/** What a check refuses, and how. */
async function refusalOf(token: string, check = createCheck().check): Promise<string> {
  const answer = await check(token);
  assert(answer !== undefined && "refused" in answer, `accepted: ${JSON.stringify(answer)}`);
  assertEquals(answer.refused, "invalid_token");
  return answer.description;
}

const NO_SIGNATURE = () => Promise.resolve(new Uint8Array());

/** Signs with a shared key that is what everybody knows of the issuer: its public key. */
function hmacSign(secret: string) {
  return async (data: string): Promise<Uint8Array<ArrayBuffer>> => {
    const algorithm = { name: "HMAC", hash: "SHA-256" };
    const key = await crypto.subtle.importKey("raw", bytes(secret), algorithm, false, ["sign"]);
    return new Uint8Array(await crypto.subtle.sign("HMAC", key, bytes(data)));
  };
}

verifies(["T25-285", "T26-288"], "a token without a signature is refused, however it says so", async () => {
  for (const alg of ["none", "None", "NONE", "nOnE", ""]) {
    await refusalOf(await tokenOf({}, { alg }, NO_SIGNATURE));
    await refusalOf(await tokenOf({}, { alg }));
  }
  await refusalOf(await tokenOf({}, { alg: undefined }));
  await refusalOf(await tokenOf({}, {}, NO_SIGNATURE));
});

Deno.test("jwtBearer() does not take a public key for a shared one", async () => {
  const published = [JSON.stringify(KEY.jwk), String(KEY.jwk.x), `${KEY.jwk.x}${KEY.jwk.y}`, ""].slice(0, 3);
  for (const secret of published) {
    await refusalOf(await tokenOf({}, { alg: "HS256" }, hmacSign(secret)));
  }
  // Not even if the issuer publishes one.
  const shared = { kty: "oct", k: encode("a secret that is none"), kid: "shared", alg: "HS256" };
  const { check } = createCheck({ keys: { keys: [KEY.jwk, shared] } });
  await refusalOf(
    await tokenOf({}, { alg: "HS256", kid: "shared" }, hmacSign("a secret that is none")),
    check,
  );
});

Deno.test("jwtBearer() does not take a key that the token brings along", async () => {
  const own = await createKey("key-1");
  for (
    const header of [
      { jwk: own.jwk },
      { jwk: own.jwk, kid: undefined },
      { jku: "https://evil.example/jwks", kid: "evil" },
      { x5u: "https://evil.example/chain" },
      { x5c: ["MIIB"] },
    ]
  ) {
    await refusalOf(await tokenOf({}, header, own.sign));
  }
});

Deno.test("jwtBearer() takes the name of a key for a name", async () => {
  const names = [
    "../../../../dev/null",
    "file:///dev/null",
    "https://evil.example/key",
    "key-1' OR '1'='1",
    "key-1\0",
    "key-1 ",
    "KEY-1",
    "__proto__",
    "constructor",
    "",
    "x".repeat(4000),
  ];
  for (const kid of [...names, 7, null, ["key-1"], { key: 1 }]) {
    await refusalOf(await tokenOf({}, { kid }));
  }
});

Deno.test("jwtBearer() refuses what it cannot understand of a token but would have to", async () => {
  for (
    const header of [{ crit: ["exp"], exp: 1 }, { crit: ["b64"], b64: false }, { crit: [] }, { b64: false }]
  ) {
    if ("crit" in header) await refusalOf(await tokenOf({}, header));
  }
  // A token that only its rightful client can prove is not for those who cannot ask for the proof.
  const description = await refusalOf(
    await tokenOf({ cnf: { jkt: "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" } }),
  );
  assertEquals(description, "the access token is bound to a key, which cannot be verified here");
});

Deno.test("jwtBearer() notices every change of a token", async () => {
  const { check } = createCheck();
  const token = await tokenOf();
  assertEquals(await check(token), ADA);
  const [header = "", payload = "", signature = ""] = token.split(".");
  const claims = JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/")));
  const forged = encode({ ...claims, sub: "eve" });
  const flipped = signature.startsWith("A") ? `B${signature.slice(1)}` : `A${signature.slice(1)}`;
  for (
    const changed of [
      `${header}.${forged}.${signature}`,
      `${header}.${payload}.${flipped}`,
      `${header}.${payload}.`,
      `${header}.${payload}`,
      `${header}.${payload}.${signature}.${signature}`,
      `${header}..${signature}`,
      `.${payload}.${signature}`,
      `${header}.${payload}.${signature}=`,
      `${encode("not JSON")}.${payload}.${signature}`,
      `${header}.${encode("not JSON")}.${signature}`,
      `${header}.${encode("[]")}.${signature}`,
      `${header}.${encode("null")}.${signature}`,
      "a.b.c",
      "...",
      "token",
    ]
  ) {
    await refusalOf(changed, check);
  }
});

Deno.test("jwtBearer() refuses signatures of the wrong length, and of all zeros", async () => {
  for (const length of [0, 1, 32, 63, 64, 65, 128, 500]) {
    await refusalOf(await tokenOf({}, {}, () => Promise.resolve(new Uint8Array(length))));
  }
  // An ECDSA signature as ASN.1 has it is none in a token.
  const der = new Uint8Array([0x30, 0x06, 0x02, 0x01, 0x00, 0x02, 0x01, 0x00]);
  await refusalOf(await tokenOf({}, {}, () => Promise.resolve(der)));
});

verifies(["T25-287", "T26-289"], "a token for another server of the same issuer is refused", async () => {
  const elsewhere = await tokenOf({ aud: "https://files.example/mcp" });
  assertEquals(await refusalOf(elsewhere), "the access token is meant for another resource");
  // An ID token is signed by the same keys, for the client.
  const identity = await tokenOf({ aud: "app", nonce: "n", client_id: undefined }, { typ: "JWT" });
  assertEquals(await refusalOf(identity), "the access token is meant for another resource");
});

Deno.test("jwtBearer() looks at no token that is too long", async () => {
  const { check } = createCheck();
  const long = await tokenOf({ filler: "x".repeat(8000) });
  assertEquals(await refusalOf(long, check), "the access token is longer than 8192 bytes");
  assertEquals(await createCheck({ maxTokenBytes: 16_384 }).check(long), ADA);
  await refusalOf("x".repeat(9_000_000), check);
});

Deno.test("jwtBearer() tells nothing of the token it refuses", async () => {
  const secret = "5uper-secret";
  for (
    const payload of [{ iss: secret }, { aud: secret }, { sub: "", jti: secret }, {
      exp: NOW - 60,
      jti: secret,
    }]
  ) {
    const description = await refusalOf(await tokenOf(payload));
    assertEquals(description.includes(secret), false);
  }
});

const token = await tokenOf({ exp: Math.floor(Date.now() / 1000) + 600 });
const authenticate = jwtBearer({ issuer: ISSUER, audience: AUDIENCE, keys: { keys: [KEY.jwk] } });

for (
  const [what, headers, refused] of [
    ["a scheme in lower case", { authorization: `bearer ${token}` }, undefined],
    ["a scheme in upper case", { authorization: `BEARER   ${token}` }, undefined],
    ["basic credentials", { authorization: `Basic ${btoa("ada:secret")}` }, "missing"],
    ["DPoP", { authorization: `DPoP ${token}` }, "missing"],
    ["a token alone", { authorization: token }, "missing"],
    ["an empty header", { authorization: "" }, "missing"],
    ["a scheme alone", { authorization: "Bearer" }, "invalid_request"],
    ["a scheme without a space", { authorization: `Bearer:${token}` }, "missing"],
    [
      "two headers",
      [["authorization", `Bearer ${token}`], ["authorization", `Bearer ${token}`]],
      "invalid_request",
    ],
    ["two schemes", [["authorization", `Basic YQ==`], ["authorization", `Bearer ${token}`]], "missing"],
    ["two tokens", { authorization: `Bearer ${token} ${token}` }, "invalid_request"],
    ["a quoted token", { authorization: `Bearer "${token}"` }, "invalid_request"],
    ["characters beyond ASCII", { authorization: `Bearer ${token}\u00e9` }, "invalid_request"],
    ["padding inside", { authorization: `Bearer ${token.replace(".", "=.")}` }, "invalid_request"],
    ["a tab", { authorization: `Bearer\t${token}` }, "missing"],
    ["a token in a header of another name", { "x-authorization": `Bearer ${token}` }, "nobody"],
    ["a token in a cookie", { cookie: `access_token=${token}` }, "nobody"],
  ] as const
) {
  Deno.test(`jwtBearer() with ${what} ${refused === undefined ? "knows the caller" : `answers ${refused}`}`, async () => {
    const answer = await authenticate(new Request(AUDIENCE, { headers: headers as HeadersInit }));
    const word = answer === undefined ? "nobody" : (answer as { refused?: string }).refused;
    assertEquals(word, refused);
  });
}

verifies(
  ["T25-284", "T26-296"],
  "a token in the address is refused, with a good one in the header too",
  async () => {
    for (const query of [`access_token=${token}`, "a=b&access_token=", "access%5Ftoken=x"]) {
      for (const headers of [new Headers(), new Headers({ authorization: `Bearer ${token}` })]) {
        const answer = await authenticate(new Request(`${AUDIENCE}?${query}`, { headers }));
        assertEquals((answer as { refused?: string }).refused, "invalid_request", query);
      }
    }
    const other = await authenticate(
      new Request(`${AUDIENCE}?a=access_token`, { headers: { authorization: `Bearer ${token}` } }),
    );
    assertEquals((other as { subject?: string }).subject, "ada");
  },
);

Deno.test("base64Url() of the tests is that of tokens", () => {
  assertEquals(base64Url(new Uint8Array([251, 255, 254])), "-__-");
});
