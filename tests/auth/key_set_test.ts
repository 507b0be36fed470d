import { assert, assertEquals } from "@std/assert";
import { exportJWK, generateKeyPair } from "jose";
import type { FetchLike } from "../../src/auth/mod.ts";
import { settle } from "../support/settle.ts";
import { ADA, createCheck, createKey, KEY, NOW, type SigningKey, tokenOf } from "./issuer.ts";

const URL_OF_KEYS = "https://id.example/jwks.json?v=1";
const NEXT = await createKey("key-2");

/** An issuer's keys behind a `fetch` that a test holds in its hands. */
function createSource() {
  const asked: Parameters<FetchLike>[] = [];
  const errors: unknown[] = [];
  const source = {
    asked,
    errors,
    answer: (): Response | Promise<Response> => Response.json({ keys: [KEY.jwk] }),
  };
  const { runtime, check } = createCheck({
    keys: URL_OF_KEYS,
    fetch: (...args) => {
      asked.push(args);
      return Promise.resolve().then(() => source.answer());
    },
    onError: (error) => void errors.push(error),
  });
  /** What came of a token that expires late: a subject, or the word of the refusal. */
  const judge = async (key: SigningKey = KEY): Promise<string | undefined> => {
    const token = await tokenOf({ exp: NOW + 100_000 }, { kid: key.jwk.kid }, key.sign);
    const answer = await check(token) as { subject?: string; refused?: string };
    return answer.refused ?? answer.subject;
  };
  return { ...source, source, runtime, check, judge };
}

const UNAVAILABLE = {
  refused: "unavailable",
  description: "the keys of the authorization server cannot be fetched: try again",
  retryAfterMs: 5000,
} as const;

Deno.test("jwtBearer() fetches keys when the first token comes, once for all that come meanwhile, and keeps them", async () => {
  const { asked, check, judge, runtime } = createSource();
  assertEquals(asked, []);
  const token = await tokenOf();
  assertEquals(await Promise.all([check(token), check(token), check(token)]), [ADA, ADA, ADA]);
  await runtime.advance(599_999);
  assertEquals(await judge(), "ada");
  assertEquals(asked.length, 1);
  const [url, { redirect, headers }] = asked[0]!;
  assertEquals([url, redirect, headers.accept], [
    URL_OF_KEYS,
    "manual",
    "application/json, application/jwk-set+json",
  ]);
  await runtime.advance(1);
  assertEquals(await judge(), "ada");
  assertEquals(asked.length, 2);
});

Deno.test("jwtBearer() follows a rotation at once, and lets no stranger make it fetch more often than every half minute", async () => {
  const { asked, source, judge, runtime } = createSource();
  assertEquals(await judge(), "ada");
  await runtime.advance(30_000);
  source.answer = () => Response.json({ keys: [KEY.jwk, NEXT.jwk] });
  assertEquals(await judge(NEXT), "ada");
  assertEquals(asked.length, 2);
  const stranger = await createKey("stranger");
  for (let i = 0; i < 50; i++) assertEquals(await judge(stranger), "invalid_token");
  assertEquals(asked.length, 2);
  assertEquals([await judge(), await judge(NEXT)], ["ada", "ada"]);
  await runtime.advance(29_999);
  assertEquals([await judge(stranger), asked.length], ["invalid_token", 2]);
  await runtime.advance(1);
  assertEquals([await judge(stranger), asked.length], ["invalid_token", 3]);
  assertEquals([await judge(stranger), asked.length], ["invalid_token", 3]);
});

Deno.test("jwtBearer() no longer takes a key that the issuer has withdrawn", async () => {
  const { source, judge, runtime } = createSource();
  assertEquals(await judge(), "ada");
  source.answer = () => Response.json({ keys: [NEXT.jwk] });
  await runtime.advance(600_000);
  assertEquals([await judge(), await judge(NEXT)], ["invalid_token", "ada"]);
});

