/**
 * A server beside the simplest model of it: what each owner may know of each task.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { z } from "zod";
import { type Principal, ProtocolError, ToolError } from "../../mod.ts";
import type { Answer } from "../support/http_client.ts";
import { createGate, type HeldRun } from "../support/gate_tool.ts";
import type { LegacyClient } from "../support/legacy_client.ts";
import { type ModernClient, TASKS } from "../support/modern_client.ts";
import { settle } from "../support/settle.ts";
import { createTestServer, type TestServer } from "../support/test_server.ts";

type Json = Record<string, unknown>;
type Status = "working" | "input_required" | "completed" | "tool_error" | "rpc_error" | "cancelled";

/** What is done: indices are taken modulo what there is; an owner below 0 is the one whose task it is. */
export type Operation =
  | { readonly op: "create"; readonly owner: number; readonly isModern: boolean; readonly ttl: number }
  | { readonly op: "ask"; readonly owner: number }
  | {
    readonly op: "read" | "cancel" | "result";
    readonly owner: number;
    readonly task: number;
    readonly isModern: boolean;
  }
  | { readonly op: "answer"; readonly owner: number; readonly task: number }
  | { readonly op: "list"; readonly owner: number }
  | { readonly op: "end"; readonly task: number; readonly how: "completed" | "tool_error" | "rpc_error" }
  | { readonly op: "wait"; readonly ms: number };

interface ModelTask {
  readonly id: string;
  readonly owner: number;
  readonly expiresAt: number;
  status: Status;
}

interface Owner {
  readonly legacy: LegacyClient;
  readonly modern: ModernClient;
}

/** Many of them have the same name, in other name spaces or with other issuers. */
export const PRINCIPALS: readonly Principal[] = [
  { subject: "ada" },
  { clientId: "ada" },
  { subject: "eve" },
  { subject: "ada", issuer: "https://a" },
  { clientId: "ada", issuer: "https://a" },
  { subject: "ada", issuer: "https://b" },
  { clientId: "ada", issuer: "https://b" },
  { subject: "Ada" },
  { subject: " ada" },
  { subject: "ada\0" },
  { subject: "a:da", issuer: "b" },
  { subject: "da", issuer: "b:a" },
  { subject: "*" },
  { subject: "../eve" },
  { subject: "__proto__" },
  { subject: "\u00e9" },
  { subject: "e\u0301" },
  { subject: "x".repeat(1000) },
  { subject: "x".repeat(999) },
  { clientId: "eve" },
];
const CAPABILITIES = { ...TASKS, elicitation: {} };
const ANSWER = { action: "accept", content: { text: "yes" } };
const SHOWN_2025: Readonly<Record<Status, string>> = {
  working: "working",
  input_required: "input_required",
  completed: "completed",
  tool_error: "failed",
  rpc_error: "failed",
  cancelled: "cancelled",
};
const SHOWN_2026: Readonly<Record<Status, string>> = {
  ...SHOWN_2025,
  tool_error: "completed",
};

/** Plays operations and compares. */
export class ModelledServer {
  readonly #parts: TestServer;
  readonly #owners: readonly Owner[];
  readonly #runs: HeldRun[];
  readonly #tasks: ModelTask[] = [];
  /** Looks at tasks of others that were compared, in both revisions, with looks at none. */
  comparisons = 0;

  private constructor(parts: TestServer, owners: readonly Owner[], runs: HeldRun[]) {
    this.#parts = parts;
    this.#owners = owners;
    this.#runs = runs;
  }

  /** Starts a server whose owners have shaken hands: the first so many of {@linkcode PRINCIPALS}. */
  static async start(ownerCount = 3): Promise<ModelledServer> {
    const parts = createTestServer({
      pageSize: 3,
      ttlMs: 60_000,
      limits: { activeTasks: 10_000, createsPerMinute: 100_000, retainedTasks: 100_000 },
    });
    const { server, legacy, modern } = parts;
    const gate = createGate();
    server.registerTool("work", { task: { support: "required" } }, gate.handler);
    server.registerTool("ask", { task: { support: "required" } }, async (_, ctx) => {
      const schema = z.object({ text: z.string() });
      await ctx.elicit("q", { message: "Go on?", schema });
      return `done ${ctx.taskId}`;
    });
    const owners = PRINCIPALS.slice(0, ownerCount).map(async (principal) => ({
      legacy: await legacy(principal),
      modern: modern(principal),
    }));
    return new ModelledServer(parts, await Promise.all(owners), gate.runs);
  }

