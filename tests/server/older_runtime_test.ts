import { assertEquals } from "@std/assert";
import { createTestServer, user } from "../support/test_server.ts";

/** Static methods that Node 20 does not have. */
const MISSING: readonly [object, string][] = [
  [Promise, "withResolvers"],
  [Promise, "try"],
  [Array, "fromAsync"],
  [Map, "groupBy"],
  [Object, "groupBy"],
];

Deno.test("a task runs where the newest static methods are missing", async () => {
  const taken = MISSING.map(([owner, name]) => ({
    owner,
    name,
    property: Object.getOwnPropertyDescriptor(owner, name)!,
  }));
  for (const { owner, name } of taken) Reflect.deleteProperty(owner, name);
  try {
    const { server, modern } = createTestServer();
    const client = modern(user("ada"));
    server.registerTool("quick", { task: { support: "optional" } }, () => "at once");
    server.registerTool("work", { task: { support: "required" } }, (_, ctx) => ctx.step("one", () => "done"));
    const plain = await client.call("quick");
    assertEquals(plain.result.content, [{ type: "text", text: "at once" }]);
    const { result } = await client.call("work", undefined, {
      capabilities: { extensions: { "io.modelcontextprotocol/tasks": {} } },
    });
    await server.close();
    assertEquals(result.resultType, "task");
  } finally {
    for (const { owner, name, property } of taken) Object.defineProperty(owner, name, property);
  }
});