for (
  const [what, answer] of [
    ["fails", () => Promise.reject(new TypeError("connection refused"))],
    ["answers 500", () => new Response("no", { status: 500 })],
    ["answers 500 with keys", () => Response.json({ keys: [KEY.jwk] }, { status: 500 })],
    ["answers at too great a length", () => new Response(paddedKeys(256 * 1024 + 1))],
    ["answers 404", () => new Response(null, { status: 404 })],
    [
      "sends elsewhere",
      () => new Response(null, { status: 302, headers: { location: "https://evil.example" } }),
    ],
    ["answers with a page", () => new Response("<html>")],
    ["answers nothing", () => new Response(null)],
    ["answers no key set", () => Response.json({ keys: "none" })],
    ["answers a list", () => Response.json([KEY.jwk])],
    ["answers bytes that are no text", () => new Response(new Uint8Array([0x7b, 0xff]))],
    ["answers without an end", () => new Response(endless())],
    ["breaks off", () => new Response(breaking())],
  ] as const satisfies readonly (readonly [string, () => Response | Promise<Response>])[]
) {
  Deno.test(`jwtBearer() cannot tell whether a token is good if the issuer ${what}, and tells that from a bad one`, async () => {
    const { source, asked, errors, check, runtime } = createSource();
    const token = await tokenOf();
    source.answer = answer;
    assertEquals(await check(token), UNAVAILABLE);
    assertEquals([asked.length, errors.length], [1, 1]);
    assert(String((errors[0] as Error).message).includes(URL_OF_KEYS));
    // Not asked at once again, by whomever.
    assertEquals([await check(token), asked.length], [UNAVAILABLE, 1]);
    source.answer = () => Response.json({ keys: [KEY.jwk] });
    await runtime.advance(5000);
    assertEquals([await check(token), asked.length], [ADA, 2]);
  });
}

Deno.test("jwtBearer() does not wait for ever for an issuer's keys", async () => {
  const { source, asked, check, runtime } = createSource();
  const token = await tokenOf();
  source.answer = () =>
    new Promise((_, reject) => {
      const { signal } = asked.at(-1)![1];
      signal.addEventListener("abort", () => reject(signal.reason));
    });
  const answer = check(token);
  await settle();
  await runtime.advance(5000);
  assertEquals(await answer, UNAVAILABLE);

  await runtime.advance(5000);
  // The headers came, the rest does not.
  source.answer = () => new Response(new ReadableStream());
  const slow = check(token);
  await settle();
  await runtime.advance(5000);
  assertEquals(await slow, UNAVAILABLE);
});

Deno.test("jwtBearer() does not wait for a fetch that heeds no signal, nor for timers that a platform has dropped", async () => {
  const { source, check, runtime } = createSource();
  const token = await tokenOf();
  source.answer = () => new Promise(() => {});
  const deaf = check(token);
  await settle();
  await runtime.advance(5000);
  assertEquals(await deaf, UNAVAILABLE);

  await runtime.advance(5000);
  const { setTimer } = runtime;
  runtime.setTimer = () => () => {};
  void check(token);
  await settle();
  runtime.setTimer = setTimer;
  source.answer = () => Response.json({ keys: [KEY.jwk] });
  await runtime.advance(10_000);
  assertEquals(await check(token), ADA);
});

Deno.test("jwtBearer() goes on with the keys it has while the issuer is away, for an hour", async () => {
  const { source, asked, errors, judge, runtime } = createSource();
  assertEquals(await judge(), "ada");
  source.answer = () => new Response(null, { status: 503 });
  await runtime.advance(600_000);
  assertEquals(await judge(), "ada");
  assertEquals([asked.length, errors.length], [2, 1]);
  assertEquals([await judge(), asked.length], ["ada", 2]);
  // A new key may be a good one: nobody can tell.
  assertEquals([await judge(NEXT), asked.length], ["unavailable", 2]);
  await runtime.advance(2_999_999);
  assertEquals(await judge(), "ada");
  await runtime.advance(1);
  assertEquals(await judge(), "unavailable");
  source.answer = () => Response.json({ keys: [NEXT.jwk] });
  await runtime.advance(5000);
  assertEquals([await judge(), await judge(NEXT)], ["invalid_token", "ada"]);
});

Deno.test("jwtBearer() reads keys up to a quarter of a mebibyte", async () => {
  const { source, check } = createSource();
  source.answer = () => new Response(paddedKeys(256 * 1024));
  assertEquals(await check(await tokenOf()), ADA);
});