  /** Plays one operation on both, and compares what it answers. */
  async play(operation: Operation): Promise<void> {
    switch (operation.op) {
      case "create":
        return await this.#create(operation.owner, operation.isModern, operation.ttl);
      case "ask": {
        const owner = operation.owner % this.#owners.length;
        const options = { capabilities: CAPABILITIES };
        const id = await this.#owners[owner]!.modern.createTask("ask", undefined, options);
        return this.#add(id, owner, 60_000, "input_required");
      }
      case "wait":
        return await this.#parts.runtime.advance(operation.ms);
      case "list":
        return await this.#list(operation.owner % this.#owners.length);
      default:
        return await this.#onTask(operation);
    }
  }

  /** Lets all tasks expire, and makes sure that nothing of them is left anywhere. */
  async finish(): Promise<void> {
    const { runtime, backend, server } = this.#parts;
    for (const { id } of this.#tasks) {
      for (let owner = 0; owner < this.#owners.length; owner++) await this.#read(owner, id, owner % 2 === 0);
    }
    await runtime.advance(200_000);
    for (const { id } of this.#tasks) await this.#read(0, id, true);
    assertEquals(backend.keys().filter(({ kind }) => kind === "task" || kind === "payload"), []);
    for (const { ctx } of this.#runs) assert(ctx.signal.aborted || this.#isEnded(ctx.taskId));
    await runtime.drive(server.close());
    await settle();
    assertEquals(runtime.pendingTimers, 0, "timers are left");
  }

  async #create(index: number, isModern: boolean, ttl: number): Promise<void> {
    const owner = index % this.#owners.length;
    const { legacy, modern } = this.#owners[owner]!;
    if (isModern) return this.#add(await modern.createTask("work"), owner, 60_000, "working");
    this.#add(await legacy.createTask("work", undefined, { task: { ttl } }), owner, ttl, "working");
  }

  #add(id: string, owner: number, ttl: number, status: Status): void {
    assert(this.#tasks.every((task) => task.id !== id), "ids are never used twice");
    this.#tasks.push({ id, owner, expiresAt: this.#parts.runtime.now() + ttl, status });
  }

  async #onTask(operation: Extract<Operation, { task: number }>): Promise<void> {
    if (this.#tasks.length === 0) return;
    const task = this.#tasks[operation.task % this.#tasks.length]!;
    if (operation.op === "end") return await this.#end(task, operation.how);
    const owner = operation.owner < 0 ? task.owner : operation.owner % this.#owners.length;
    if (!this.#isKnown(owner, task)) return await this.#compareWithUnknown(owner, task.id);
    if (operation.op === "answer") await this.#answer(owner, task);
    else if (operation.op === "cancel") await this.#cancel(owner, task, operation.isModern);
    else if (operation.op === "result") await this.#result(owner, task);
    await this.#read(owner, task.id, operation.op === "answer" || operation.isModern);
  }

  async #end(task: ModelTask, how: "completed" | "tool_error" | "rpc_error"): Promise<void> {
    const run = this.#runs.find(({ ctx }) => ctx.taskId === task.id);
    if (run === undefined) return;
    if (how === "completed") await run.finish(`done ${task.id}`);
    else if (how === "tool_error") await run.fail(new ToolError("bad"));
    else await run.fail(new ProtocolError(-32000, "refused"));
    if (this.#isLive(task) && task.status === "working") task.status = how;
  }

  async #cancel(owner: number, task: ModelTask, isModern: boolean): Promise<void> {
    const { legacy, modern } = this.#owners[owner]!;
    const client = isModern ? modern : legacy;
    const { error } = await client.request("tasks/cancel", { taskId: task.id });
    const isActive = task.status === "working" || task.status === "input_required";
    if (!this.#isKnown(owner, task)) assertEquals(error.data, { reason: "not_found" });
    else if (isActive) task.status = "cancelled";
    else if (!isModern) assertEquals(error.data?.reason, "terminal");
    else assertEquals(error, undefined);
  }

  async #answer(owner: number, task: ModelTask): Promise<void> {
    const params = { taskId: task.id, inputResponses: { q: ANSWER } };
    const { error } = await this.#owners[owner]!.modern.request("tasks/update", params);
    assertEquals(error?.data, this.#isKnown(owner, task) ? undefined : { reason: "not_found" });
    if (this.#isKnown(owner, task) && task.status === "input_required") task.status = "completed";
  }

  async #result(owner: number, task: ModelTask): Promise<void> {
    const isKnown = this.#isKnown(owner, task);
    if (isKnown && (task.status === "working" || task.status === "input_required")) return;
    const { result, error } = await this.#owners[owner]!.legacy.request("tasks/result", { taskId: task.id });
    if (!isKnown) return assertEquals(error.data, { reason: "not_found" });
    switch (task.status) {
      case "completed":
        return assertEquals(result.content, [{ type: "text", text: `done ${task.id}` }]);
      case "tool_error":
        return assertEquals([result.isError, result.content], [true, [{ type: "text", text: "bad" }]]);
      case "rpc_error":
        return assertEquals(error, { code: -32000, message: "refused" });
      default:
        return assertEquals(error.data, { reason: "cancelled" });
    }
  }

  /** To everyone else a task is like one that never was, to the byte. */
  async #compareWithUnknown(owner: number, taskId: string): Promise<void> {
    const { legacy, modern } = this.#owners[owner]!;
    const unknown = taskId.slice(0, -1) + (taskId.endsWith("0") ? "1" : "0");
    assert(this.#tasks.every(({ id }) => id !== unknown), "that id was never given out");
    const inputResponses = { q: ANSWER };
    // One method of each revision at a time, in turn.
    const turn = this.comparisons % 3;
    const newer = (["tasks/get", "tasks/cancel", "tasks/update"] as const)[turn]!;
    const older = (["tasks/get", "tasks/cancel", "tasks/result"] as const)[turn]!;
    const askNewer = async (id: string) =>
      bytesOf(await modern.request(newer, { taskId: id, inputResponses }));
    const askOlder = async (id: string) => bytesOf(await legacy.request(older, { taskId: id }));
    assertEquals(await askNewer(taskId), await askNewer(unknown), newer);
    assertEquals(await askOlder(taskId), await askOlder(unknown), older);
    this.comparisons++;
  }

  async #read(owner: number, taskId: string, isModern: boolean): Promise<void> {
    const task = this.#tasks.find(({ id }) => id === taskId)!;
    const { legacy, modern } = this.#owners[owner]!;
    const { result, error } = await (isModern ? modern : legacy).request("tasks/get", { taskId });
    if (!this.#isKnown(owner, task)) return assertEquals(error.data, { reason: "not_found" });
    assertEquals(result.status, (isModern ? SHOWN_2026 : SHOWN_2025)[task.status]);
    if (!isModern) return;
    assertEquals("result" in result, task.status === "completed" || task.status === "tool_error");
    assertEquals("error" in result, task.status === "rpc_error");
    assertEquals("inputRequests" in result, task.status === "input_required");
  }

  async #list(owner: number): Promise<void> {
    const seen: unknown[] = [];
    let cursor: unknown;
    do {
      const params = cursor === undefined ? {} : { cursor };
      const { result } = await this.#owners[owner]!.legacy.request("tasks/list", params);
      for (const { taskId, status } of result.tasks as Json[]) seen.push([taskId, status]);
      cursor = result.nextCursor;
    } while (cursor !== undefined);
    const expected = this.#tasks.filter((task) => this.#isKnown(owner, task))
      .map(({ id, status }) => [id, SHOWN_2025[status]]);
    assertEquals(seen, expected.toReversed());
  }

  #isKnown(owner: number, task: ModelTask): boolean {
    return task.owner === owner && this.#isLive(task);
  }

  #isLive({ expiresAt }: ModelTask): boolean {
    return this.#parts.runtime.now() < expiresAt;
  }

  #isEnded(taskId: string): boolean {
    const { status } = this.#tasks.find(({ id }) => id === taskId)!;
    return status !== "working" && status !== "input_required";
  }
}

/** All of an answer but the id of its request. */
function bytesOf({ status, text }: Answer): string {
  return `${status} ${text.replace(/"id":("[^"]*"|\d+)/, '"id":0')}`;
}
