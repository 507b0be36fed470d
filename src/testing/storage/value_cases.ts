import { assertEquals, assertRejects } from "@std/assert";
import { MAX_MUTABLE_BYTES, type RecordKind, ValueTooLargeError } from "../../store/backend.ts";
import { assertBytes, bytes, KINDS, pattern, type StorageCase, type StorageCases, text } from "./kit.ts";

const MUTABLE = KINDS.filter((kind) => kind !== "payload");
const KIB = 1024;
/** Sizes around the borders at which an engine may cut a value. */
const PAYLOAD_SIZES = [
  0,
  1,
  48 * KIB + 1,
  60 * KIB,
  60 * KIB + 1,
  64 * KIB,
  64 * KIB + 1,
  120 * KIB,
  256 * KIB,
];

/** Bytes in, the same bytes out. */
export const valueCases: StorageCases = {
  ...Object.fromEntries(
    MUTABLE.flatMap((kind) =>
      [0, 1, 4096, MAX_MUTABLE_BYTES].map((size) => [`keep ${size} bytes in a ${kind}`, keeps(kind, size)])
    ),
  ),
  ...Object.fromEntries(
    PAYLOAD_SIZES.map((size) => [`keep ${size} bytes in a payload`, keeps("payload", size)]),
  ),
  "keep the largest payload allowed": (kit) => keeps("payload", kit.traits.maxValueBytes)(kit),
  ...Object.fromEntries(MUTABLE.map((kind) => [`refuse a ${kind} beyond 48 KiB`, refuses(kind)])),
  "refuse a payload beyond the largest allowed": (kit) => refuses("payload")(kit),
  "refuse a replacement that is too large, and keep what was there": async (kit) => {
    const version = await kit.create(kit.key(), { value: bytes("kept") });
    const value = new Uint8Array(MAX_MUTABLE_BYTES + 1);
    await assertRejects(() => kit.tryReplace(kit.key(), version, { value }), ValueTooLargeError);
    assertEquals((await kit.stored(kit.key())).version, version);
  },
  "keep all byte values": async (kit) => {
    const value = Uint8Array.from({ length: 256 }, (_, i) => i);
    await kit.create(kit.key(), { value });
    assertBytes((await kit.stored(kit.key())).value, value);
  },
  "keep Unicode of four bytes": async (kit) => {
    const value = JSON.stringify({ "🐟": "𝒳 \u0000 \uFFFF é" });
    await kit.create(kit.key(), { value: bytes(value) });
    assertEquals(text(await kit.get(kit.key())), value);
  },
  "keep bytes that are no UTF-8": async (kit) => {
    const value = new Uint8Array([0xff, 0xfe, 0xc0, 0x80, 0xed, 0xa0, 0x80]);
    await kit.create(kit.key(), { value });
    assertBytes((await kit.stored(kit.key())).value, value);
  },
  "keep a view of a larger buffer as the view": async (kit) => {
    await kit.create(kit.key(), { value: pattern(1000).subarray(100, 200) });
    assertBytes((await kit.stored(kit.key())).value, pattern(1000).slice(100, 200));
  },
  "do not change when the caller changes its bytes afterwards": async (kit) => {
    const value = bytes("before");
    await kit.create(kit.key(), { value });
    value.fill(0);
    assertEquals(text(await kit.get(kit.key())), "before");
  },
  "do not change when a reader changes what it was given": async (kit) => {
    await kit.create(kit.key(), { value: bytes("before") });
    (await kit.stored(kit.key())).value.fill(0);
    assertEquals(text(await kit.get(kit.key())), "before");
    (await kit.backend.list({ owner: kit.owner, kind: "task", limit: 1 })).records[0]!.value.fill(0);
    assertEquals(text(await kit.get(kit.key())), "before");
  },
  "become longer and shorter": async (kit) => {
    const key = kit.key("p", "payload");
    let version = await kit.create(key, { value: pattern(10) });
    for (const size of [200 * KIB, 70 * KIB, 256 * KIB, 0, 130 * KIB, 1]) {
      version = await kit.replace(key, version, { value: pattern(size, size + 1) });
      const record = await kit.stored(key);
      assertBytes(record.value, pattern(size, size + 1));
      assertEquals(record.version, version);
    }
  },
  "are whole in a listing": async (kit) => {
    for (const id of ["a", "b"]) {
      await kit.create(kit.key(id, "payload"), { value: pattern(150 * KIB, id.charCodeAt(0)) });
    }
    const { records } = await kit.backend.list({ owner: kit.owner, kind: "payload", limit: 5 });
    assertEquals(records.map(({ key }) => key.id), ["a", "b"]);
    for (const { key, value } of records) assertBytes(value, pattern(150 * KIB, key.id.charCodeAt(0)));
  },
  "are never torn between two puts": async (kit) => {
    const key = kit.key("p", "payload");
    let version = await kit.create(key, { value: new Uint8Array(130 * KIB).fill(0) });
    let isDone = false;
    const reading = (async () => {
      while (!isDone) {
        const { value } = await kit.stored(key);
        assertEquals(value.findIndex((byte) => byte !== value[0]), -1);
      }
    })();
    for (let i = 1; i <= 20; i++) {
      version = await kit.replace(key, version, { value: new Uint8Array(130 * KIB).fill(i) });
    }
    isDone = true;
    await reading;
  },
};

function keeps(kind: RecordKind, size: number): StorageCase["run"] {
  return async (kit) => {
    const value = pattern(size, size + 1);
    await kit.create(kit.key("one", kind), { value });
    assertBytes((await kit.stored(kit.key("one", kind))).value, value);
  };
}

function refuses(kind: RecordKind): StorageCase["run"] {
  return async (kit) => {
    const maxBytes = kind === "payload" ? kit.traits.maxValueBytes : MAX_MUTABLE_BYTES;
    const value = new Uint8Array(maxBytes + 1);
    const error = await assertRejects(
      () => kit.tryCreate(kit.key("one", kind), { value }),
      ValueTooLargeError,
    );
    assertEquals([error.bytes, error.maxBytes], [maxBytes + 1, maxBytes]);
    assertEquals(await kit.get(kit.key("one", kind)), undefined);
  };
}
