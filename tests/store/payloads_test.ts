import { assertEquals, assertRejects } from "@std/assert";
import { denoKv } from "../../backends/deno_kv.ts";
import { memory } from "../../backends/memory.ts";
import { TooLargeError, UndecodableRecordError } from "../../src/tasks/mod.ts";
import {
  Payloads,
  type RecordKey,
  type StorageBackend,
  StorageUnavailableError,
} from "../../src/store/mod.ts";
import { FakeRuntime } from "../support/fake_runtime.ts";
import { away, FaultyBackend, loseReply, throwBefore } from "../support/faulty_backend.ts";
import { OWNER, START } from "../support/sample_tasks.ts";
import { verifies } from "../support/requirements.ts";

const SCOPE = { owner: OWNER, taskId: "task-1", expiresAt: START + 1000, epoch: 3 };
const PART = 256 * 1024;
const MIB = 1024 * 1024;

function setUp(inner?: StorageBackend, maxBytes = 16 * MIB): { payloads: Payloads; backend: FaultyBackend } {
  const runtime = new FakeRuntime({ now: START });
  const backend = new FaultyBackend(inner ?? memory({ runtime, maxValueBytes: PART }));
  return { payloads: new Payloads(backend, runtime, { maxBytes, graceMs: 600_000 }), backend };
}

function keysOf(gen: string, parts: number): RecordKey[] {
  return Array.from(
    { length: parts },
    (_, part) => ({ owner: OWNER, kind: "payload", id: `task-1/${gen}/${part}` }),
  );
}

/** Text without a pattern that repeats from part to part, with characters of two, three and four bytes. */
function textOf(length: number): string {
  let text = "";
  for (let i = 0; text.length < length; i++) text += `${i * 7919} ä€😀 `;
  return text.slice(0, length);
}

for (
  const [bytes, parts] of [[2, 1], [PART - 1, 1], [PART, 1], [PART + 1, 2], [2 * PART, 2], [
    9 * PART,
    9,
  ]] as const
) {
  verifies("lib-I2", `A payload of ${bytes} bytes is kept in ${parts} records and read back`, async () => {
    const { payloads, backend } = setUp();
    const text = JSON.stringify("x".repeat(bytes - 2));
    const ref = await payloads.write(SCOPE, text);
    assertEquals([ref.bytes, ref.parts, ref.gen.split(".")[0]], [bytes, parts, "3"]);
    const records = await backend.get(keysOf(ref.gen, parts + 1));
    assertEquals(records.map((record) => record?.value.length ?? 0), [
      ...Array(parts - 1).fill(PART),
      bytes - (parts - 1) * PART,
      0,
    ]);
    assertEquals(JSON.stringify(await payloads.read(OWNER, "task-1", ref)), text);
  });
}

const ENGINES: Readonly<Record<string, () => Promise<StorageBackend & AsyncDisposable>>> = {
  memory: () => Promise.resolve(disposable(memory())),
  "Deno KV in memory": async () => disposable(denoKv(await Deno.openKv(":memory:"))),
  "a Deno KV file": async () => {
    const folder = await Deno.makeTempDir();
    return disposable(denoKv(`${folder}/tasks.kv`), () => Deno.remove(folder, { recursive: true }));
  },
};

function disposable(backend: StorageBackend, then?: () => Promise<void>): StorageBackend & AsyncDisposable {
  return Object.assign(backend, {
    async [Symbol.asyncDispose]() {
      await backend.close();
      await then?.();
    },
  });
}

for (const [name, open] of Object.entries(ENGINES)) {
  verifies("lib-I2", `A payload of 10 MiB comes back whole from ${name}`, async () => {
    await using engine = await open();
    const { payloads } = setUp(engine);
    const value = { content: [{ type: "text", text: textOf(4 * MIB) }, "y".repeat(MIB)] };
    const text = JSON.stringify(value).padEnd(10 * MIB, " ");
    const ref = await payloads.write(SCOPE, text);
    const read = await payloads.read(OWNER, "task-1", ref);
    // Compared as texts: a failure must not print ten mebibytes.
    assertEquals(JSON.stringify(read) === JSON.stringify(value), true);
    await payloads.delete(SCOPE, [ref]);
    await assertRejects(() => payloads.read(OWNER, "task-1", ref), UndecodableRecordError, "not complete");
  });
}

