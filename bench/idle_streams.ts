/**
 * What an idle event stream costs a server process, next to a bare `Deno.serve` stream of the same run.
 *
 * @module
 */
import { report } from "./support.ts";

const STREAMS = Number(Deno.args[0] ?? 10_000);
const CYCLES = Number(Deno.args[1] ?? 3);
const WARM_UP = 500;
const HERE = new URL("./streams/", import.meta.url);

interface Lines {
  readonly child: Deno.ChildProcess;
  readonly next: () => Promise<string>;
  readonly say: (line: string) => Promise<void>;
}

function start(program: string, args: readonly string[]): Lines {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--v8-flags=--expose-gc", new URL(program, HERE).pathname, ...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const writer = child.stdin.getWriter();
  let rest = "";
  return {
    child,
    say: (line) => writer.write(new TextEncoder().encode(`${line}\n`)),
    next: async () => {
      while (!rest.includes("\n")) {
        const { value, done } = await reader.read();
        if (done) throw new Error(`${program} ended early`);
        rest += value;
      }
      const end = rest.indexOf("\n");
      const line = rest.slice(0, end);
      rest = rest.slice(end + 1);
      return line;
    },
  };
}

async function createTask(port: string): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/mcp`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": "tools/call",
      "mcp-name": "forever",
    },
    body: JSON.stringify({
      jsonrpc: "2.0",
      id: 1,
      method: "tools/call",
      params: {
        name: "forever",
        _meta: {
          "io.modelcontextprotocol/protocolVersion": "2026-07-28",
          "io.modelcontextprotocol/clientCapabilities": {
            extensions: { "io.modelcontextprotocol/tasks": {} },
          },
        },
      },
    }),
  });
  return (await response.json()).result.taskId;
}

/** Memory of a process in bytes. */
interface Usage {
  readonly rss: number;
  /** Heap in use after a collection. */
  readonly heap: number;
}

async function usageOf(server: Lines): Promise<Usage> {
  await server.say("measure");
  const [rss, heap] = (await server.next()).split(" ").map(Number) as [number, number];
  return { rss, heap };
}

/** Bytes of a stream, and the memory of the process after each cycle of opening and closing all of them. */
async function measure(
  mode: "bare" | "perdure",
): Promise<{ readonly perStream: number; readonly after: Usage[] }> {
  const server = start("server.ts", [mode]);
  const port = await server.next();
  const taskId = mode === "perdure" ? await createTask(port) : "-";
  const cycle = async (streams: number): Promise<number> => {
    const before = await usageOf(server);
    const client = start("client.ts", [port, `${streams}`, taskId]);
    await client.next();
    const during = await usageOf(server);
    await client.say("close");
    await client.child.status;
    await new Promise((resolve) => setTimeout(resolve, 1000));
    return (during.rss - before.rss) / streams;
  };
  // Code is compiled and pools are filled before anything is counted.
  await cycle(WARM_UP);
  // Later cycles find the memory of the first one still mapped: only the first shows what a stream costs.
  const perStream = await cycle(STREAMS);
  const after = [await usageOf(server)];
  for (let i = 1; i < CYCLES; i++) {
    await cycle(STREAMS);
    after.push(await usageOf(server));
  }
  server.child.kill("SIGKILL");
  await server.child.status;
  return { perStream, after };
}

if (import.meta.main) {
  const bare = await measure("bare");
  const ours = await measure("perdure");
  report(
    `idle subscription stream, ${STREAMS} of them`,
    ours.perStream,
    "bytes",
    "bare Deno.serve stream",
    bare.perStream,
    ours.perStream / bare.perStream,
    1.15,
    "at most",
  );
  for (const [name, { after }] of [["bare", bare], ["perdure", ours]] as const) {
    const mb = (value: (usage: Usage) => number) =>
      after.map((usage) => (value(usage) / 1e6).toFixed(1)).join(" ");
    console.log(
      `${name}: MB after each cycle: ${mb(({ rss }) => rss)}; of them heap: ${mb(({ heap }) => heap)}`,
    );
  }
}
