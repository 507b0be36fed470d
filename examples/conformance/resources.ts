/**
 * Resources at fixed URIs, a template of resources, and one that clients subscribe to.
 *
 * @module
 */
import type { McpServer } from "@perdure/mcp-tasks";
import { IMAGE } from "./content_tools.ts";

/** Registers the `test://` resources. */
export function registerResources(server: McpServer): void {
  // The first one listed is read by the suite's caching scenario.
  server.registerResource("static-text", "test://static-text", {
    description: "A text that never changes.",
    mimeType: "text/plain",
    cacheScope: "public", // the same for every caller
    cacheTtlMs: 60_000,
  }, () => "This is the content of the static text resource.");

  server.registerResource("static-binary", "test://static-binary", {
    description: "A red dot.",
    mimeType: IMAGE.mimeType,
  }, () => Uint8Array.from(atob(IMAGE.data), (char) => char.charCodeAt(0)));

  server.registerResource("template", "test://template/{id}/data", {
    description: "Data of any id.",
    mimeType: "application/json",
    complete: { id: (typed) => ["1", "12", "123"].filter((id) => id.startsWith(typed)) },
  }, (_uri, { id }) => JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` }));

  server.registerResource("watched-resource", "test://watched-resource", {
    description: "A resource to subscribe to.",
    mimeType: "text/plain",
  }, () => "Watched resource content.");
}
