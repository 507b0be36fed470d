import { assertEquals } from "@std/assert";
import { isAtLeast, isLoggingLevel } from "../../src/protocol/mod.ts";
import { HOSTILE } from "./hostile.ts";

Deno.test("isAtLeast() orders levels by severity", () => {
  assertEquals(isAtLeast("error", "warning"), true);
  assertEquals(isAtLeast("info", "info"), true);
  assertEquals(isAtLeast("debug", "emergency"), false);
});

Deno.test("isLoggingLevel() takes the eight levels only", () => {
  const levels = ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"];
  assertEquals(levels.filter(isLoggingLevel), levels);
  assertEquals(HOSTILE.filter(isLoggingLevel), []);
  assertEquals(isLoggingLevel("toString"), false);
});
