import { assert, assertEquals } from "@std/assert";
import { type ServerProcess, startServer } from "../../examples/support/server_process.ts";
import { as } from "./fixture.ts";
import { LegacyClient } from "./legacy_client.ts";
import { ModernClient } from "./modern_client.ts";

const LIMIT_MS = 30_000;

/** One address, behind which a server process is killed and another one started on the same file. */
class RestartingService implements AsyncDisposable {
  readonly #folder: string;
  readonly #listener: Deno.HttpServer<Deno.NetAddr>;
  readonly #giveUp = AbortSignal.timeout(LIMIT_MS);
  #process: Promise<ServerProcess>;

  private constructor(folder: string) {
    this.#folder = folder;
    this.#process = this.#start();
    this.#listener = Deno.serve(
      {
        hostname: "127.0.0.1",
        port: 0,
        onListen: () => {},
        onError: () => new Response(null, { status: 502 }),
      },
      (request) => this.#forward(request),
    );
  }

  static async start(): Promise<RestartingService> {
    const service = new RestartingService(await Deno.makeTempDir({ prefix: "restart-" }));
    await service.#process;
    return service;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#listener.addr.port}/mcp`;
  }

  /** Kills the process, and starts another one; requests in between wait for it. */
  async restart(): Promise<void> {
    const killed = await this.#process;
    this.#process = killed.kill().then(() => this.#start());
    assert((await this.#process).pid !== killed.pid);
  }

  /** What the tool's steps have done, in all processes. */
  async ledger(): Promise<string[]> {
    return (await Deno.readTextFile(`${this.#folder}/ledger`)).trim().split("\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#process).stop();
    await this.#listener.shutdown();
    await Deno.remove(this.#folder, { recursive: true });
  }

  #start(): Promise<ServerProcess> {
    const program = new URL("restart_server.ts", import.meta.url).pathname;
    const files = [`${this.#folder}/tasks.kv`, `${this.#folder}/ledger`];
    return startServer(["run", "-A", "--no-check", program, ...files], { signal: this.#giveUp });
  }

  async #forward(request: Request): Promise<Response> {
    const { url } = await this.#process;
    const { method, headers, body } = request;
    return await fetch(`${url}/mcp`, { method, headers: withoutHost(headers), body, signal: this.#giveUp });
  }
}

function withoutHost(headers: Headers): Headers {
  const kept = new Headers(headers);
  kept.delete("host");
  return kept;
}

/** An accepted form, as both clients type it. */
interface Accepted {
  readonly [name: string]: unknown;
  readonly action: "accept";
  readonly content: Record<string, string | boolean>;
}

/** A person who reads a question, sees the server die, and answers the one that came after it. */
function slowReader(service: RestartingService): {
  readonly asked: string[];
  readonly onElicit: (params: { readonly message?: unknown }) => Promise<Accepted>;
} {
  const asked: string[] = [];
  return {
    asked,
    onElicit: async ({ message }: { readonly message?: unknown }): Promise<Accepted> => {
      asked.push(String(message));
      if (message !== "Your name?") return { action: "accept", content: { ok: true } };
      await service.restart();
      return { action: "accept", content: { name: "Ada" } };
    },
  };
}

const PUBLISHED = [{ type: "text", text: "Ada: published" }];
const DONE_ONCE = ["reserved", "registered Ada"];
const BOTH = ["Your name?", "Publish?"];

Deno.test("2025 client answers the questions of a task, though the server is killed in between", async () => {
  await using service = await RestartingService.start();
  const { asked, onElicit } = slowReader(service);
  const client = await LegacyClient.connect(service.url, { ...as("ada"), onElicit });
  const result = await client.runTask("apply", {});
  assertEquals([result.content, asked, await service.ledger()], [PUBLISHED, BOTH, DONE_ONCE]);
  await client.endSession();
});

for (
  const [name, era] of [["2026 client", "2026-07-28"], ["ext-tasks under 2025-11-25", "2025-11-25"]] as const
) {
  Deno.test(`${name} answers the questions of a task, though the server is killed in between`, async () => {
    await using service = await RestartingService.start();
    const { asked, onElicit } = slowReader(service);
    const client = await ModernClient.connect(service.url, { ...as("ada"), era, onElicit });
    const outcome = await client.run("apply", {});
    assert(outcome.status === "completed", outcome.status);
    assertEquals([outcome.result.content, asked, await service.ledger()], [PUBLISHED, BOTH, DONE_ONCE]);
    await client.close();
  });
}
