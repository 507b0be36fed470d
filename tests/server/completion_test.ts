import { assertEquals } from "@std/assert";
import { z } from "zod";
import { verifies } from "../support/requirements.ts";
import { createTestServer, type TestServer, type TestServerOptions, user } from "../support/test_server.ts";

type Json = Record<string, unknown>;

const ADA = user("ada");

interface Completing extends TestServer {
  readonly calls: unknown[][];
}

function withCompletion(options?: TestServerOptions): Completing {
  const parts = createTestServer(options);
  const calls: unknown[][] = [];
  parts.server.registerPrompt("p", {
    argsSchema: z.object({ word: z.string(), plain: z.string(), many: z.string(), bad: z.string() }),
    complete: {
      word: (typed, settled, { auth }) => {
        calls.push([typed, { ...settled }, auth?.subject]);
        return ["alpha", "alps", "beta"].filter((word) => word.startsWith(typed));
      },
      many: (typed) => Array.from({ length: Number(typed) }, (_, i) => `v${i}`),
      bad: (typed) => {
        if (typed === "throw") throw new Error("secret");
        return (typed === "text" ? "alpha" : [1, 2]) as never;
      },
    },
  }, () => "");
  parts.server.registerResource("t", "t://{id}/x", { complete: { id: () => ["1", "2"] } }, () => "");
  parts.server.registerResource("f", "t://fixed", {}, () => "");
  return { ...parts, calls };
}

function prompt(name: string, value: unknown, more: Json = {}): Json {
  return { ref: { type: "ref/prompt", name: "p" }, argument: { name, value }, ...more };
}

async function inBoth(parts: TestServer, params: Json) {
  const legacy = await (await parts.legacy(ADA)).request("completion/complete", params);
  const modern = await parts.modern(ADA).request("completion/complete", params);
  return [legacy, modern] as const;
}

verifies(
  ["T25-226", "T26-256"],
  "suggestions come in the author's order, of who asks and what is settled",
  async () => {
    const parts = withCompletion();
    const params = prompt("word", "al", { context: { arguments: { plain: "x", __proto__: "y" } } });
    for (const { result } of await inBoth(parts, params)) {
      assertEquals(result.completion, { values: ["alpha", "alps"], total: 2, hasMore: false });
    }
    assertEquals(parts.calls, [["al", { plain: "x" }, "ada"], ["al", { plain: "x" }, "ada"]]);
    const template = {
      ref: { type: "ref/resource", uri: "t://{id}/x" },
      argument: { name: "id", value: "" },
    };
    for (const { result } of await inBoth(parts, template)) {
      assertEquals((result.completion as Json).values, ["1", "2"]);
    }
  },
);

verifies(["T25-226", "T26-256"], "no more than 100 values come, with how many there are", async () => {
  const parts = withCompletion();
  for (const [count, hasMore] of [[0, false], [100, false], [101, true], [5000, true]] as const) {
    for (const { result } of await inBoth(parts, prompt("many", String(count)))) {
      const { values, ...rest } = result.completion as { values: string[] };
      assertEquals([values.length, rest], [Math.min(count, 100), { total: count, hasMore }]);
    }
  }
});

Deno.test("what has no suggestions has none", async () => {
  const parts = withCompletion();
  const none = [
    prompt("plain", ""),
    prompt("nobody", ""),
    prompt("constructor", ""),
    { ref: { type: "ref/resource", uri: "t://fixed" }, argument: { name: "id", value: "" } },
    { ref: { type: "ref/resource", uri: "t://{id}/x" }, argument: { name: "toString", value: "" } },
  ];
  for (const params of none) {
    for (const { result } of await inBoth(parts, params)) {
      assertEquals(result.completion, { values: [], total: 0, hasMore: false });
    }
  }
});

verifies(["T25-227", "T25-229", "T26-257"], "bad references and arguments are -32602", async () => {
  const parts = withCompletion();
  const argument = { name: "word", value: "a" };
  const bad: Json[] = [
    {},
    { argument },
    { ref: { type: "ref/prompt", name: "nobody" }, argument },
    { ref: { type: "ref/prompt" }, argument },
    { ref: { type: "ref/tool", name: "p" }, argument },
    { ref: { name: "p" }, argument },
    { ref: "p", argument },
    { ref: { type: "ref/resource", uri: "t://nobody" }, argument },
    { ref: { type: "ref/resource", uri: "t://7/x" }, argument },
    { ref: { type: "ref/prompt", name: "p" } },
    prompt("", "a"),
    prompt("word", 7),
    prompt("word", null),
    prompt("word", "a", { context: { arguments: { plain: 7 } } }),
    prompt("word", "a", { context: "x" }),
  ];
  for (const params of bad) {
    for (const { error } of await inBoth(parts, params)) {
      assertEquals(error?.code, -32602, JSON.stringify(params));
    }
  }
  assertEquals(parts.calls, []);
});

verifies(["T25-227", "T25-229", "T26-257"], "a completer that fails tells the client nothing", async () => {
  const parts = withCompletion();
  for (const typed of ["throw", "text", "numbers"]) {
    for (const { error } of await inBoth(parts, prompt("bad", typed))) {
      assertEquals(error.code, -32603);
      assertEquals(/^The server failed \(correlation id [\w-]+\)$/.test(error.message), true, error.message);
    }
  }
});

verifies(["T25-229", "T26-257"], "suggestions are limited by the minute, each owner apart", async () => {
  const { modern, legacy, runtime } = withCompletion({ limits: { completionsPerMinute: 2 } });
  const ask = async (subject: string) => {
    const { result, error } = await modern(user(subject)).request("completion/complete", prompt("word", ""));
    return result === undefined ? error.data : "ok";
  };
  assertEquals([await ask("ada"), await ask("ada")], ["ok", "ok"]);
  const limited = { reason: "limit", limit: "completionsPerMinute", retryAfterMs: 30_000 };
  assertEquals(await ask("ada"), limited);
  const session = await legacy(ADA);
  assertEquals((await session.request("completion/complete", prompt("word", ""))).error.data, limited);
  assertEquals(await ask("eve"), "ok");
  await runtime.advance(30_000);
  assertEquals(await ask("ada"), "ok");
});
