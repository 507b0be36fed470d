import { assert, assertEquals } from "@std/assert";
import * as fc from "fast-check";
import type { JsonValue } from "../../src/protocol/mod.ts";
import type {
  JournalEntry,
  JournalPage,
  OutstandingInput,
  Spillable,
  TaskHead,
} from "../../src/tasks/mod.ts";
import { payloadRefs, spillHead } from "../../src/store/spill.ts";
import { toBytes } from "../../src/store/codec.ts";
import { sampleHead } from "../support/sample_tasks.ts";

const MAX_HEAD_BYTES = 32 * 1024;

/** Spills like the store does, and keeps what was written. */
class Spiller {
  readonly written = new Map<string, JsonValue>();

  async spill(head: TaskHead): Promise<TaskHead> {
    const { head: spilled, text } = await spillHead(head, (value, json) => {
      assertEquals(JSON.stringify(value), json);
      const gen = `1.${String(this.written.size).padStart(12, "0")}`;
      this.written.set(gen, JSON.parse(json));
      return Promise.resolve({ gen, parts: 1, bytes: toBytes(json).length, sha256: "h".repeat(43) });
    });
    assertEquals(text, JSON.stringify(spilled));
    return JSON.parse(text);
  }

  read(value: Spillable): JsonValue {
    return "json" in value ? value.json : this.written.get(value.ref.gen)!;
  }

  #page({ gen, level }: JournalPage): JournalEntry[] {
    const content: unknown = this.written.get(gen);
    return level === undefined
      ? content as JournalEntry[]
      : (content as JournalPage[]).flatMap((page) => this.#page(page));
  }

