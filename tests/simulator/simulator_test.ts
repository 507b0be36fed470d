import { assert, assertEquals, assertMatch } from "@std/assert";
import { generate } from "./generate.ts";
import { plant, PLANTED_BUGS, simulateIn } from "./planted.ts";

/**
 * Runs the simulator in a process of its own: it takes over the microtasks and the digests of its process, which other
 * tests rely on.
 */
async function run(...args: readonly string[]): Promise<{ code: number; output: string }> {
  const root = new URL("../../", import.meta.url).pathname;
  return await simulateIn(root.slice(0, -1), args);
}

const SEARCH = ["--schedules", "1500", "--seconds", "60", "--threads", "1", "--no-shrink"];

function hashIn(output: string): string {
  const match = /^trace ([0-9a-f]{8})/m.exec(output);
  assert(match !== null, output.slice(-500));
  return match[1]!;
}

Deno.test("generate() makes the same plan from the same seed", () => {
  assertEquals(generate(42), generate(42));
});

Deno.test("the simulator replays a seed exactly, whatever ran before", async () => {
  const alone = await run("--seed", "4");
  const again = await run("--seed", "4");
  assertEquals(alone.code, 0, alone.output);
  assertEquals(again.output, alone.output);
  assertMatch((await run("--seed", "5")).output, /^trace /m);
});

for (const bug of PLANTED_BUGS) {
  Deno.test(`the simulator finds a build with ${bug.name}`, async () => {
    const folder = await plant(bug);
    try {
      // The recorded seed comes first; seeds behind it help where the sources have changed since it was recorded.
      const { code, output } = await simulateIn(folder, ["--from", String(bug.seed), ...SEARCH]);
      assertEquals(code, 1, output.slice(-1000));
      assertMatch(output, /^seed \d+: /m);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

Deno.test("the seeds that find planted bugs find nothing in the sources as they are", async () => {
  for (const seed of new Set(PLANTED_BUGS.map(({ seed }) => seed))) {
    const { code, output } = await run("--seed", String(seed));
    assertEquals(code, 0, output.slice(-1000));
    hashIn(output);
  }
});
