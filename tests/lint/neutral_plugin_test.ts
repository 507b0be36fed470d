import { assertEquals } from "@std/assert";
import plugin from "./neutral_plugin.ts";

function found(source: string, path = "src/tasks/record.ts"): string[] {
  const file = decodeURIComponent(new URL(`../../${path}`, import.meta.url).pathname);
  return Deno.lint.runPlugin(plugin, file, source).map(({ id }) => id);
}

const AMBIENT = [
  "Date.now();",
  "Date['now']();",
  "globalThis.Date.now();",
  "const clock = Date.now;",
  "new Date();",
  "Date();",
  "const { now } = Date;",
  "setTimeout(run, 1);",
  "globalThis.setTimeout(run, 1);",
  "setInterval(run, 1);",
  "setImmediate(run);",
  "const wait = setTimeout;",
  "const options = { setTimeout };",
  "const { setTimeout: wait } = globalThis;",
  "AbortSignal.timeout(5);",
  "Math.random();",
  "crypto.randomUUID();",
  "crypto.getRandomValues(bytes);",
  "globalThis.crypto.randomUUID();",
  "performance.now();",
];

const PLATFORM = [
  "Deno.openKv();",
  "let kv: Deno.Kv;",
  "globalThis.Deno?.openKv;",
  "(globalThis).Deno;",
  "(globalThis as { Deno?: unknown }).Deno;",
  "(globalThis as unknown as { process: unknown })!.process;",
  "process.env.HOME;",
  "Buffer.from('a');",
  "require('x');",
  "import { connect } from 'node:net';",
  "import type { Socket } from 'node:net';",
  "export * from 'node:net';",
  "export { connect } from 'node:net';",
  "await import('node:net');",
];

const CLEAN = [
  "new Date(5);",
  "Date.parse(text); new Date(runtime.now());",
  "runtime.now(); runtime.random(); runtime.setTimer(5, run);",
  "interface Timers { setTimeout(ms: number): void; Deno?: { openKv: unknown } }",
  "const options = { setTimeout: run, process: 1 };",
  "this.process(); task.setTimeout;",
  "crypto.subtle.digest('SHA-256', bytes);",
  "class Worker { process(): void {} }",
  "import { process } from './process.ts';",
  "clearTimeout(timer);",
];

for (const source of AMBIENT) {
  Deno.test(`neutral/no-ambient finds: ${source}`, () => {
    assertEquals(new Set(found(source)), new Set(["neutral/no-ambient"]));
    assertEquals(new Set(found(source, "backends/redis.ts")), new Set(["neutral/no-ambient"]));
    assertEquals(found(source, "src/runtime.ts"), []);
    assertEquals(found(source, "tests/some_test.ts"), []);
  });
}

for (const source of PLATFORM) {
  Deno.test(`neutral/no-platform finds: ${source}`, () => {
    for (const path of ["mod.ts", "src/runtime.ts", "backends/redis.ts"]) {
      assertEquals(new Set(found(source, path)), new Set(["neutral/no-platform"]));
    }
    assertEquals(found(source, "examples/hello.ts"), []);
  });
}

for (const source of CLEAN) {
  Deno.test(`the neutral rules accept: ${source}`, () => assertEquals(found(source), []));
}

Deno.test("neutral/no-platform lets two files look for what they have to find, and only on globalThis", () => {
  assertEquals(found("globalThis.Deno;", "src/server/default_backend.ts"), []);
  assertEquals(found("Deno.openKv();", "src/server/default_backend.ts"), ["neutral/no-platform"]);
  assertEquals(found("globalThis.process;", "src/server/default_backend.ts"), ["neutral/no-platform"]);
  assertEquals(found("globalThis.Deno; globalThis.process;", "src/handler/process_pipe.ts"), []);
  assertEquals(found("globalThis.Buffer;", "src/handler/process_pipe.ts"), ["neutral/no-platform"]);
  assertEquals(found("process.stdin;", "src/handler/process_pipe.ts"), ["neutral/no-platform"]);
});
