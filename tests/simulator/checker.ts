/**
 * Checks the invariants at every change of the store, against the model of what was promised.
 *
 * @module
 */
import type { RecordWrite } from "../../src/store/backend.ts";
import { leaseTimes, type PayloadRef, type Spillable, type TaskHead } from "../../src/tasks/mod.ts";
import { digestOf } from "./determinism.ts";
import { type Engine, type EngineObserver, type MirrorRecord, nameOf } from "./engine.ts";
import { checkFacts, checkLapse, checkMove, checkOutcome, classify, hasEnded, must } from "./head_checks.ts";
import { checkKeyed, checkKeyRecord } from "./keyed.ts";
import { checkInputs, isTimeout, type TextOf } from "./input_checks.ts";
import type { Model, RunToken, TaskModel } from "./model.ts";
import type { SimProcess } from "./process.ts";
import { EPOCH, type World } from "./world.ts";

const decoder = new TextDecoder();

/** The head in a record. */
export function headOf(record: MirrorRecord): TaskHead {
  return JSON.parse(decoder.decode(record.value));
}

/** See the module. */
export class Checker implements EngineObserver {
  readonly #world: World;
  readonly #engine: Engine;
  readonly #model: Model;
  readonly #marginMs: number;

  constructor(world: World, engine: Engine, model: Model) {
    this.#world = world;
    this.#engine = engine;
    this.#model = model;
    this.#marginMs = leaseTimes(world.plan.leaseMs).marginMs;
  }

  onPut(by: SimProcess, before: MirrorRecord | undefined, after: MirrorRecord): void {
    if (after.key.kind === "task") this.#world.guard(() => this.#onHead(by, before, after));
    else if (after.key.kind === "idem") {
      this.#world.guard(() => checkKeyRecord(this.#world, by, this.#model, before, after));
    } else if (before !== undefined) this.#world.fail("I3", `${nameOf(after.key)} is overwritten`);
  }

  onRefused(by: SimProcess, write: RecordWrite, stored: MirrorRecord | undefined, reason: string): void {
    if (write.key.kind !== "task") return;
    if (reason === "limit") return this.#world.count("create.limit");
    if (stored === undefined) return this.#world.count("put.on_gone");
    const mine: TaskHead = JSON.parse(decoder.decode(write.value));
    const theirs = headOf(stored);
    if (mine.createNonce === theirs.createNonce && mine.exec.epoch < theirs.exec.epoch) {
      this.#world.count("zombie.put_refused");
    }
    if (mine.exec.leaseOwner !== theirs.exec.leaseOwner && mine.exec.epoch === theirs.exec.epoch) {
      if (mine.exec.phase === "running" && theirs.exec.phase === "running") this.#world.count("claim.lost");
    }
    this.#world.note(`  refused at n${by.node}`);
  }