verifies("lib-I2", "A payload whose part is missing is an error, not half a value", async () => {
  const { payloads, backend } = setUp();
  const ref = await payloads.write(SCOPE, JSON.stringify("x".repeat(3 * PART)));
  await backend.delete([keysOf(ref.gen, 2)[1]!]);
  await assertRejects(() => payloads.read(OWNER, "task-1", ref), UndecodableRecordError, "is not complete");
});

const DAMAGES: Readonly<Record<string, (part: Uint8Array) => Uint8Array>> = {
  "a changed byte": (part) => part.with(0, part[0]! ^ 1),
  "a part cut short": (part) => part.subarray(1),
  "a part that grew": (part) => new Uint8Array([...part, 0x20]),
};

for (const [what, damage] of Object.entries(DAMAGES)) {
  verifies(["lib-I2", "lib-I3"], `A payload with ${what} is an error`, async () => {
    const { payloads, backend } = setUp();
    const ref = await payloads.write(SCOPE, JSON.stringify("x".repeat(2 * PART)));
    const key = keysOf(ref.gen, 3)[2]!;
    const [record] = await backend.get([key]);
    await backend.put({ key, value: damage(record!.value) }, { version: record!.version });
    await assertRejects(
      () => payloads.read(OWNER, "task-1", ref),
      UndecodableRecordError,
      "Cannot read the record",
    );
  });
}

verifies("lib-I3", "Two payloads of one epoch have different names", async () => {
  const { payloads } = setUp();
  const refs = await Promise.all(["1", "2", "3"].map((text) => payloads.write(SCOPE, text)));
  assertEquals(new Set(refs.map(({ gen }) => gen)).size, 3);
});

Deno.test("A payload beyond the limit is refused before anything is stored", async () => {
  const { payloads, backend } = setUp(undefined, PART);
  await payloads.write(SCOPE, "1".padEnd(PART, " "));
  backend.takeCounts();
  await assertRejects(
    () => payloads.write(SCOPE, "1".padEnd(PART + 1, " ")),
    TooLargeError,
    "exceed the limit",
  );
  await assertRejects(() => payloads.write(SCOPE, JSON.stringify("ä".repeat(PART / 2))), TooLargeError);
  assertEquals(backend.takeCounts(), {});
});

verifies("lib-I11", "A payload is swept later than its task, and goes by itself later still", async () => {
  const { payloads, backend } = setUp();
  const facts: unknown[] = [];
  backend.onPut("payload", (put, { dueAt, purgeAt, active }) => {
    facts.push({ dueAt, purgeAt, active });
    return put();
  });
  await payloads.write(SCOPE, "1");
  const expiresAt = START + 1000;
  assertEquals(facts, [{ dueAt: expiresAt + 600_000, purgeAt: expiresAt + 1_200_000, active: undefined }]);
});

for (const fault of [throwBefore, loseReply]) {
  verifies("lib-I2", `A payload is not named when a part's put ends in ${fault.name}`, async () => {
    const { payloads, backend } = setUp();
    backend.onPut("payload", (put) => put(), fault);
    await assertRejects(
      () => payloads.write(SCOPE, JSON.stringify("x".repeat(PART))),
      StorageUnavailableError,
    );
  });
}

Deno.test("A store that is away is told apart from a payload that is gone", async () => {
  const { payloads, backend } = setUp();
  const ref = await payloads.write(SCOPE, "1");
  backend.onGet(away);
  await assertRejects(() => payloads.read(OWNER, "task-1", ref), StorageUnavailableError);
  assertEquals(await payloads.read(OWNER, "task-1", ref), 1);
});
