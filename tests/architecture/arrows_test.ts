import { assertEquals, assertGreater } from "@std/assert";
import { wrongArrows } from "./arrows.ts";
import { modulesFrom, sourcesBelow } from "./modules.ts";

Deno.test("every import points the right way", async () => {
  const { sources } = await modulesFrom(await sourcesBelow(["src", "backends"]));
  const governed = sources.filter(({ path }) => path.startsWith("src/") || path.startsWith("backends/"));
  assertGreater(governed.flatMap(({ imports }) => imports).length, 20);
  assertEquals(wrongArrows(governed), []);
});

Deno.test("wrongArrows() finds the import that points up in a real tree", async () => {
  const root = new URL("fixture/", import.meta.url);
  const { sources } = await modulesFrom(await sourcesBelow(["src", "backends"], root), root);
  assertEquals(wrongArrows(sources), [
    'backends/redis.ts imports "../src/tasks/record.ts": a backend sees the storage seam alone',
    'src/tasks/record.ts imports "../store/backend.ts": tasks is below store',
  ]);
});

/** Judges one import of one module. */
function judge(path: string, specifier: string, target?: string, dynamic = false): readonly string[] {
  return wrongArrows([{ path, imports: [{ specifier, path: target, dynamic }] }]).map((found) =>
    found.slice(found.indexOf('": ') + 3)
  );
}

Deno.test("wrongArrows() accepts what may be", () => {
  assertEquals(judge("src/handler/sse.ts", "../protocol/mod.ts", "src/protocol/mod.ts"), []);
  assertEquals(judge("src/tasks/record.ts", "./status.ts", "src/tasks/status.ts"), []);
  assertEquals(judge("src/protocol/ids.ts", "../runtime.ts", "src/runtime.ts"), []);
  assertEquals(judge("src/runtime.ts", "@std/ulid"), []);
  assertEquals(judge("src/protocol/guard.ts", "zod/mini"), []);
  assertEquals(judge("src/testing/suite.ts", "@std/assert"), []);
  assertEquals(judge("src/auth/key_set.ts", "jose"), []);
  assertEquals(judge("src/auth/key_set.ts", "../server/mod.ts", "src/server/mod.ts"), []);
  assertEquals(judge("src/testing/suite.ts", "../store/backend.ts", "src/store/backend.ts"), []);
  assertEquals(judge("backends/redis.ts", "npm:ioredis@^6"), []);
  assertEquals(judge("backends/redis.ts", "./redis_scripts.ts", "backends/redis_scripts.ts"), []);
  assertEquals(judge("backends/redis.ts", "./shared/retry.ts", "backends/shared/retry.ts"), []);
  assertEquals(judge("backends/redis.ts", "../src/store/backend.ts", "src/store/backend.ts"), []);
  const kv = "../../backends/deno_kv.ts";
  assertEquals(judge("src/server/default_backend.ts", kv, "backends/deno_kv.ts", true), []);
});

Deno.test("wrongArrows() objects to what may not be", () => {
  const kv = "../../backends/deno_kv.ts";
  const cases: [Parameters<typeof judge>, string][] = [
    [["src/protocol/mod.ts", "../tasks/mod.ts", "src/tasks/mod.ts"], "protocol is below tasks"],
    [["src/server/mod.ts", "../handler/mod.ts", "src/handler/mod.ts"], "server is below handler"],
    [["src/runtime.ts", "./protocol/mod.ts", "src/protocol/mod.ts"], "the runtime is a leaf"],
    [
      ["src/helpers/text.ts", "../protocol/mod.ts", "src/protocol/mod.ts"],
      "the importing module is in no layer",
    ],
    [["src/tasks/mod.ts", "../text.ts", "src/text.ts"], "the imported module is in no layer"],
    [["src/tasks/mod.ts", "../../tests/x.ts", "tests/x.ts"], "the imported module is in no layer"],
    [["src/tasks/mod.ts", "../../../x.ts", undefined], "it leads out of the repository"],
    [["src/handler/mod.ts", "../auth/mod.ts", "src/auth/mod.ts"], "handler is below auth"],
    [["src/handler/mod.ts", "jose"], 'src may not name the package "jose"'],
    [["src/auth/mod.ts", "zod"], 'src/auth may not name the package "zod"'],
    [["src/tasks/mod.ts", "@std/ulid"], 'src may not name the package "@std/ulid"'],
    [["src/store/mod.ts", "npm:ioredis@^6"], 'src may not name the package "ioredis"'],
    [["src/store/mod.ts", "@perdure/mcp-tasks"], 'src may not name the package "@perdure/mcp-tasks"'],
    [["src/testing/suite.ts", "../tasks/mod.ts", "src/tasks/mod.ts"], "testing sees the storage seam alone"],
    [
      ["backends/redis.ts", "../src/store/mod.ts", "src/store/mod.ts"],
      "a backend sees the storage seam alone",
    ],
    [["backends/redis.ts", "./memory.ts", "backends/memory.ts"], "backends do not know each other"],
    [["backends/memory.ts", "ioredis"], 'backends/memory may not name the package "ioredis"'],
    [["backends/redis.ts", "node:net"], 'backends/redis may not name the package "node:net"'],
    [
      ["src/server/default_backend.ts", kv, "backends/deno_kv.ts", false],
      "the imported module is in no layer",
    ],
    [["src/server/mcp_server.ts", kv, "backends/deno_kv.ts", true], "the imported module is in no layer"],
    [["src/server/default_backend.ts", kv, "backends/redis.ts", true], "the imported module is in no layer"],
  ];
  for (const [found, reason] of cases) assertEquals(judge(...found), [reason], String(found));
});
