import { assert, assertEquals } from "@std/assert";
import { createTable } from "../../backends/dynamodb.ts";
import { connectDynamo, dynamoEndpoint } from "../contract/fixtures/dynamodb.ts";
import { redisMissing, redisUrl } from "../contract/fixtures/redis.ts";

const TABLE = "perdure-entry-points";
const FOLDER = new URL("./entry_points/", import.meta.url);
const REDIS_DRIVER = "npm:/ioredis";
const DYNAMO_DRIVER = "npm:/@aws-sdk/client-dynamodb";

/** One choice of backends: what it may load, and what it prints once it has run a task on each. */
interface Combination {
  readonly program: string;
  readonly drivers: readonly string[];
  readonly prints: readonly string[];
  readonly args: () => Promise<string[]>;
  readonly missing?: string;
}

const COMBINATIONS: readonly Combination[] = [
  { program: "none", drivers: [], prints: ["memory: 42"], args: () => Promise.resolve([]) },
  { program: "deno_kv", drivers: [], prints: ["deno-kv: 42"], args: () => Promise.resolve([]) },
  {
    program: "redis",
    drivers: [REDIS_DRIVER],
    prints: ["redis: 42"],
    args: async () => [await redisUrl()],
    missing: redisMissing,
  },
  { program: "dynamodb", drivers: [DYNAMO_DRIVER], prints: ["dynamodb: 42"], args: () => table() },
  {
    program: "both",
    drivers: [DYNAMO_DRIVER, REDIS_DRIVER],
    prints: ["redis: 42", "dynamodb: 42"],
    args: async () => [await redisUrl(), ...await table()],
    missing: redisMissing,
  },
];

for (const { program, drivers, prints, args, missing } of COMBINATIONS) {
  const name =
    `The entry points of "${program}" type-check, load only their own driver, and run a task alone`;
  Deno.test({
    name: missing === undefined ? name : `${name} [not run: ${missing}]`,
    ignore: missing !== undefined,
    sanitizeOps: false,
    sanitizeResources: false,
    async fn() {
      const path = new URL(`${program}.ts`, FOLDER).pathname;
      const modules = await moduleGraph(path);
      const loaded = modules.filter((module) =>
        module.startsWith(REDIS_DRIVER) || module.startsWith(DYNAMO_DRIVER)
      );
      console.log(
        `module graph of "${program}": ${modules.length} modules, drivers: ${loaded.join(", ") || "none"}`,
      );
      assertEquals(loaded.map((module) => module.replace(/@[\d.]+$/, "")).sort(), [...drivers]);
      assertEquals(await deno("run", "-A", "--check", path, ...await args()), prints.join("\n"));
    },
  });
}

Deno.test("mod.ts loads no driver of a backend", async () => {
  const modules = await moduleGraph(new URL("../../mod.ts", import.meta.url).pathname);
  assert(modules.length > 10);
  assertEquals(modules.filter((module) => /\/backends\/(?:redis|dynamodb)|ioredis|aws-sdk/.test(module)), []);
});

async function moduleGraph(path: string): Promise<string[]> {
  const { modules } = JSON.parse(await deno("info", "--json", path)) as { modules: { specifier: string }[] };
  return modules.map(({ specifier }) => specifier);
}

async function deno(...args: string[]): Promise<string> {
  const command = new Deno.Command(Deno.execPath(), {
    args,
    cwd: new URL("../../", import.meta.url).pathname,
    stderr: "piped",
  });
  const { code, stdout, stderr } = await command.output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout).trim();
}

async function table(): Promise<string[]> {
  const client = await connectDynamo();
  await createTable(client, TABLE);
  client.destroy();
  return [TABLE, await dynamoEndpoint()];
}
