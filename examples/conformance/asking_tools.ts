/**
 * Tools that ask the client while they run: a form to fill in, or a message from its model.
 *
 * @module
 */
import { fromJsonSchema, type McpServer } from "@perdure/mcp-tasks";
import { z } from "zod";

const NOTHING = z.object({});

const CHOICES = {
  type: "object",
  properties: {
    untitledSingle: { type: "string", enum: ["option1", "option2", "option3"] },
    titledSingle: {
      type: "string",
      oneOf: [
        { const: "value1", title: "First Option" },
        { const: "value2", title: "Second Option" },
        { const: "value3", title: "Third Option" },
      ],
    },
    legacyEnum: {
      type: "string",
      enum: ["opt1", "opt2", "opt3"],
      enumNames: ["Option One", "Option Two", "Option Three"],
    },
    untitledMulti: { type: "array", items: { type: "string", enum: ["option1", "option2", "option3"] } },
    titledMulti: {
      type: "array",
      items: {
        anyOf: [
          { const: "value1", title: "First Choice" },
          { const: "value2", title: "Second Choice" },
          { const: "value3", title: "Third Choice" },
        ],
      },
    },
  },
} as const;

/** Registers the tools that ask. */
export function registerAskingTools(server: McpServer): void {
  server.registerTool("test_sampling", {
    description: "Asks the client's model.",
    inputSchema: z.object({ prompt: z.string() }),
  }, async ({ prompt }, ctx) => {
    const answer = await ctx.sample("prompt", {
      messages: [{ role: "user", content: { type: "text", text: prompt } }],
      maxTokens: 100,
    });
    return `LLM response: ${JSON.stringify(answer)}`;
  });

  server.registerTool("test_missing_capability", {
    description: "Cannot do without the client's model.",
    inputSchema: NOTHING,
  }, async (_args, ctx) => {
    const answer = await ctx.sample("greeting", {
      messages: [{ role: "user", content: { type: "text", text: "Say hello." } }],
      maxTokens: 100,
    });
    return JSON.stringify(answer);
  });

  server.registerTool("test_elicitation", {
    description: "Asks for a user name and an address.",
    inputSchema: z.object({ message: z.string() }),
  }, async ({ message }, ctx) => {
    const answer = await ctx.elicit("user", {
      message,
      schema: z.object({ username: z.string(), email: z.string() }),
    });
    return `User response: ${JSON.stringify(answer)}`;
  });

  server.registerTool("test_streaming_elicitation", {
    description: "Asks for a confirmation.",
    inputSchema: NOTHING,
  }, async (_args, ctx) => {
    const answer = await ctx.elicit("confirm", {
      message: "Go on?",
      schema: z.object({ confirm: z.boolean() }),
    });
    return `User response: ${JSON.stringify(answer)}`;
  });

  server.registerTool("test_elicitation_sep1034_defaults", {
    description: "Asks with a default for every kind of field.",
    inputSchema: NOTHING,
  }, async (_args, ctx) => {
    const answer = await ctx.elicit("profile", {
      message: "Please review the form.",
      schema: z.object({
        name: z.string().default("John Doe"),
        age: z.number().int().default(30),
        score: z.number().default(95.5),
        status: z.enum(["active", "inactive", "pending"]).default("active"),
        verified: z.boolean().default(true),
      }),
    });
    return `Elicitation completed: ${JSON.stringify(answer)}`;
  });

  server.registerTool("test_elicitation_sep1330_enums", {
    description: "Asks with every way to offer a choice.",
    inputSchema: NOTHING,
  }, async (_args, ctx) => {
    const answer = await ctx.elicit("choices", {
      message: "Please choose.",
      schema: fromJsonSchema(CHOICES),
    });
    return `Elicitation completed: ${JSON.stringify(answer)}`;
  });
}
