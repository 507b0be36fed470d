import { assertEquals } from "@std/assert";
import { playAlone } from "./batch.ts";
import { readCorpus } from "./corpus.ts";
import { generate } from "./generate.ts";
import { Pools } from "./pools.ts";

Deno.test("every plan that once broke a promise keeps it now", async () => {
  for (const { what, plan } of await readCorpus()) {
    const { violation } = await playAlone(plan);
    assertEquals(violation, undefined, what);
  }
});

Deno.test("the same seed is the same plan, as text too, and comes to the same", async () => {
  for (const seed of [3, 4]) {
    const plan = generate(seed);
    assertEquals(plan, generate(seed));
    const [first, second] = [await playAlone(plan), await playAlone(JSON.parse(JSON.stringify(plan)))];
    assertEquals(first.violation, undefined);
    assertEquals([...first.counters].sort(), [...second.counters].sort());
  }
});

Deno.test("tokens stand for what their caller knows, newest first, and for what others know", () => {
  const pools = new Pools();
  for (const id of ["t1", "t2", "t3"]) pools.note("ada", "task", id);
  pools.note("bob", "task", "b1");
  pools.note("ada", "ask", '"call/1"');
  assertEquals(pools.resolve("⟦task:0⟧ ⟦task:2⟧ ⟦task:3⟧ ⟦other.task:5⟧", "ada"), "t3 t1 t3 b1");
  assertEquals(
    pools.resolve('{"id":"⟦!ask:0⟧","mark":"⟦mark:0⟧"}', "ada"),
    '{"id":"call/1","mark":"mark-ada"}',
  );
  assertEquals(pools.resolve("⟦session:0⟧", "eve"), "no-such-session-0");
});
