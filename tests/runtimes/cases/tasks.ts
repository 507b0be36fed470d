/**
 * Tasks of both revisions, from their creation to their end.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { readSse } from "../../support/sse.ts";
import { type Case, until, untilTask } from "../target.ts";

/** Milliseconds that a task works behind the answer that created it. */
const LATER_MS = 400;
const FORMS = { elicitation: { form: {} } };
const TASKS = { extensions: { "io.modelcontextprotocol/tasks": {} } };

const text = (value: string) => [{ type: "text", text: value }];

export const taskCases: readonly Case[] = [
  {
    name: "a task of 2026-07-28 outlives the request that created it",
    async run({ modern }) {
      const client = modern();
      const { taskId, status } = (await client.call("later", { ms: LATER_MS })).result;
      assertEquals(status, "working");
      const { result } = await untilTask(client, String(taskId));
      assertEquals((result as { content: unknown }).content, text("done"));
    },
  },
  {
    name: "a task of 2025-11-25 is polled, and tasks/result waits for its end",
    async run({ legacy }) {
      const client = await legacy();
      const created = await client.call("later", { ms: LATER_MS }, { task: {} });
      const { taskId, status } = created.result.task as Readonly<Record<string, unknown>>;
      assertEquals(status, "working");
      const { result } = await client.request("tasks/result", { taskId });
      assertEquals(result.content, text("done"));
      assertEquals((await client.request("tasks/get", { taskId })).result.status, "completed");
    },
  },
  {
    name: "tasks are listed to their owner alone",
    async run({ legacy }) {
      const client = await legacy("ada");
      const taskId = await client.createTask("later", { ms: 1 });
      const tasks = (await client.request("tasks/list")).result.tasks as { taskId: string }[];
      assert(tasks.some((task) => task.taskId === taskId));
      const others = (await (await legacy("eve")).request("tasks/list")).result.tasks as { taskId: string }[];
      assertEquals(others.some((task) => task.taskId === taskId), false);
    },
  },
  {
    name: "a task is cancelled in both revisions",
    async run({ modern, legacy }) {
      const newer = modern();
      const taskId = await newer.createTask("forever");
      await newer.request("tasks/cancel", { taskId });
      assertEquals((await newer.request("tasks/get", { taskId })).result.status, "cancelled");
      const older = await legacy();
      const other = await older.createTask("forever");
      assertEquals((await older.request("tasks/cancel", { taskId: other })).result.status, "cancelled");
    },
  },
  {
    name: "a task of 2026-07-28 asks its client, and goes on with the answer",
    async run({ modern }) {
      const client = modern();
      const capabilities = { ...FORMS, ...TASKS };
      const { result } = await client.call("ask", {}, { capabilities });
      const taskId = String(result.taskId);
      await untilTask(client, taskId, ({ status }) => status === "input_required");
      const inputResponses = { name: { action: "accept", content: { name: "Ada" } } };
      await client.request("tasks/update", { taskId, inputResponses });
      const done = await untilTask(client, taskId);
      assertEquals((done.result as { content: unknown }).content, text("Hello, Ada"));
    },
  },
  {
    name: "a task of 2025-11-25 asks its client on the stream of tasks/result",
    async run({ legacy }) {
      const client = await legacy(undefined, {
        capabilities: FORMS,
        onRequest: () => ({ result: { action: "accept", content: { name: "Ada" } } }),
      });
      const taskId = await client.createTask("ask");
      assertEquals((await client.request("tasks/result", { taskId })).result.content, text("Hello, Ada"));
    },
  },
  {
    name: "a subscription is told of the end of its task",
    async run({ modern }) {
      const client = modern();
      const taskId = await client.createTask("later", { ms: LATER_MS });
      const params = { notifications: { taskIds: [taskId] } };
      const reader = readSse(await client.send("s1", "subscriptions/listen", params));
      const methods: unknown[] = [];
      let status: unknown;
      while (status !== "completed") {
        const message = await reader.nextMessage();
        assert(message !== undefined, "the stream ended before its task");
        methods.push(message.method);
        status = (message.params as { status?: unknown }).status;
      }
      assertEquals(methods[0], "notifications/subscriptions/acknowledged");
      await reader.stop();
    },
  },
  {
    name: "server.recover() wakes a task that left its process",
    async run({ modern, recover }) {
      const client = modern();
      const taskId = await client.createTask("nap");
      await until(recover, ({ claimed }) => claimed > 0);
      const { result } = await untilTask(client, taskId);
      assertEquals((result as { content: unknown }).content, text("woken in attempt 1"));
    },
  },
];
