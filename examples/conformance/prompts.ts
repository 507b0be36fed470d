/**
 * Prompts with each kind of content, with arguments and suggestions for them, and one that asks.
 *
 * @module
 */
import type { McpServer } from "@perdure/mcp-tasks";
import { z } from "zod";
import { IMAGE } from "./content_tools.ts";

const WORDS = ["paris", "park", "party", "test", "testing"];

/** Registers the `test_*` prompts. */
export function registerPrompts(server: McpServer): void {
  server.registerPrompt("test_simple_prompt", {
    description: "One message.",
  }, () => "This is a simple prompt for testing.");

  server.registerPrompt("test_prompt_with_arguments", {
    description: "A message made of two arguments.",
    argsSchema: z.object({
      arg1: z.string().meta({ description: "First test argument" }),
      arg2: z.string().meta({ description: "Second test argument" }),
    }),
    complete: { arg1: (typed) => WORDS.filter((word) => word.startsWith(typed)) },
  }, ({ arg1, arg2 }) => `Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`);

  server.registerPrompt("test_prompt_with_embedded_resource", {
    description: "A message with an embedded resource.",
    argsSchema: z.object({ resourceUri: z.string().meta({ description: "URI of the resource" }) }),
  }, ({ resourceUri }) => ({
    messages: [
      {
        role: "user",
        content: {
          type: "resource",
          resource: {
            uri: resourceUri,
            mimeType: "text/plain",
            text: "Embedded resource content for testing.",
          },
        },
      },
      userText("Please process the embedded resource above."),
    ],
  }));

  server.registerPrompt("test_prompt_with_image", {
    description: "A message with an image.",
  }, () => ({
    messages: [{ role: "user", content: IMAGE }, userText("Please analyze the image above.")],
  }));

  server.registerPrompt("test_input_required_result_prompt", {
    description: "Asks for a context before it answers.",
  }, async (_args, ctx) => {
    const answer = await ctx.elicit("user_context", {
      message: "What is the context?",
      schema: z.object({ context: z.string() }),
    });
    return `The context is ${answer.action === "accept" ? answer.content.context : "not known"}.`;
  });
}

function userText(text: string): { role: "user"; content: { type: "text"; text: string } } {
  return { role: "user", content: { type: "text", text } };
}
