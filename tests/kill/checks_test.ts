import { assertEquals } from "@std/assert";
import { sampleHead } from "../support/sample_tasks.ts";
import type { TaskHead } from "../../src/tasks/mod.ts";
import { checkAccount, checkAfterExpiry, checkAtRest, checkEffects, checkWrites } from "./checks.ts";
import { Account } from "./ledger.ts";
import { type Effects, type NodeWrite, readEffects } from "./logs.ts";
import { planRound } from "./plan.ts";
import { recoveryTimes } from "./recovery_times.ts";
import { effectsPath } from "./settings.ts";
import { hugeText } from "./tools.ts";
import type { Wire } from "./wire.ts";

async function effectsOf(...lines: readonly string[]): Promise<Effects> {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(effectsPath(folder), lines.join("\n"));
  const effects = await readEffects(folder);
  await Deno.remove(folder, { recursive: true });
  return effects;
}

function accountOf(tool: string, ...wires: readonly Wire[]): { account: Account; faults: string[] } {
  const faults: string[] = [];
  const account = new Account({ label: `${tool}-1`, tool, era: "2026", atMs: 0 }, faults);
  account.id = "task-1";
  for (const wire of wires) account.observe(wire);
  return { account, faults };
}

function endedHead(changes: Partial<TaskHead> = {}): TaskHead {
  const head = sampleHead();
  const outcome = { gen: "1.x", kind: "result", isError: false, value: { json: {} } } as const;
  return {
    ...head,
    status: "completed",
    exec: { ...head.exec, phase: "done", epoch: 1 },
    outcome,
    ...changes,
  };
}

function completed(text: string): Wire {
  return { status: "completed", result: { content: [{ type: "text", text }] } };
}

function write(changes: Partial<NodeWrite>): NodeWrite {
  return {
    id: "t",
    rev: 1,
    epoch: 1,
    status: "working",
    phase: "running",
    point: "beat",
    at: 0,
    outcome: "stored",
    node: "a",
    ...changes,
  };
}

Deno.test("checkEffects() finds once-tools that ran twice, and finished steps that ran again", async () => {
  const good = await effectsOf(
    "start once-1 7 1",
    "start steps-1 7 1",
    "step steps-1 s1 x",
    "step steps-1 s2 y",
  );
  assertEquals(checkEffects(good), []);
  assertEquals(checkEffects(await effectsOf("start once-1 7 1", "start once-1 8 2")).length, 1);
  const cutOff = ["start steps-1 7 1", "step steps-1 s1 x", "start steps-1 8 2", "step steps-1 s1 y"];
  assertEquals(checkEffects(await effectsOf(...cutOff)), []);
  assertEquals(checkEffects(await effectsOf(...cutOff, "step steps-1 s1 z")).length, 1);
  const back = ["start steps-1 7 1", "step steps-1 s2 x 1", "start steps-1 8 2", "step steps-1 s1 y 2"];
  assertEquals(checkEffects(await effectsOf(...back)), ['steps-1: ran step "s1" after a later one']);
  const overtaken = ["start steps-1 7 1", "start steps-1 8 2", "step steps-1 s2 x 2", "step steps-1 s1 y 1"];
  assertEquals(checkEffects(await effectsOf(...overtaken)), []);
});

Deno.test("checkWrites() finds two winners of a revision, older epochs, and writes after the end", () => {
  const good = [write({}), write({ rev: 2, epoch: 2 }), write({ rev: 3, epoch: 2, status: "completed" })];
  assertEquals(checkWrites(good), []);
  assertEquals(checkWrites([...good, write({ rev: 2, epoch: 2, node: "b", outcome: "refused" })]), []);
  assertEquals(checkWrites([...good, write({ rev: 2, epoch: 2, node: "b" })]).length, 1);
  assertEquals(checkWrites([write({ epoch: 2 }), write({ rev: 2, epoch: 1 })]).length, 1);
  assertEquals(checkWrites([...good, write({ rev: 4, epoch: 2, status: "completed" })]).length, 1);
});

Deno.test("Account finds endings that change, and cancels that do not hold", () => {
  assertEquals(accountOf("once", { status: "working" }, completed("x"), completed("x")).faults, []);
  assertEquals(accountOf("once", completed("x"), { status: "working" }).faults.length, 1);
  assertEquals(accountOf("once", completed("x"), completed("y")).faults.length, 1);
  const { account, faults } = accountOf("once");
  account.isCancelAcknowledged = true;
  account.observe({ status: "working" });
  assertEquals(faults.length, 1);
});