  journal(head: TaskHead): JournalEntry[] {
    return [...head.journal.pages.flatMap((page) => this.#page(page)), ...head.journal.entries];
  }
}

function sizeOf(head: TaskHead): number {
  return toBytes(JSON.stringify(head)).length;
}

const text = (bytes: number): Spillable => ({ json: "x".repeat(bytes) });
const outcome = (value: Spillable) => ({ gen: "1.a", kind: "result", isError: false, value } as const);

const LIMITS: readonly [string, number, (head: TaskHead, value: Spillable) => TaskHead][] = [
  ["arguments", 4096, (head, args) => ({ ...head, args })],
  ["what prepare returned", 4096, (head, prepared) => ({ ...head, prepared })],
  ["an outcome", 4096, (head, value) => ({ ...head, outcome: outcome(value) })],
  ["a result set ahead", 4096, (head, value) => ({ ...head, pendingResult: outcome(value) })],
  ["variables", 8192, (head, variables) => ({ ...head, variables })],
  [
    "a question",
    1024,
    (head, request) => ({ ...head, input: { ...head.input, outstanding: { q: { request } } } }),
  ],
  ["a question's fallback", 1024, (head, fallback) => {
    const outstanding = { ...head.input.outstanding, f: { request: { json: {} }, fallback } };
    return { ...head, input: { ...head.input, outstanding } };
  }],
  [
    "an answer",
    1024,
    (head, value) => ({ ...head, input: { ...head.input, answers: { q: { value, nonce: "n" } } } }),
  ],
  ["a step's value", 1024, (head, value) => ({
    ...head,
    journal: { pages: [], entries: [{ key: "s", kind: "step", value }] },
  })],
];

for (const [what, limit, put] of LIMITS) {
  Deno.test(`spillHead() moves ${what} out beyond ${limit} bytes of JSON text`, async () => {
    const spiller = new Spiller();
    const filler = { principal: { subject: "s".repeat(4000) } };
    const inside = await spiller.spill(put(sampleHead(filler), text(limit - 2)));
    assertEquals(payloadRefs(inside), []);
    const outside = await spiller.spill(put(sampleHead(filler), text(limit - 1)));
    const [ref, ...others] = payloadRefs(outside);
    assertEquals([others.length, spiller.written.get(ref!.gen)], [0, "x".repeat(limit - 1)]);
  });
}

Deno.test("spillHead() counts bytes, not characters", async () => {
  const euros = (length: number): Spillable => ({ json: "€".repeat(length) });
  const head = await new Spiller().spill(
    sampleHead({ args: euros(1400), variables: euros(2700), prepared: euros(9) }),
  );
  assertEquals(payloadRefs(head).map(({ bytes }) => bytes), [4202]);
});

Deno.test("spillHead() leaves a small head as it is", async () => {
  const head = sampleHead();
  const spiller = new Spiller();
  assertEquals(await spiller.spill(head), JSON.parse(JSON.stringify(head)));
  assertEquals(spiller.written.size, 0);
});

Deno.test("spillHead() seals old journal entries into pages, in order and without loss", async () => {
  const spiller = new Spiller();
  let head = sampleHead();
  const all: JournalEntry[] = [];
  for (let i = 0; i < 500; i++) {
    const entry: JournalEntry = { key: `step#${i}`, kind: "step", value: { json: "v".repeat(i % 90) } };
    all.push(entry);
    head = await spiller.spill({
      ...head,
      journal: { ...head.journal, entries: [...head.journal.entries, entry] },
    });
    assert(head.journal.entries.length <= 64);
    assertEquals(head.journal.entries.at(-1)?.key, entry.key);
  }
  assertEquals(spiller.journal(head), all);
});

for (const size of [1, 1000, 5000]) {
  Deno.test(`spillHead() keeps a head with 3,000 steps of ${size} bytes under 32 KiB`, async () => {
    const spiller = new Spiller();
    let head = sampleHead();
    const keys = Array.from({ length: 3000 }, (_, i) => `fetch#${i}`);
    let largest = 0;
    for (const key of keys) {
      const entry: JournalEntry = { key, kind: "step", value: text(size) };
      head = await spiller.spill({
        ...head,
        journal: { ...head.journal, entries: [...head.journal.entries, entry] },
      });
      largest = Math.max(largest, sizeOf(head));
    }
    assert(largest <= MAX_HEAD_BYTES, `${largest} bytes`);
    assertEquals(spiller.journal(head).map(({ key }) => key), keys);
  });
}

Deno.test("spillHead() keeps a head with 64 large questions and all else at its limit under 32 KiB", async () => {
  const key = (i: number) => "k".repeat(120) + i;
  const open = Array.from(
    { length: 64 },
    (_, i): [string, OutstandingInput] => [key(i), { request: text(1000), deadline: 1.8e12 }],
  );
  const full = LIMITS.reduce((head, [, limit, put]) => put(head, text(limit - 2)), sampleHead());
  const spiller = new Spiller();
  const head = await spiller.spill({
    ...full,
    input: { outstanding: Object.fromEntries(open), answers: {} },
  });
  assert(sizeOf(head) <= MAX_HEAD_BYTES, `${sizeOf(head)} bytes`);
  assertEquals(Object.keys(head.input.outstanding), open.map(([name]) => name));
  for (const { request } of Object.values(head.input.outstanding)) {
    assertEquals(spiller.read(request), "x".repeat(1000));
  }
});

Deno.test("spillHead() keeps a head under 32 KiB and loses nothing, whatever order things come in", async () => {
  const change = fc.record({ part: fc.nat(LIMITS.length - 1), size: fc.oneof(fc.nat(20_000), fc.nat(1100)) });
  await fc.assert(
    fc.asyncProperty(fc.array(change, { maxLength: 60 }), async (changes) => {
      const spiller = new Spiller();
      let head = sampleHead();
      const model = new Map<string, JsonValue>();
      for (const [i, { part, size }] of changes.entries()) {
        const value = text(size);
        const name = LIMITS[part]![0];
        const { input, journal } = head;
        if (name === "a question") {
          head = {
            ...head,
            input: { ...input, outstanding: { ...input.outstanding, [`q${i}`]: { request: value } } },
          };
          model.set(`q${i}`, "x".repeat(size));
        } else if (name === "an answer") {
          head = {
            ...head,
            input: { ...input, answers: { ...input.answers, [`a${i}`]: { value, nonce: "n" } } },
          };
          model.set(`a${i}`, "x".repeat(size));
        } else if (name === "a step's value") {
          const entry: JournalEntry = { key: `s${i}`, kind: "step", value };
          head = { ...head, journal: { ...journal, entries: [...journal.entries, entry] } };
          model.set(`s${i}`, "x".repeat(size));
        } else {
          head = LIMITS[part]![2](head, value);
          model.set(name, "x".repeat(size));
        }
        head = await spiller.spill(head);
        assert(sizeOf(head) <= MAX_HEAD_BYTES, `${sizeOf(head)} bytes`);
      }
      assertEquals(contentOf(head, spiller), model);
    }),
    { numRuns: 60 },
  );
});

function contentOf(head: TaskHead, spiller: Spiller): Map<string, JsonValue> {
  const parts: [string, Spillable | undefined][] = [
    ["arguments", head.args],
    ["what prepare returned", head.prepared],
    ["an outcome", head.outcome?.value],
    ["a result set ahead", head.pendingResult?.value],
    ["variables", head.variables],
    ["a question's fallback", head.input.outstanding.f?.fallback],
    ...Object.entries(head.input.outstanding).map((
      [key, { request }],
    ): [string, Spillable] => [key, request]),
    ...Object.entries(head.input.answers).map(([key, { value }]): [string, Spillable] => [key, value]),
    ...spiller.journal(head).map(({ key, value }): [string, Spillable | undefined] => [key, value]),
  ];
  const found = new Map<string, JsonValue>();
  for (const [name, value] of parts) {
    const json = value && spiller.read(value);
    if (typeof json === "string") found.set(name, json);
  }
  return found;
}

Deno.test("spillHead() keeps a workflow of 50 large steps and 64 extras under 32 KiB, and loses nothing", async () => {
  const spiller = new Spiller();
  const finished = Array.from({ length: 64 }, (_, i) => ({
    name: `step ${i}`,
    tool: `a_tool_with_a_name_${i}`,
    status: "completed" as const,
    attempt: 1,
    nonce: "n".repeat(12),
    outcome: text(i % 2 === 0 ? 1000 : 5000),
    messages: text(900),
  }));
  const steps = finished.slice(0, 50);
  const extras = finished.map(({ tool, nonce, outcome }) => ({ tool, nonce, outcome }));
  const head = sampleHead({ kind: "workflow", workflow: { goal: "g", steps, extras } });
  const spilled = await spiller.spill(head);
  assert(sizeOf(spilled) <= MAX_HEAD_BYTES, `${sizeOf(spilled)} bytes`);
  const { workflow } = spilled;
  for (const [i, step] of steps.entries()) {
    assertEquals(spiller.read(workflow!.steps[i]!.outcome!), spiller.read(step.outcome));
    assertEquals(spiller.read(workflow!.steps[i]!.messages!), spiller.read(step.messages));
  }
  for (const [i, extra] of extras.entries()) {
    assertEquals(spiller.read(workflow!.extras[i]!.outcome), spiller.read(extra.outcome));
  }
  assertEquals(payloadRefs(spilled).length, spiller.written.size);
});

Deno.test("spillHead() moves what a step came to out from 1 KiB on", async () => {
  for (const [bytes, isInline] of [[1022, true], [1023, false]] as const) {
    const step = { name: "a", status: "completed" as const, attempt: 1, outcome: text(bytes) };
    const head = sampleHead({
      kind: "workflow",
      args: text(4000),
      workflow: { goal: "g", steps: [step], extras: [] },
    });
    const spilled = await new Spiller().spill(head);
    assertEquals("json" in spilled.workflow!.steps[0]!.outcome!, isInline);
  }
});
