/**
 * Workflows whose steps were changed while a task of theirs was open.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { z } from "zod";
import { argument, McpServer, output, workflow } from "../../mod.ts";
import { ModernClient } from "../support/modern_client.ts";
import { ADA, told } from "./pipeline.ts";
import { getModern, metaOf, naming, taskOf, withPipeline } from "./task_tools.ts";

Deno.test("a workflow that has other steps by now goes on where they are known, and tells so where not", async () => {
  const parts = withPipeline();
  parts.failing.push("prod!");
  const task = taskOf(await getModern(parts, "pipeline", { source: "prod" }));

  const calls: string[] = [];
  const { backend, runtime } = parts;
  const newer = new McpServer({ name: "test", version: "2.0.0" }, {
    backend,
    runtime,
    authenticate: () => ADA,
  });
  newer.registerTool("work", { inputSchema: z.object({ text: z.string() }) }, ({ text }) => {
    calls.push(text);
    return `${text}!`;
  });
  newer.registerWorkflow(
    workflow("pipeline", "copy the rows").task().argument("source", "Where from")
      .step("fetch", "work").arg("text", argument("source")).bind("raw")
      .step("renamed", "work").arg("text", output("raw")),
  );
  const client = new ModernClient(newer.fetch, {}, () => runtime.advance(0));
  const before = backend.dump();
  const answer = await client.request("prompts/get", { name: "pipeline" }, { meta: naming(task) });
  assertEquals(metaOf(answer).pause_reason, { type: "workflowChanged", nextStep: "transform" });
  assertEquals(
    told(answer.result).at(-1),
    "assistant: The workflow stopped before step 'transform': its steps are not those it was begun with. " +
      "This server cannot go on with it; ask for this prompt without its task to begin it anew.\n\n" +
      "To continue the workflow, make these tool calls:\n\n1. Call redo with {}",
  );
  assertEquals([calls, backend.dump()], [[], before]);

  // A call is still recorded, and the server of the old steps goes on with it.
  await client.call("work", { text: "prod!" }, { meta: naming(task) });
  const whole = await getModern(parts, "pipeline", undefined, { task });
  assertEquals([calls, metaOf(whole).task_status], [["prod!"], "completed"]);
});