Deno.test("jwtBearer() does not blame a token for a key that cannot be used", async () => {
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  const secret = { ...await exportJWK(privateKey), kid: "key-1", alg: "ES256" };
  for (const jwk of [{ ...KEY.jwk, x: 7 }, secret]) {
    const { check } = createCheck({ keys: { keys: [jwk] } });
    const error = await check(await tokenOf()).then(() => undefined, (error) => error);
    assert(error instanceof Error);
  }
});

function paddedKeys(bytes: number): string {
  return JSON.stringify({ keys: [KEY.jwk] }).padEnd(bytes);
}

Deno.test("jwtBearer() is not to be put off by a listener that throws", async () => {
  const { check } = createCheck({
    keys: URL_OF_KEYS,
    fetch: () => Promise.reject(new Error("away")),
    onError: () => {
      throw new Error("listener");
    },
  });
  assertEquals(await check(await tokenOf()), UNAVAILABLE);
});

Deno.test("jwtBearer() fetches with the platform's fetch by itself, from loopback over http too", async () => {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => Response.json({ keys: [KEY.jwk] }),
  );
  try {
    const { check } = createCheck({ keys: new URL(`http://127.0.0.1:${server.addr.port}/jwks`) });
    assertEquals(await check(await tokenOf()), ADA);
  } finally {
    await server.shutdown();
  }
});

Deno.test("jwtBearer() verifies a token once, until it expires or the issuer's keys may have changed", async () => {
  const { source, check, runtime } = createSource();
  const token = await tokenOf();
  const other = await tokenOf({ sub: "bob" });
  using verified = countVerifications();
  for (let i = 0; i < 5; i++) assertEquals(await check(token), ADA);
  assertEquals(verified.count, 1);
  assertEquals(await check(other), { ...ADA, subject: "bob" });
  assertEquals(verified.count, 2);
  await runtime.advance(600_000);
  source.answer = () => Response.json({ keys: [KEY.jwk, NEXT.jwk] });
  assertEquals(await check(token), ADA);
  assertEquals(verified.count, 3);
  // A rotation that somebody else's token brought about, after which nothing that was verified before counts.
  source.answer = () => Response.json({ keys: [NEXT.jwk] });
  await runtime.advance(29_000);
  assertEquals([await check(token), verified.count], [ADA, 3]);
  await runtime.advance(1000);
  const refusal = await check(token) as { description?: string };
  assertEquals(refusal.description, "the access token has expired");
});

Deno.test("jwtBearer() forgets what it verified by keys that have changed since", async () => {
  const { source, check, judge, runtime } = createSource();
  const token = await tokenOf();
  assertEquals(await check(token), ADA);
  source.answer = () => Response.json({ keys: [NEXT.jwk] });
  await runtime.advance(30_000);
  assertEquals(await judge(NEXT), "ada");
  assertEquals((await check(token) as { refused?: string }).refused, "invalid_token");
});

Deno.test("jwtBearer() remembers a bounded number of tokens, the newest", async () => {
  const { check } = createCheck();
  const tokens = await Promise.all(
    Array.from({ length: 1001 }, (_, index) => tokenOf({ sub: `user-${index}` })),
  );
  for (const token of tokens) await check(token);
  using verified = countVerifications();
  await check(tokens.at(-1)!);
  await check(tokens[1]!);
  assertEquals(verified.count, 0);
  await check(tokens[0]!);
  assertEquals(verified.count, 1);
});

/** Counts how often a signature is verified. */
function countVerifications(): { count: number } & Disposable {
  const { subtle } = crypto;
  const { verify } = subtle;
  const counter = {
    count: 0,
    [Symbol.dispose]: () => void (subtle.verify = verify),
  };
  subtle.verify = (...args: Parameters<SubtleCrypto["verify"]>) => {
    counter.count++;
    return verify.apply(subtle, args);
  };
  return counter;
}

function endless(): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(65_536).fill(0x20)) });
}

function breaking(): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    pull: (controller) => controller.error(new TypeError("connection reset")),
  });
}
