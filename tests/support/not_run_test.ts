import { assertEquals } from "@std/assert";
import { missingProgram, nameOfNotRun, parseNotRun } from "./not_run.ts";

Deno.test("parseNotRun() reads what nameOfNotRun() wrote", () => {
  const missing = { reason: "redis-server is not on the PATH", command: "apt-get install redis-server" };
  const registered = nameOfNotRun("T25-001 get() [of two]", missing);
  assertEquals(parseNotRun(registered), { name: "T25-001 get() [of two]", ...missing });
  assertEquals(parseNotRun("T25-001 get() [of two]"), undefined);
});

Deno.test("missingProgram() looks along the PATH", async () => {
  assertEquals(await missingProgram("sh", "apt-get install dash"), undefined);
  assertEquals(await missingProgram("no-such-program-1", "apt-get install it"), {
    reason: "no-such-program-1 is not on the PATH",
    command: "apt-get install it",
  });
});
