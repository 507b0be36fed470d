/**
 * From the start of a process to its first `tools/list`, next to the official SDK and to a bare server, in one run.
 *
 * Run: `deno run -A bench/cold_start.ts [rounds]`. Modules are cached and nothing is type-checked, as in a deploy. Each
 * server is started from its modules, as the registry delivers them, and as one bundled file.
 *
 * @module
 */
import { send, toolList } from "./throughput/calls.ts";
import { median } from "./support.ts";

const ROUNDS = Number(Deno.args[0] ?? 9);
const GOAL_MS = 110;
const SERVERS = new URL("./cold_start/", import.meta.url).pathname;

/** Milliseconds until the first answer of a program. */
async function start(program: string, port: number): Promise<number> {
  const startedAt = performance.now();
  const child = new Deno.Command(Deno.execPath(), {
    args: ["serve", "-A", "--no-check", "--host", "127.0.0.1", "--port", `${port}`, program],
    env: { DENO_NO_UPDATE_CHECK: "1" },
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  try {
    while (true) {
      try {
        const text = await (await send(`http://127.0.0.1:${port}/mcp`, toolList())).text();
        if (!text.includes('"name":"add"')) {
          throw new TypeError(`Cannot count this answer of ${program}: ${text}`);
        }
        return performance.now() - startedAt;
      } catch (error) {
        if (error instanceof TypeError && error.message.startsWith("Cannot count")) throw error;
        // Nobody listens yet.
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    }
  } finally {
    child.kill("SIGKILL");
    await child.status;
  }
}

function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}

async function bundled(name: string, folder: string): Promise<string> {
  const output = `${folder}/${name}.js`;
  const args = ["bundle", "--quiet", "--minify", "--output", output, `${SERVERS}${name}.ts`];
  const { success, stderr } = await new Deno.Command(Deno.execPath(), { args }).output();
  if (!success) throw new Error(`Cannot bundle ${name}: ${new TextDecoder().decode(stderr)}`);
  return output;
}

if (import.meta.main) {
  const folder = await Deno.makeTempDir({ prefix: "cold-start-" });
  try {
    const programs = {
      "from modules": `${SERVERS}perdure.ts`,
      "official SDK v2 from modules": `${SERVERS}official.ts`,
      "bundled": await bundled("perdure", folder),
      "official SDK v2 bundled": await bundled("official", folder),
      "bare": `${SERVERS}bare.ts`,
    };
    const times = new Map<string, number[]>(Object.keys(programs).map((name) => [name, []]));
    for (let round = -1; round < ROUNDS; round++) {
      for (const [name, program] of Object.entries(programs)) {
        const time = await start(program, freePort());
        // The first round fills caches.
        if (round >= 0) times.get(name)!.push(time);
      }
    }
    for (const [name, found] of times) {
      const time = Math.round(median(found));
      const isOurs = name === "from modules" || name === "bundled";
      const verdict = isOurs ? ` (goal at most ${GOAL_MS}: ${time <= GOAL_MS ? "reached" : "MISSED"})` : "";
      console.log(`start to the first tools/list, ${name}: ${time} ms${verdict}, median of ${ROUNDS}`);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
