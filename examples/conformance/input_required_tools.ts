/**
 * Tools that need the client's input in a plain call: several rounds of one request under 2026-07-28.
 *
 * @module
 */
import type { McpServer } from "@perdure/mcp-tasks";
import { elicit, roots, sample } from "@perdure/mcp-tasks";
import { z } from "zod";

const NOTHING = z.object({});
const NAME = { message: "What is your name?", schema: z.object({ name: z.string() }) };
const CONFIRM = { message: "Please confirm.", schema: z.object({ ok: z.boolean() }) };

/** Registers the `test_input_required_result_*` tools. */
export function registerInputRequiredTools(server: McpServer): void {
  server.registerTool("test_input_required_result_elicitation", {
    description: "Asks for a name.",
    inputSchema: NOTHING,
  }, async (_args, ctx) => {
    const answer = await ctx.elicit("user_name", NAME);
    return `Hello, ${answer.action === "accept" ? answer.content.name : "stranger"}!`;
  });

  server.registerTool("test_input_required_result_sampling", {
    description: "Asks the client's model for a capital.",
    inputSchema: NOTHING,
  }, async (_args, ctx) => JSON.stringify(await ctx.sample("capital_question", ask("Capital of France?"))));

  server.registerTool("test_input_required_result_list_roots", {
    description: "Asks for the client's roots.",
    inputSchema: NOTHING,
  }, async (_args, ctx) => JSON.stringify(await ctx.listRoots("client_roots")));

  for (const suffix of ["request_state", "tampered_state"]) {
    server.registerTool(`test_input_required_result_${suffix}`, {
      description: "Asks for a confirmation and relies on the state the client carries.",
      inputSchema: NOTHING,
    }, async (_args, ctx) => `state-ok: ${JSON.stringify(await ctx.elicit("confirm", CONFIRM))}`);
  }

  server.registerTool("test_input_required_result_multiple_inputs", {
    description: "Asks three things at once.",
    inputSchema: NOTHING,
  }, async (_args, ctx) =>
    JSON.stringify(
      await ctx.ask({
        user_name: elicit(NAME),
        greeting: sample(ask("Write a greeting.")),
        client_roots: roots(),
      }),
    ));

  server.registerTool("test_input_required_result_multi_round", {
    description: "Asks twice, one after the other.",
    inputSchema: NOTHING,
  }, async (_args, ctx) => {
    const name = await ctx.elicit("step1", NAME);
    const color = await ctx.elicit("step2", {
      message: "Which colour?",
      schema: z.object({ color: z.string() }),
    });
    return `Answers: ${JSON.stringify([name, color])}`;
  });

  server.registerTool("test_input_required_result_capabilities", {
    description: "Asks only what the client declared.",
    inputSchema: NOTHING,
  }, async (_args, ctx) => JSON.stringify(await ctx.sample("greeting", ask("Write a greeting."))));
}

function ask(text: string): {
  messages: [{ role: "user"; content: { type: "text"; text: string } }];
  maxTokens: number;
} {
  return { messages: [{ role: "user", content: { type: "text", text } }], maxTokens: 100 };
}
