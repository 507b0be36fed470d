/**
 * Plain `tools/call` of both revisions, by rate and by processor time of the server, next to a bare `Deno.serve` that
 * answers the same bytes and to the official SDK, in one run on one machine.
 *
 * Run: `deno run -A bench/throughput.ts [milliseconds of a round] [rounds]`.
 *
 * @module
 */
import { type Call, type Era, EXPECTED, openSession, send, toolCall } from "./throughput/calls.ts";
import { median } from "./support.ts";

const ROUND_MS = Number(Deno.args[0] ?? 2000);
const ROUNDS = Number(Deno.args[1] ?? 5);
const CONNECTIONS = 16;
const HERE = new URL("./throughput/", import.meta.url).pathname;
const GOALS: Readonly<Record<Era, number>> = { "2026-07-28": 0.55, "2025-11-25": 0.6 };

interface Server {
  readonly port: string;
  readonly say: (line: string) => Promise<void>;
  /** Processor time so far, in microseconds. */
  readonly cpu: () => Promise<number>;
  readonly end: () => Promise<void>;
}

/** What all threads of a process have used, in microseconds; Linux counts it in hundredths of a second. */
async function processorTime(pid: number): Promise<number> {
  const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
  const [user = "", system = ""] = stat.slice(stat.lastIndexOf(")") + 2).split(" ").slice(11, 13);
  return (Number(user) + Number(system)) * 10_000;
}

async function start(kind: string): Promise<Server> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", `${HERE}server.ts`, kind],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const writer = child.stdin.getWriter();
  const port = (await reader.read()).value?.trim() ?? "";
  return {
    port,
    say: (line) => writer.write(new TextEncoder().encode(`${line}\n`)),
    cpu: () => processorTime(child.pid),
    end: async () => {
      child.kill("SIGKILL");
      await child.status;
    },
  };
}

/** Calls per second, and microseconds of processor time of each. */
interface Sample {
  readonly rate: number;
  readonly cost: number;
}

async function measure(server: Server, call: Call, milliseconds: number): Promise<Sample> {
  const load = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", `${HERE}load.ts`, server.port, `${milliseconds}`, `${CONNECTIONS}`],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const before = await server.cpu();
  const writer = load.stdin.getWriter();
  await writer.write(new TextEncoder().encode(JSON.stringify(call)));
  await writer.close();
  const count = Number(new TextDecoder().decode((await load.output()).stdout));
  return { rate: count * 1000 / milliseconds, cost: (await server.cpu() - before) / count };
}

async function compare(era: Era, servers: Readonly<Record<string, Server>>): Promise<void> {
  const calls: Record<string, Call> = {};
  for (const [name, { port }] of Object.entries(servers)) {
    const url = `http://127.0.0.1:${port}/mcp`;
    const isSessionful = era === "2025-11-25" && name === "perdure";
    calls[name] = toolCall(era, isSessionful ? await openSession(url) : undefined);
    const answer = await (await send(url, calls[name])).text();
    if (name === "perdure") await servers.bare!.say(answer);
    else if (name !== "bare" && !answer.includes(EXPECTED)) {
      throw new Error(`Cannot measure ${name}: ${answer}`);
    }
  }
  const samples: Record<string, Sample[]> = {};
  for (let round = -1; round < ROUNDS; round++) {
    for (const [name, server] of Object.entries(servers)) {
      const sample = await measure(server, calls[name]!, ROUND_MS);
      // The first round warms up.
      if (round >= 0) (samples[name] ??= []).push(sample);
    }
  }
  const ratio = (of: (ours: Sample, theirs: Sample) => number, theirs: string) =>
    median(samples.perdure!.map((ours, round) => of(ours, samples[theirs]![round]!))).toFixed(2);
  for (const [name, found] of Object.entries(samples)) {
    const rate = Math.round(median(found.map(({ rate }) => rate)));
    const cost = median(found.map(({ cost }) => cost)).toFixed(1);
    console.log(`${era} tools/call, ${name}: ${rate}/s, ${cost} µs of processor time a call`);
  }
  const byCost = ratio((ours, bare) => bare.cost / ours.cost, "bare");
  const byRate = ratio((ours, bare) => ours.rate / bare.rate, "bare");
  const verdict = Number(byCost) >= GOALS[era] ? "reached" : "MISSED";
  console.log(
    `${era}: ${byCost} of bare by processor time (goal at least ${
      GOALS[era]
    }: ${verdict}), ${byRate} by rate; ` +
      `${ratio((ours, sdk) => sdk.cost / ours.cost, "official SDK v2")} times SDK v2 by processor time, ` +
      `${ratio((ours, sdk) => ours.rate / sdk.rate, "official SDK v2")} by rate`,
  );
}

if (import.meta.main) {
  const servers = {
    perdure: await start("perdure"),
    bare: await start("bare"),
    "official SDK v2": await start("official"),
  };
  try {
    for (const era of ["2026-07-28", "2025-11-25"] as const) await compare(era, servers);
  } finally {
    for (const server of Object.values(servers)) await server.end();
  }
}
