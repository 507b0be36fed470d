/**
 * What authors may give by mistake, above all those who write JavaScript: refused at once, with its name.
 *
 * @module
 */
import { assertEquals, assertThrows } from "@std/assert";
import { z } from "zod";
import { McpServer, type McpServerOptions } from "../../mod.ts";
import { memory } from "../../backends/memory.ts";
import { createTestServer, user } from "../support/test_server.ts";

/** JavaScript has no types: anything may be given. */
interface Untyped {
  readonly registerTool: (...given: unknown[]) => void;
  readonly registerPrompt: (...given: unknown[]) => void;
  readonly registerResource: (...given: unknown[]) => void;
}

function untyped(): Untyped {
  return createTestServer().server as unknown as Untyped;
}

Deno.test("a handler that is no function is refused at its registration", () => {
  const server = untyped();
  const wrong: [() => void, string][] = [
    [() => server.registerTool("t", {}, "x"), 'register tool "t" with its handler'],
    [() => server.registerPrompt("p", {}), 'register prompt "p" with its handler'],
    [() => server.registerResource("r", "docs://r", {}), 'register resource "r" with its handler'],
  ];
  for (const [register, what] of wrong) {
    assertThrows(register, TypeError, `Cannot ${what}: it is not a function`);
  }
});

Deno.test("task.support is one of three words, and repeatable may be false", async () => {
  const { server, modern } = createTestServer();
  for (const task of [true, {}, { support: "optionl" }]) {
    assertThrows(
      () => (server as unknown as Untyped).registerTool("t", { task }, () => "x"),
      TypeError,
      'Cannot register tool "t": "task.support" is none of "forbidden", "optional", "required"',
    );
  }
  const isSafeToRepeat: boolean = false;
  server.registerTool("t", { task: { support: "optional", repeatable: isSafeToRepeat } }, () => "x");
  assertEquals((await modern(user("ada")).call("t")).result.isError, undefined);
});

Deno.test("a schema that JSON Schema cannot show is refused with the name of its tool", () => {
  assertThrows(
    () => untyped().registerTool("t", { inputSchema: z.object({ at: z.date() }) }, () => "x"),
    TypeError,
    'Cannot list tool "t": its schema cannot show itself as JSON Schema: ',
  );
});

Deno.test("a server without a name, a backend that is none and a check that is none are refused", () => {
  const wrong: [unknown, unknown, string][] = [
    [undefined, {}, "Cannot make a server: it has no name"],
    [{ name: "", version: "1" }, {}, "Cannot make a server: it has no name"],
    [{ name: "t" }, { backend: Promise.resolve(memory()) }, '"backend" has no method "put"'],
    [{ name: "t" }, { backend: memory }, '"backend" has no method "put"'],
    [{ name: "t" }, { backend: memory(), authenticate: "ada" }, 'Cannot set "authenticate"'],
  ];
  for (const [info, options, message] of wrong) {
    const make = () => new McpServer(info as { name: string; version: string }, options as McpServerOptions);
    assertThrows(make, TypeError, message);
  }
});

Deno.test("a question without a message and a status that is no text are told to the author", async () => {
  const { server, modern, events } = createTestServer();
  const tool =
    (work: (ctx: Record<string, (...given: unknown[]) => Promise<unknown>>) => Promise<unknown>) =>
    async (_: unknown, ctx: unknown) => {
      await work(ctx as Record<string, (...given: unknown[]) => Promise<unknown>>);
      return "";
    };
  server.registerTool("none", {}, tool((ctx) => ctx.elicit!("q")));
  server.registerTool("form", {}, tool((ctx) => ctx.elicit!("q", { schema: z.object({ a: z.string() }) })));
  server.registerTool("status", {}, tool((ctx) => ctx.status!({ at: 1 })));
  for (const name of ["none", "form", "status"]) await modern(user("ada")).call(name);
  assertEquals(events.map(({ error }) => (error as Error).message), [
    "Cannot ask: the question has no message",
    "Cannot ask: the question has no message",
    "Cannot report a status: it is not a text",
  ]);
});