  onRemove(by: SimProcess | undefined, record: MirrorRecord): void {
    if (record.key.kind === "idem") return;
    this.#world.guard(() =>
      record.key.kind === "task" ? this.#onGone(by, record) : this.#onPayloadGone(by, record)
    );
  }

  #onGone(by: SimProcess | undefined, record: MirrorRecord): void {
    const head = headOf(record);
    const model = this.#model.tasks.get(head.id)!;
    if (model.isGhost) return;
    const isEarly = EPOCH + this.#world.time < head.expiresAt;
    // A wall clock decides when a task is gone; one that jumped back may have been past it.
    const isDue = by === undefined
      ? !isEarly
      : by.now() >= head.expiresAt || this.#world.counters.has("clock.jumped");
    must(
      isDue,
      "I4",
      () => `${head.id} is removed ${head.expiresAt - (by?.now() ?? 0)} ms before it expires`,
    );
    this.#world.count(hasEnded(head) ? "reap.ended" : `reap.${head.exec.phase}`);
    model.gone = { at: this.#world.time, isEarly };
    model.head = undefined;
  }

  #onPayloadGone(by: SimProcess | undefined, record: MirrorRecord): void {
    const [taskId, gen] = record.key.id.split("/");
    const head = this.#model.tasks.get(taskId!)?.head;
    if (head === undefined) return this.#world.count("payload.swept");
    const isNamed = refsIn(head).some((ref) => ref.gen === gen);
    const now = by?.now() ?? EPOCH + this.#world.time;
    must(!isNamed || now >= head.expiresAt, "I2", () => `payload ${gen} is removed, but ${taskId} names it`);
    this.#world.count("payload.discarded");
  }

  #onHead(by: SimProcess, stored: MirrorRecord | undefined, record: MirrorRecord): void {
    const head = headOf(record);
    const model = this.#model.tasks.get(head.id)!;
    const before = stored && headOf(stored);
    checkFacts(head, record, this.#marginMs);
    if (before === undefined && model.gone !== undefined) this.#onReturn(model, head);
    if (model.isGhost) return;
    checkOutcome(head);
    this.#checkPayloads(before, head);
    if (before === undefined) this.#onCreate(by, model, head, record);
    else this.#onChange(by, model, before, head);
    this.#checkInputs(by, model, before, head);
    this.#checkJournal(model, before, head);
    model.head = head;
    if (record.active) this.#checkLimit(head.owner);
  }

  /** A create that was long under way lands behind the removal: nobody may see it, or a clock was wrong. */
  #onReturn(model: TaskModel, head: TaskHead): void {
    const isVisible = !model.gone!.isEarly && EPOCH + this.#world.time < head.expiresAt;
    must(!isVisible, "I12", () => `${head.id} comes back`);
    this.#world.count("create.after_removal");
    model.isGhost = true;
  }

  #onCreate(by: SimProcess, model: TaskModel, head: TaskHead, record: MirrorRecord): void {
    must(!model.isRefused, "ack", () => `${head.id} was refused, and exists`);
    checkKeyed(this.#world, this.#engine, this.#model, head);
    must(head.rev === 1 && !hasEnded(head), "I17", () => `created as rev ${head.rev}, ${head.status}`);
    if (head.exec.leaseOwner !== undefined) model.holders.set(head.exec.leaseOwner, by);
    if (by.isDead) this.#world.count("create.landed_after_death");
    this.#world.note(`  creates ${head.id.slice(-6)} ${record.version}`);
  }

  #onChange(by: SimProcess, model: TaskModel, before: TaskHead, after: TaskHead): void {
    checkMove(before, after);
    const kind = classify(before, after);
    this.#world.count(`op.${kind}`);
    if (kind !== "write") this.#world.note(`  ${kind} ${after.id.slice(-6)} epoch ${after.exec.epoch}`);
    if (kind === "claim.lapsed") checkLapse(this.#world, before, by.now(), this.#marginMs);
    if (kind === "park" || kind === "hand_back") {
      model.refunds++;
      this.#model.letGo(after.id);
    }
    if (after.exec.phase === "running" && kind !== "write") model.holders.set(after.exec.leaseOwner!, by);
    const owner = before.exec.leaseOwner;
    if (owner !== undefined) this.#checkHolder(by, model.holders.get(owner), before, after, kind);
    this.#checkWriters(before, after);
  }

  /** What only the holder may change, the holder has changed. */
  #checkHolder(
    by: SimProcess,
    holder: SimProcess | undefined,
    before: TaskHead,
    after: TaskHead,
    kind: string,
  ): void {
    const isHolders = kind === "park" || kind === "hand_back" || kind === "finish" ||
      kind === "write" && (before.exec.leaseUntil !== after.exec.leaseUntil ||
          before.statusMessage !== after.statusMessage ||
          before.journal.entries.at(-1)?.key !== after.journal.entries.at(-1)?.key ||
          this.textOf(before, before.variables) !== this.textOf(after, after.variables));
    must(
      !isHolders || holder === by,
      "I8",
      () => `${kind} of ${after.id} by node ${by.node}/${by.life}, held by ${holder?.node}/${holder?.life}`,
    );
  }

  /** Each new text was written by the run that holds the task. */
  #checkWriters(before: TaskHead, after: TaskHead): void {
    if (before.exec.phase !== "running") return;
    const known = new Set(before.journal.entries.map(({ key }) => key));
    const texts = after.journal.entries.filter(({ key }) => !known.has(key)).map((entry) =>
      entry.error?.message ?? (entry.kind === "step" ? this.textOf(after, entry.value) : "")
    );
    if (after.statusMessage !== before.statusMessage) texts.push(after.statusMessage ?? "");
    if (after.outcome !== undefined) texts.push(this.textOf(after, after.outcome.value));
    for (const text of texts) this.#checkWriter(this.#model.writerOf(text), before);
  }

  #checkWriter(writer: RunToken | undefined, held: TaskHead): void {
    if (writer === undefined) return;
    const isHolder = writer.epoch === held.exec.epoch && writer.leaseOwner === held.exec.leaseOwner;
    must(
      isHolder,
      "I8",
      () => `run ${writer.number} of epoch ${writer.epoch} writes in epoch ${held.exec.epoch}`,
    );
  }

  #checkInputs(by: SimProcess, model: TaskModel, before: TaskHead | undefined, head: TaskHead): void {
    const textOf: TextOf = (head, value) => this.textOf(head, value);
    for (const answer of checkInputs(model, head, textOf)) {
      this.#world.count(answer.failure === "timeout" ? "input.timeout" : "input.answered");
      if (!isTimeout(answer, this.textOf(head, answer.value))) continue;
      const holder = model.holders.get(before?.exec.leaseOwner ?? "");
      this.#world.count(holder === by ? "input.timeout.holder" : "input.timeout.scanner");
    }
  }

  #checkJournal(model: TaskModel, before: TaskHead | undefined, head: TaskHead): void {
    const inline = new Set(before?.journal.entries.map(({ key }) => key));
    for (const { key, kind, digest } of head.journal.entries) {
      // A question that was sealed before its answer came has a second entry, with the answer alone.
      if (inline.has(key) || kind === "input" && digest === undefined) continue;
      must(!model.journal.has(key), "steps", () => `${key} is recorded twice`);
      model.journal.add(key);
    }
    const kept = new Set(head.journal.entries.map(({ key }) => key));
    const isSealed = JSON.stringify(before?.journal.pages) !== JSON.stringify(head.journal.pages);
    if (isSealed && before !== undefined) return this.#world.count("journal.sealed");
    for (const key of inline) must(kept.has(key), "steps", () => `the record of ${key} is lost`);
  }

  #checkPayloads(before: TaskHead | undefined, head: TaskHead): void {
    const known = new Set(before === undefined ? [] : refsIn(before).map(({ gen }) => gen));
    for (const ref of refsIn(head)) {
      if (known.has(ref.gen)) continue;
      const text = this.payloadText(head, ref);
      must(text !== undefined, "I2", () => `payload ${ref.gen} is named before it is stored`);
      must(
        digestOf(new TextEncoder().encode(text)) === ref.sha256,
        "I3",
        () => `payload ${ref.gen} is damaged`,
      );
      const isFinish = head.outcome?.value !== undefined && "ref" in head.outcome.value &&
        head.outcome.value.ref.gen === ref.gen;
      if (isFinish) this.#world.count("outcome.large");
    }
  }

  #checkLimit(owner: string): void {
    let active = 0;
    for (const record of this.#engine.records.values()) {
      if (record.active && record.key.owner === owner) active++;
    }
    const { limit } = this.#world.plan;
    must(active <= limit, "I10", () => `${active} active tasks, the limit is ${limit}`);
  }

  /** JSON text of a value that a head holds or names. */
  textOf(head: TaskHead, value: Spillable | undefined): string {
    if (value === undefined) return "";
    return "json" in value ? JSON.stringify(value.json) : this.payloadText(head, value.ref) ?? "";
  }

  /** Text of a payload; `undefined` unless every part is there. */
  payloadText(head: TaskHead, ref: PayloadRef): string | undefined {
    let text = "";
    for (let part = 0; part < ref.parts; part++) {
      const id = `${head.id}/${ref.gen}/${part}`;
      const record = this.#engine.peek({ owner: head.owner, kind: "payload", id });
      if (record === undefined) return undefined;
      text += decoder.decode(record.value, { stream: true });
    }
    return text + decoder.decode();
  }
}

/** Every payload that a value names, however deep. */
export function refsIn(value: unknown): PayloadRef[] {
  if (typeof value !== "object" || value === null) return [];
  if ("gen" in value && "sha256" in value) return [value as PayloadRef];
  return Object.values(value).flatMap(refsIn);
}
