import { assertEquals, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import { memory } from "../../backends/memory.ts";
import { Keyring, type StorageBackend, StorageUnavailableError } from "../../src/store/mod.ts";
import { FakeRuntime } from "../support/fake_runtime.ts";
import { away, FaultyBackend, loseReply, throwBefore } from "../support/faulty_backend.ts";
import { verifies } from "../support/requirements.ts";

const OLD = "old-secret-old-secret-old-secret-";
const NEW = "new-secret-new-secret-new-secret-";
const VALUE = { after: "task-1", n: [1, "ä😀", null] };

function ring(secrets?: readonly string[], backend: StorageBackend = memory(), seed = 1): Keyring {
  return new Keyring(backend, new FakeRuntime({ seed }), secrets);
}

const WAYS = {
  sign: { make: "sign", read: "verify" },
  seal: { make: "seal", read: "open" },
} as const;

for (const { make, read } of Object.values(WAYS)) {
  verifies("T25-077", `Keyring.${read}() gives back what ${make}() was given`, async () => {
    const keys = ring([OLD]);
    const token = await keys[make]("cursor", "owner", VALUE);
    assertEquals(await keys[read]("cursor", "owner", token), VALUE);
    assertEquals(encodeURIComponent(token), token);
  });

  verifies("T25-077", `Keyring.${read}() refuses another purpose and another context`, async () => {
    const keys = ring([OLD]);
    const token = await keys[make]("cursor", "owner", VALUE);
    assertEquals(await keys[read]("stream", "owner", token), undefined);
    assertEquals(await keys[read]("state", "owner", token), undefined);
    assertEquals(await keys[read]("cursor", "owner2", token), undefined);
    assertEquals(await keys[read]("cursor", "", token), undefined);
  });

  verifies(
    "T25-077",
    `Keyring.${read}() refuses a token with any one character changed, added or left out`,
    async () => {
      const keys = ring([OLD]);
      const token = await keys[make]("cursor", "owner", VALUE);
      const changed = [...token].flatMap((char, i) => [
        token.slice(0, i) + (char === "A" ? "B" : "A") + token.slice(i + 1),
        token.slice(0, i) + token.slice(i + 1),
        token.slice(0, i) + "A" + token.slice(i),
        token.slice(0, i) + "." + token.slice(i),
      ]);
      const accepted: string[] = [];
      for (const forged of new Set(changed)) {
        if (forged !== token && await keys[read]("cursor", "owner", forged) !== undefined) {
          accepted.push(forged);
        }
      }
      assertEquals(accepted, []);
    },
  );

  verifies("T25-077", `Keyring.${read}() refuses what is no token at all`, async () => {
    const keys = ring([OLD]);
    for (
      const text of ["", ".", "..", "a", "a.b", "é.é", "\ud800.\ud800", "A".repeat(10_000), "=.=", "a.b.c.d"]
    ) {
      assertEquals(await keys[read]("cursor", "owner", text), undefined, text.slice(0, 20));
    }
  });

  Deno.test(`Keyring.${make}() uses the first secret, and ${read}() takes them all`, async () => {
    const byOld = await ring([OLD])[make]("cursor", "owner", VALUE);
    const rotated = ring([NEW, OLD]);
    assertEquals(await rotated[read]("cursor", "owner", byOld), VALUE);
    const byNew = await rotated[make]("cursor", "owner", VALUE);
    assertEquals(await ring([NEW])[read]("cursor", "owner", byNew), VALUE);
    assertEquals(await ring([OLD])[read]("cursor", "owner", byNew), undefined);
    assertEquals(await ring([NEW])[read]("cursor", "owner", byOld), undefined);
  });

  Deno.test(`Keyring.${read}() of one instance takes what another instance on the same store made`, async () => {
    const backend = memory();
    const token = await ring(undefined, backend, 1)[make]("state", "c", VALUE);
    assertEquals(await ring(undefined, backend, 2)[read]("state", "c", token), VALUE);
    assertEquals(await ring(undefined, memory(), 3)[read]("state", "c", token), undefined);
  });
}

Deno.test("Keyring.verify() does not take what seal() made, nor open() what sign() made", async () => {
  const keys = ring([OLD]);
  assertEquals(await keys.open("cursor", "c", await keys.sign("cursor", "c", VALUE)), undefined);
  assertEquals(await keys.verify("cursor", "c", await keys.seal("cursor", "c", VALUE)), undefined);
});

Deno.test("Keyring.seal() hides the value, and never makes the same token twice", async () => {
  const keys = ring([OLD]);
  const token = await keys.seal("state", "c", { secret: "plain text" });
  assertEquals(token.includes(btoa("plain text").slice(0, 8)), false);
  assertNotEquals(await keys.seal("state", "c", { secret: "plain text" }), token);
});

Deno.test("Keyrings that start at the same time on an empty store end with one secret", async () => {
  const backend = memory();
  const rings = Array.from({ length: 20 }, (_, seed) => ring(undefined, backend, seed));
  const tokens = await Promise.all(rings.map((keys) => keys.sign("cursor", "c", VALUE)));
  assertEquals(new Set(tokens).size, 1);
  for (const keys of rings) assertEquals(await keys.verify("cursor", "c", tokens[0]!), VALUE);
});

for (const fault of [throwBefore, loseReply, away]) {
  Deno.test(`Keyring works again after its first look at the store ended in ${fault.name}`, async () => {
    const backend = new FaultyBackend(memory());
    if (fault === away) backend.onGet(away);
    else backend.onPut("meta", fault);
    const keys = ring(undefined, backend);
    await assertRejects(() => keys.sign("cursor", "c", VALUE), StorageUnavailableError);
    const token = await keys.sign("cursor", "c", VALUE);
    assertEquals(await ring(undefined, backend, 2).verify("cursor", "c", token), VALUE);
  });
}

Deno.test("Keyring reads the store once", async () => {
  const backend = new FaultyBackend(memory());
  const keys = ring(undefined, backend);
  const token = await keys.sign("cursor", "c", VALUE);
  backend.takeCounts();
  await keys.verify("cursor", "c", token);
  await keys.seal("state", "c", VALUE);
  assertEquals(backend.takeCounts(), {});
});

Deno.test("Keyring with secrets never touches the store", async () => {
  const backend = new FaultyBackend(memory());
  await ring([OLD], backend).sign("cursor", "c", VALUE);
  assertEquals(backend.takeCounts(), {});
});

for (const secrets of [[], [""], ["x".repeat(31)], [OLD, "short"]]) {
  Deno.test(`Keyring refuses ${JSON.stringify(secrets)} as secrets`, () => {
    assertThrows(() => ring(secrets), TypeError, '"secrets"');
  });
}
