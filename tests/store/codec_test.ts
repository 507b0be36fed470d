import { assertEquals, assertThrows } from "@std/assert";
import * as fc from "fast-check";
import { decodeHead, MAX_STORED_DEPTH, toBytes, toJsonText } from "../../src/store/codec.ts";
import { TooLargeError, UndecodableRecordError } from "../../src/tasks/mod.ts";
import { createTestStore, OWNER, sampleHead } from "../support/sample_tasks.ts";
import { verifies } from "../support/requirements.ts";

const encode = (value: unknown) => toBytes(JSON.stringify(value));
const stored = (): Record<string, unknown> => JSON.parse(JSON.stringify(sampleHead()));

Deno.test("decodeHead() gives back what was encoded, for any args, variables and answers", () => {
  const json = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)));
  fc.assert(fc.property(
    json,
    fc.dictionary(fc.string(), json),
    fc.dictionary(fc.string(), json),
    fc.option(fc.string(), { nil: undefined }),
    fc.nat(),
    (args, variables, answered, statusMessage, rev) => {
      const answers = Object.fromEntries(
        Object.entries(answered).map(([key, value]) => [key, { value: { json: value }, nonce: "n" }]),
      );
      const head = sampleHead({
        rev,
        args: { json: args },
        variables: { json: variables },
        input: { outstanding: {}, answers },
        statusMessage,
      });
      const decoded = decodeHead(head.id, toBytes(toJsonText(head)));
      assertEquals(decoded, JSON.parse(JSON.stringify(head)));
      assertEquals(decodeHead(head.id, toBytes(toJsonText(decoded))), decoded);
    },
  ));
});

const DAMAGED: Readonly<Record<string, Uint8Array>> = {
  "bytes that are not UTF-8": new Uint8Array([0x7b, 0xff, 0x7d]),
  "no bytes": new Uint8Array(),
  "half a record": toBytes(JSON.stringify(stored()).slice(0, 200)),
  "a list": encode([]),
  "null": encode(null),
  "a record without schema": encode({ ...stored(), schema: undefined }),
  "a schema that is a text": encode({ ...stored(), schema: "1" }),
  "a record of another id": encode({ ...stored(), id: "task-2" }),
};

for (const [what, bytes] of Object.entries(DAMAGED)) {
  Deno.test(`decodeHead() refuses ${what}`, () => {
    assertThrows(
      () => decodeHead("task-1", bytes),
      UndecodableRecordError,
      'Cannot read the record of task "task-1"',
    );
  });
}

// Whatever is read of a head without a further look has to be there.
const FIELDS: Readonly<Record<string, readonly unknown[]>> = {
  owner: [undefined, 7],
  status: [undefined, "done"],
  createdAt: [undefined, null, "soon", 1e20],
  lastUpdatedAt: [undefined, null, "soon", 1e20],
  expiresAt: [undefined, null, "soon"],
  pollIntervalMs: [undefined, "fast"],
  rev: [undefined, "1"],
  args: [undefined, 7],
  variables: [undefined, []],
  exec: [undefined, {}, { epoch: "1" }],
  journal: [undefined, {}, { entries: [], pages: {} }],
  input: [undefined, {}, { outstanding: {} }, { outstanding: {}, answers: [] }],
  clientCapabilities: [undefined, null],
};

for (const [field, values] of Object.entries(FIELDS)) {
  for (const value of values) {
    Deno.test(`decodeHead() refuses ${JSON.stringify(value)} for "${field}"`, () => {
      const bytes = encode({ ...stored(), [field]: value });
      assertThrows(() => decodeHead("task-1", bytes), UndecodableRecordError, "missing or damaged");
    });
  }
}

Deno.test("decodeHead() says of a newer schema that it is newer", () => {
  const bytes = encode({ ...stored(), schema: 2 });
  assertThrows(() => decodeHead("task-1", bytes), UndecodableRecordError, "schema 2 is newer than 1");
});

Deno.test("toJsonText() takes what nests 64 deep, and nothing deeper or cyclic", () => {
  const nested = (levels: number): unknown => levels === 0 ? 0 : [nested(levels - 1)];
  assertEquals(toJsonText(nested(MAX_STORED_DEPTH)).length, 2 * MAX_STORED_DEPTH + 1);
  assertThrows(() => toJsonText(nested(65)), TooLargeError, "deeper than 64 levels");
  const cycle: unknown[] = [];
  cycle.push(cycle);
  assertThrows(() => toJsonText(cycle), TooLargeError);
  assertThrows(() => toJsonText({ big: 1n }), TypeError);
});

verifies("lib-I9", "An undecodable record is an error to its own task only", async () => {
  const { store, backend, events } = createTestStore();
  for (const id of ["task-1", "task-2", "task-3"]) await store.create(sampleHead({ id }));
  const key = { owner: OWNER, kind: "task", id: "task-2" } as const;
  const [record] = await backend.get([key]);
  const value = encode({ ...stored(), id: "task-2", createdAt: null });
  await backend.put({ key, value, active: true }, { version: record!.version });

  const { heads } = await store.list(OWNER, { limit: 10 });
  assertEquals(heads.map(({ id }) => id), ["task-3", "task-1"]);
  assertEquals(events.map(({ type, taskId }) => [type, taskId]), [["record_undecodable", "task-2"]]);
  assertEquals((await store.get(OWNER, "task-3")).head.id, "task-3");
});

Deno.test("A record of a newer schema is left untouched by everything that would change it", async () => {
  const { store, backend } = createTestStore();
  await store.create(sampleHead());
  const key = { owner: OWNER, kind: "task", id: "task-1" } as const;
  const [record] = await backend.get([key]);
  const value = encode({ ...stored(), schema: 2, future: true });
  await backend.put({ key, value, active: true }, { version: record!.version });
  const before = await backend.get([key]);

  const holder = { epoch: 1, leaseOwner: "here" };
  const operations = [
    () => store.cancel(OWNER, "task-1"),
    () => store.answer(OWNER, "task-1", {}),
    () => store.updateStatus(OWNER, "task-1", "failed"),
    () => store.setVariables(OWNER, "task-1", { a: 1 }),
    () => store.setResult(OWNER, "task-1", {}),
    () => store.completeWithResult(OWNER, "task-1", {}),
    () => store.finish({ owner: OWNER, id: "task-1", ...holder }, { kind: "result", result: {} }),
  ];
  for (const operation of operations) {
    const error = await operation().then(() => undefined, (error) => error);
    assertEquals(error?.name, "UndecodableRecordError");
  }
  assertEquals(await backend.get([key]), before);
});
