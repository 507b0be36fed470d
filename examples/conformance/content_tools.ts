/**
 * Tools that answer at once, with each kind of content.
 *
 * @module
 */
import { type McpServer, ToolError } from "@perdure/mcp-tasks";
import { z } from "zod";

const NOTHING = z.object({});
/** A red dot of one pixel. */
export const IMAGE = {
  type: "image",
  data: "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  mimeType: "image/png",
} as const;
const SILENCE = "UklGRiQAAABXQVZFZm10IBAAAAABAAEARKwAAIhYAQACABAAZGF0YQAAAAA=";

/** Registers the `test_*` tools without input, waits or side effects. */
export function registerContentTools(server: McpServer): void {
  server.registerTool("test_simple_text", {
    description: "Answers with a text.",
    inputSchema: NOTHING,
  }, () => "This is a simple text response for testing.");

  server.registerTool("test_image_content", {
    description: "Answers with an image.",
    inputSchema: NOTHING,
  }, () => ({ content: [IMAGE] }));

  server.registerTool("test_audio_content", {
    description: "Answers with audio.",
    inputSchema: NOTHING,
  }, () => ({ content: [{ type: "audio", data: SILENCE, mimeType: "audio/wav" }] }));

  server.registerTool("test_embedded_resource", {
    description: "Answers with an embedded resource.",
    inputSchema: NOTHING,
  }, () => ({
    content: [{
      type: "resource",
      resource: {
        uri: "test://embedded-resource",
        mimeType: "text/plain",
        text: "This is an embedded resource content.",
      },
    }],
  }));

  server.registerTool("test_multiple_content_types", {
    description: "Answers with a text, an image and an embedded resource.",
    inputSchema: NOTHING,
  }, () => ({
    content: [{ type: "text", text: "Multiple content types test:" }, IMAGE, {
      type: "resource",
      resource: {
        uri: "test://mixed-content-resource",
        mimeType: "application/json",
        text: '{"test":"data","value":123}',
      },
    }],
  }));

  server.registerTool("test_error_handling", {
    description: "Always fails, as a tool.",
    inputSchema: NOTHING,
  }, () => {
    throw new ToolError("This tool intentionally returns an error for testing");
  });
}
