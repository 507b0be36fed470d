import { assertEquals } from "@std/assert";
import { type JsonObject, ProtocolError } from "../../mod.ts";
import { verifies } from "../support/requirements.ts";
import { createTestServer, user } from "../support/test_server.ts";
import type { Json } from "../support/wire_judge.ts";

const ada = user("ada");
const PAGE = { mode: "url", message: "Log in", url: "https://example.com/login", elicitationId: "one" };

/** What clients of both revisions see of an error that a tool throws: at once, and as the outcome of a task. */
async function seen(code: number, data?: JsonObject) {
  const { server, legacy, modern } = createTestServer();
  const fail = () => {
    throw new ProtocolError(code, "No", data);
  };
  server.registerTool("plain", {}, fail);
  server.registerTool("task", { task: { support: "required" } }, fail);
  const session = await legacy(ada);
  const client = modern(ada);
  const taskId = await session.createTask("task");
  const details = (await client.request("tasks/get", { taskId })).result;
  return {
    old: (await session.call("plain")).error,
    oldTask: (await session.request("tasks/result", { taskId })).error,
    recent: (await client.call("plain")).error,
    recentTask: details.error as Json,
  };
}

verifies(
  ["T26-114", "T26-115"],
  "numbers that 2026-07-28 keeps for itself are no tool's to use",
  async () => {
    for (const code of [-32020, -32022, -32023, -32042, -32050, -32099]) {
      const { recent, recentTask } = await seen(code, { reason: "mine" });
      for (const error of [recent, recentTask]) {
        assertEquals(error, { code: -32603, message: "No", data: { reason: "mine" } });
      }
    }
  },
);

verifies("T26-115", "a resource that a tool does not find has the number of the revision", async () => {
  const { old, oldTask, recent, recentTask } = await seen(-32002);
  assertEquals([old, oldTask, recent, recentTask].map(({ code }) => code), [-32002, -32002, -32602, -32602]);
});

verifies(["T26-114", "T25-260"], "every other number passes in both revisions", async () => {
  for (const code of [-32021, -32602, -32603, -32000, -32019, -1, 0, 1, 32042]) {
    const { old, recent, recentTask } = await seen(code, { requiredCapabilities: {} });
    assertEquals([old, recent, recentTask].map((error) => error.code), [code, code, code]);
  }
});

verifies(
  "T25-260",
  "-32042 is for pages that have to be opened first, and 2026-07-28 does not know it",
  async () => {
    const { old, oldTask, recent, recentTask } = await seen(-32042, { elicitations: [PAGE] });
    assertEquals([old, oldTask, recent, recentTask].map(({ code }) => code), [
      -32042,
      -32042,
      -32603,
      -32603,
    ]);
    assertEquals(old.data, { elicitations: [PAGE] });
    const others: readonly (JsonObject | undefined)[] = [
      undefined,
      {},
      { elicitations: [] },
      { elicitations: PAGE },
      { elicitations: [PAGE, { ...PAGE, mode: "form" }] },
      { elicitations: [{ ...PAGE, url: "login" }] },
      { elicitations: [{ ...PAGE, elicitationId: 7 }] },
      { elicitations: [{ ...PAGE, message: undefined }] },
    ];
    for (const data of others) {
      const { old, oldTask } = await seen(-32042, data);
      assertEquals([old.code, oldTask.code], [-32603, -32603], JSON.stringify(data));
    }
  },
);
