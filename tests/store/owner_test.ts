import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { anonymousOwner, MAX_IDENTITY_LENGTH, ownerOfPrincipal, toOwnerKey } from "../../src/store/mod.ts";
import { verifies } from "../support/requirements.ts";

type Principal = Parameters<typeof ownerOfPrincipal>[0];

const keyOf = (principal: Principal) => toOwnerKey(ownerOfPrincipal(principal));

verifies(["T25-108", "T26-102", "lib-I9"], "toOwnerKey() tells all of these principals apart", async () => {
  const principals: Principal[] = [
    { subject: "ada" },
    { clientId: "ada" },
    { subject: "ada", issuer: "https://a.example" },
    { subject: "ada", issuer: "https://b.example" },
    { clientId: "ada", issuer: "https://a.example" },
    { subject: "Ada" },
    { subject: "ada " },
    { subject: " ada" },
    { subject: "ad" },
    { subject: "adaa" },
    { subject: "a:b", issuer: "c" },
    { subject: "b", issuer: "c:a" },
    { subject: "a/b" },
    { subject: "a", issuer: "b" },
    { subject: "b", issuer: "a" },
    { subject: "sub" },
    { subject: "1:a", issuer: "1" },
    { subject: "a", issuer: "1:1" },
    { subject: "\u00e9" },
    { subject: "e\u0301" },
    { subject: "a\u0000" },
    { subject: "__proto__" },
  ];
  const keys = await Promise.all([
    ...principals.map(keyOf),
    toOwnerKey(anonymousOwner("ada")),
    toOwnerKey(anonymousOwner("")),
  ]);
  assertEquals(new Set(keys).size, keys.length);
  for (const key of keys) assertMatch(key, /^[A-Za-z0-9_-]{43}$/);
});

Deno.test("toOwnerKey() is the same every time, and a subject wins over the client it came through", async () => {
  assertEquals(await keyOf({ subject: "ada" }), await keyOf({ subject: "ada", clientId: "app" }));
  assertEquals(await keyOf({ subject: "ada" }), await toOwnerKey({ space: "sub", issuer: "", id: "ada" }));
  // Pinned: another value would make every stored task unreachable.
  assertEquals(await keyOf({ subject: "ada", issuer: "https://a.example" }), PINNED);
});

const PINNED = "SHe4H8oQsp4XOH3ZxzZg5D3m1M4wSOyZem9GER96dNA";

Deno.test("toOwnerKey() stays right when it has seen more owners than it remembers", async () => {
  const before = await keyOf({ subject: "user-0" });
  const keys = await Promise.all(Array.from({ length: 2500 }, (_, i) => keyOf({ subject: `user-${i}` })));
  assertEquals(new Set(keys).size, 2500);
  assertEquals(await keyOf({ subject: "user-0" }), before);
});

const BAD: Readonly<Record<string, unknown>> = {
  "an empty text": "",
  "a lone surrogate": "ada\ud800",
  "a text that is too long": "x".repeat(MAX_IDENTITY_LENGTH + 1),
  "a text of 10 KiB": "x".repeat(10_240),
  "a number": 7,
  "null": null,
};

for (const [what, value] of Object.entries(BAD)) {
  verifies("T25-108", `ownerOfPrincipal() refuses ${what}, and names the field`, () => {
    for (const field of ["subject", "clientId", "issuer"]) {
      const principal = { ...(field === "issuer" ? { subject: "ada" } : {}), [field]: value } as Principal;
      const error = assertThrows(() => ownerOfPrincipal(principal), TypeError, `"${field}"`);
      // What was refused may be a secret, and may be ill-formed.
      if (typeof value === "string" && value !== "") assertEquals(error.message.includes(value), false);
    }
  });
}

Deno.test("ownerOfPrincipal() takes texts up to the limit, and refuses a principal without any", () => {
  assertEquals(ownerOfPrincipal({ subject: "x".repeat(1024) }).id.length, 1024);
  assertThrows(() => ownerOfPrincipal({}), TypeError, "neither a subject nor a client id");
  assertThrows(() => ownerOfPrincipal({ issuer: "https://a.example" }), TypeError, "neither a subject nor");
});
