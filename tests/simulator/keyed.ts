/**
 * Calls with an idempotency key, and what must hold of the records of keys.
 *
 * @module
 */
import {
  createOnce,
  type IdempotencyRecord,
  minKeyedTtlMs,
  type RecordKey,
  toText,
} from "../../src/store/mod.ts";
import { IdempotencyConflictError, type TaskHead } from "../../src/tasks/mod.ts";
import type { SimTask } from "./clients.ts";
import { type Engine, type MirrorRecord, nameOf } from "./engine.ts";
import { must } from "./head_checks.ts";
import { haveGoodClocks, type Model } from "./model.ts";
import type { Life } from "./node.ts";
import type { Op } from "./plan.ts";
import type { SimProcess } from "./process.ts";
import { EPOCH, type World } from "./world.ts";

/** Stands for the arguments of a call: now and then they are others. */
export function argsHashOf({ salt }: Op): string {
  return salt % 6 === 0 ? "others" : "same";
}

/** Calls with the key of the plan's task, and holds the answer against the model. */
export async function callOnce(
  world: World,
  model: Model,
  op: Op,
  { store }: Life,
  task: SimTask,
  make: (task: SimTask, createBy: number) => Promise<TaskHead>,
): Promise<void> {
  const argsHash = argsHashOf(op);
  const key: RecordKey = { owner: task.owner, kind: "idem", id: `${task.name}/k${op.task}` };
  const ttlMs = Math.max(task.ttlMs, minKeyedTtlMs(store.config.times));
  let hasMade = false;
  try {
    const head = await createOnce(store, key, argsHash, async ({ taskId, idem, createBy }) => {
      const made = await make({ ...task, id: taskId, idem, ttlMs }, createBy);
      hasMade = true;
      return made;
    });
    world.count(hasMade ? "once.made" : "once.found");
    const answered = model.tasks.get(head.id);
    if (answered?.argsHash !== argsHash) world.fail("once", `${head.id} was asked for with other arguments`);
  } catch (error) {
    if (!(error instanceof IdempotencyConflictError)) throw error;
    world.count("once.conflict");
    const others = world.plan.ops.some((other) =>
      other.kind === "once" && other.task === op.task && argsHashOf(other) !== argsHash
    );
    if (!others) world.fail("once", "a key that was used with the same arguments only is refused");
  }
}

/** A key is not taken from a task that is there. */
export function checkKeyRecord(
  world: World,
  by: SimProcess,
  model: Model,
  before: MirrorRecord | undefined,
  after: MirrorRecord,
): void {
  if (before === undefined) return world.count("once.first");
  const old = decode(before);
  const next = decode(after);
  const isTaken = old.taskId !== next.taskId || next.isReleased === true;
  world.count(next.isReleased ? "once.released" : isTaken ? "once.replaced" : "once.joined");
  if (!isTaken || !haveGoodClocks(world)) return;
  const head = model.tasks.get(old.taskId)?.head;
  const lives = head !== undefined && by.now() < head.expiresAt;
  must(!lives, "once", () => `${nameOf(after.key)} is taken from ${old.taskId}, which is there`);
}

/** A task with a key is created only while its key stands for it, and is the only one. */
export function checkKeyed(world: World, engine: Engine, model: Model, head: TaskHead): void {
  if (head.idem === undefined || !haveGoodClocks(world)) return;
  const key: RecordKey = { owner: head.owner, kind: "idem", id: head.idem };
  const record = engine.peek(key);
  must(record !== undefined, "once", () => `${head.id} is created without the record of its key`);
  const { taskId, isReleased, createBy } = decode(record!);
  must(
    taskId === head.id && !isReleased,
    "once",
    () => `${head.id} is created, but its key stands for ${taskId}`,
  );
  must(EPOCH + world.time <= createBy, "once", () => `${head.id} is created after its key's time`);
  for (const { id, head: other } of model.tasks.values()) {
    const isTwin = other !== undefined && id !== head.id && other.idem === head.idem &&
      other.owner === head.owner;
    must(
      !isTwin || EPOCH + world.time >= other.expiresAt,
      "once",
      () => `one key has made ${id} and ${head.id}`,
    );
  }
}

function decode({ value }: MirrorRecord): IdempotencyRecord {
  return JSON.parse(toText(value));
}