Deno.test("checkAccount() knows how each tool may end", async () => {
  const effects = await effectsOf("start steps-1 7 1", "step steps-1 s1 x");
  const faultsOf = (
    tool: string,
    wire: Wire,
    head: TaskHead | undefined = endedHead(),
    answers: string[] = [],
  ) => {
    const { account, faults } = accountOf(tool, wire);
    for (const text of answers) account.answers.push({ text, isAcknowledged: true });
    checkAccount(account, effects, head);
    return faults.length;
  };
  const failed = (reason: string) => ({ status: "failed", error: { data: { reason } } });
  const broken: [number, number][] = [
    [faultsOf("once", completed("once once-1")), 0],
    [faultsOf("once", failed("worker_lost")), 0],
    [faultsOf("once", failed("attempts_exhausted")), 1],
    [faultsOf("once", completed("once once-2")), 1],
    [faultsOf("once", { status: "cancelled" }), 1],
    [faultsOf("steps", completed("steps steps-1 x")), 0],
    [faultsOf("steps", completed("steps steps-1 never")), 1],
    [faultsOf("steps", failed("worker_lost")), 1],
    [faultsOf("poison", failed("attempts_exhausted")), 0],
    [faultsOf("poison", completed("poison poison-1")), 1],
    [faultsOf("huge", completed(hugeText("huge-1"))), 0],
    [faultsOf("huge", completed(hugeText("huge-1").slice(1))), 1],
    [faultsOf("asking", completed("asking asking-1 a0"), endedHead(), ["a0"]), 0],
    [faultsOf("asking", completed("asking asking-1 a1"), endedHead(), ["a0", "a1"]), 1],
    [faultsOf("once", completed("once once-1"), endedHead({ outcome: undefined })), 1],
    [faultsOf("once", completed("once once-1"), endedHead({ exec: { ...endedHead().exec, epoch: 2 } })), 1],
  ];
  assertEquals(broken.map(([found]) => found), broken.map(([, expected]) => expected));
  const { account, faults } = accountOf("once", completed("once once-1"));
  checkAccount(account, effects, undefined);
  assertEquals(faults.length, 1);
});

Deno.test("checkAtRest() and checkAfterExpiry() find what was left", () => {
  const { account } = accountOf("once");
  const open = { ...sampleHead(), id: "task-1" };
  assertEquals(checkAtRest({ heads: [endedHead()], active: 0, others: [] }, [account]), []);
  assertEquals(checkAtRest({ heads: [endedHead()], active: 1, others: [] }, [account]).length, 1);
  assertEquals(checkAtRest({ heads: [open], active: 1, others: [] }, [account]).length, 1);
  const unknown: TaskHead = { ...open, id: "nobody-knows", status: "input_required" };
  assertEquals(checkAtRest({ heads: [unknown], active: 1, others: [] }, [account]), []);
  assertEquals(checkAfterExpiry({ heads: [], active: 0, others: [] }), []);
  assertEquals(checkAfterExpiry({ heads: [endedHead()], active: 0, others: ["due entry"] }).length, 2);
});

Deno.test("recoveryTimes() counts from the loss of the holder to the next one's first write", () => {
  const losses = [{ node: "a", at: 100, type: "killed" }] as const;
  const held = write({ at: 50 });
  assertEquals(recoveryTimes([held, write({ rev: 2, node: "b", at: 1300 })], losses), [1200]);
  assertEquals(recoveryTimes([held, write({ rev: 2, at: 90, node: "b" })], losses), []);
  assertEquals(recoveryTimes([held, write({ rev: 2, node: "b", at: 300, status: "cancelled" })], losses), []);
  assertEquals(
    recoveryTimes([write({ at: 50, phase: "parked" }), write({ rev: 2, node: "b", at: 300 })], losses),
    [],
  );
});

Deno.test("planRound() draws the same round from the same seed, of fifty tasks", () => {
  assertEquals(planRound(7, "kill"), planRound(7, "kill"));
  for (const flavour of ["kill", "zombie", "calm"] as const) {
    const { tasks, blows } = planRound(7, flavour);
    assertEquals([tasks.length, new Set(tasks.map(({ label }) => label)).size], [50, 50]);
    assertEquals(blows.length, { kill: 4, zombie: 3, calm: 0 }[flavour]);
  }
});
