/**
 * Tools whose input schema is the point: JSON Schema taken verbatim, and an argument mirrored in a header.
 *
 * @module
 */
import { fromJsonSchema, type McpServer } from "@perdure/mcp-tasks";
import { z } from "zod";

const PERSON_SCHEMA = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  type: "object",
  $defs: {
    address: {
      $anchor: "addressDef",
      type: "object",
      properties: { street: { type: "string" }, city: { type: "string" } },
    },
  },
  properties: {
    name: { type: "string" },
    address: { $ref: "#/$defs/address" },
    contactMethod: { type: "string", enum: ["phone", "email"] },
    phone: { type: "string" },
    email: { type: "string" },
  },
  allOf: [{ anyOf: [{ required: ["phone"] }, { required: ["email"] }] }],
  if: { properties: { contactMethod: { const: "phone" } }, required: ["contactMethod"] },
  then: { required: ["phone"] },
  else: { required: ["email"] },
  additionalProperties: false,
} as const;

/** Registers the tools with special schemas. */
export function registerSchemaTools(server: McpServer): void {
  server.registerTool("json_schema_2020_12_tool", {
    description: "Takes arguments described by keywords of JSON Schema 2020-12.",
    inputSchema: fromJsonSchema(PERSON_SCHEMA),
  }, (args) => `Received ${JSON.stringify(args)}`);

  server.registerTool("test_x_mcp_header", {
    description: "Takes an argument that clients mirror in a header.",
    inputSchema: z.object({ region: z.string().optional().meta({ "x-mcp-header": "Region" }) }),
  }, ({ region }) => `Region: ${region ?? "none"}`);
}
