/**
 * What goes on when the credentials of a caller lapse while something of it is open.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import type { AuthenticatedPrincipal } from "../../mod.ts";
import { createGate } from "../support/gate_tool.ts";
import { verifies } from "../support/requirements.ts";
import { settle } from "../support/settle.ts";
import { readSse } from "../support/sse.ts";
import { createTestServer, user } from "../support/test_server.ts";
import { nextEvent, SessionWire } from "./session_wire.ts";

const MINUTE = 60_000;
const DAY = 86_400_000;

function createServer() {
  const here = createTestServer({
    leaseMs: 20 * DAY,
    keepAliveMs: 20 * DAY,
    maxTtlMs: 100 * DAY,
    ttlMs: 100 * DAY,
  });
  const gate = createGate();
  here.server.registerTool("work", { task: { support: "optional" } }, gate.handler);
  /** Ada, for so many milliseconds from now on. */
  const ada = (ms: number): AuthenticatedPrincipal => ({
    ...user("ada"),
    expiresAt: here.runtime.now() + ms,
  });
  return { ...here, gate, ada };
}

verifies(
  ["T26-209", "T26-210"],
  "a subscription ends properly when its token does, and the task goes on",
  async () => {
    const { modern, runtime, ada, server } = createServer();
    const taskId = await modern(user("ada")).createTask("work", {}, {
      meta: { "io.perdure/idempotencyKey": "k" },
    });
    const open = async (caller: AuthenticatedPrincipal) =>
      readSse(
        await modern(caller).send("sub", "subscriptions/listen", { notifications: { taskIds: [taskId] } }),
      );
    const stream = await open(ada(MINUTE));
    assertEquals((await stream.nextMessage())?.method, "notifications/subscriptions/acknowledged");
    assertEquals((await stream.nextMessage())?.method, "notifications/tasks");
    const rest = Promise.all([stream.nextMessage(), stream.nextMessage(), stream.nextMessage()]);
    const isOver = isSettled(rest);
    await runtime.advance(MINUTE - 1);
    assertEquals(isOver(), false);
    await runtime.advance(1);
    const [cancelled, result, end] = await rest;
    assertEquals(cancelled?.method, "notifications/cancelled");
    assertEquals((cancelled?.params as { requestId: string }).requestId, "sub");
    assertEquals([result?.id, (result?.result as { resultType: string }).resultType], ["sub", "complete"]);
    assertEquals(end, undefined);
    const again = await open(ada(MINUTE));
    assertEquals((await again.nextMessage())?.method, "notifications/subscriptions/acknowledged");
    const shown = await again.nextMessage();
    assertEquals((shown?.params as { status: string }).status, "working");
    await again.stop();
    await runtime.drive(server.close());
  },
);

Deno.test("McpServer lets a subscription last for as long as its token, longer than a timer lasts", async () => {
  const { modern, runtime, ada, server } = createServer();
  const notifications = { toolsListChanged: true };
  const stream = readSse(await modern(ada(60 * DAY)).send("sub", "subscriptions/listen", { notifications }));
  assertEquals((await stream.nextMessage())?.method, "notifications/subscriptions/acknowledged");
  const next = stream.nextMessage();
  const isOver = isSettled(next);
  await runtime.advance(60 * DAY - 1);
  assertEquals(isOver(), false);
  await runtime.advance(1);
  assertEquals((await next)?.method, "notifications/cancelled");
  await server.close();
});

function isSettled(promise: Promise<unknown>): () => boolean {
  let settled = false;
  void promise.then(() => settled = true);
  return () => settled;
}

Deno.test("McpServer ends the stream of a session when its token does; the session stays with its owner", async () => {
  const here = createServer();
  const { sessionId } = await here.legacy(user("ada"));
  const stream = readSse(await new SessionWire(here, sessionId, here.ada(MINUTE)).get(undefined));
  await nextEvent(stream);
  await here.runtime.advance(MINUTE - 1);
  here.server.registerPrompt("first", {}, () => "");
  assertEquals((await stream.nextMessage())?.method, "notifications/prompts/list_changed");
  const end = stream.nextMessage();
  await here.runtime.advance(1);
  assertEquals(await end, undefined);
  // Nothing is left behind: the next stream hears what the old one would have heard.
  const next = readSse(await new SessionWire(here, sessionId, here.ada(MINUTE)).get(undefined));
  here.server.registerPrompt("second", {}, () => "");
  assertEquals((await next.nextMessage())?.method, "notifications/prompts/list_changed");
  const timers = here.runtime.pendingTimers;
  await next.stop();
  await settle();
  // The keep-alive's and the token's.
  assertEquals(here.runtime.pendingTimers, timers - 2);
  const stranger = await new SessionWire(here, sessionId, user("eve")).get(undefined);
  assertEquals(stranger.status, 404);
  const namesake = await new SessionWire(here, sessionId, { ...user("ada"), issuer: "https://other.example" })
    .get(undefined);
  assertEquals(namesake.status, 404);
  await here.server.close();
});

Deno.test("McpServer pauses a tasks/result when its token lapses, and goes on with the next token", async () => {
  const here = createServer();
  const { sessionId } = await here.legacy(user("ada"));
  const created = await new SessionWire(here, sessionId).post({
    id: "make",
    method: "tools/call",
    params: { name: "work", task: {} },
  });
  const { result: { task } } = await created.json();
  const stream = await new SessionWire(here, sessionId, here.ada(MINUTE)).open("r", "tasks/result", {
    taskId: task.taskId,
  });
  const { id } = await nextEvent(stream);
  const rest = stream.all();
  await here.runtime.advance(MINUTE);
  assertEquals((await rest).map(({ retry, data }) => [retry, data]), [["1000", undefined]]);
  const thief = await new SessionWire(here, sessionId, user("eve")).get(id);
  assertEquals(thief.status, 404);
  const resumed = await new SessionWire(here, sessionId, here.ada(MINUTE)).resume(id);
  await settle();
  await here.gate.runs[0]!.finish("done");
  const answer = await resumed.nextMessage();
  assertEquals([answer?.id, (answer?.result as { content: { text: string }[] }).content[0]?.text], [
    "r",
    "done",
  ]);
  await here.server.close();
});

Deno.test("McpServer lets a call that was allowed when it came end, whatever becomes of its token", async () => {
  const here = createServer();
  const modern = here.modern(here.ada(1)).call("work", {}, { capabilities: {} });
  const { sessionId } = await here.legacy(user("ada"));
  const legacy = new SessionWire(here, sessionId, here.ada(1)).post({
    id: 1,
    method: "tools/call",
    params: { name: "work" },
  });
  await here.runtime.advance(MINUTE);
  for (const run of here.gate.runs) await run.finish("done");
  assertEquals((await modern).result.content, [{ type: "text", text: "done" }]);
  assertEquals((await (await legacy).json()).result.content, [{ type: "text", text: "done" }]);
  await here.server.close();
});
