import { assert, assertEquals } from "@std/assert";
import { as, startFixture } from "./fixture.ts";
import { LegacyClient } from "./legacy_client.ts";
import { ModernClient } from "./modern_client.ts";

Deno.test("2025 client answers the question of a task", async () => {
  await using server = startFixture();
  const asked: string[] = [];
  const client = await LegacyClient.connect(server.url, {
    ...as("ada"),
    onElicit: ({ message }) => {
      asked.push(message);
      return { action: "accept", content: { name: "Ada" } };
    },
  });
  const result = await client.runTask("ask", {});
  assertEquals(result.content, [{ type: "text", text: "Hello, Ada!" }]);
  assertEquals(asked, ["Your name?"]);
  await client.endSession();
});

Deno.test("ext-tasks under 2025-11-25 answers the question of a task", async () => {
  await using server = startFixture();
  const client = await ModernClient.connect(server.url, {
    ...as("ada"),
    era: "2025-11-25",
    onElicit: () => ({ action: "accept", content: { name: "Ada" } }),
  });
  const asked = await client.run("ask", {});
  assert(asked.status === "completed");
  assertEquals(asked.result.content, [{ type: "text", text: "Hello, Ada!" }]);
  await client.close();
});
