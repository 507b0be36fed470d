/**
 * The runtimes and stores that the cases are run on.
 *
 * @module
 */
import { freePort, redisMissing, type RedisServer, startRedis } from "../contract/fixtures/redis_server.ts";
import type { Missing } from "../support/not_run.ts";
import { bundleHost } from "./bundles.ts";
import { type Host, startHost } from "./host_process.ts";
import { findNginx, startNginx } from "./nginx.ts";
import { getTool, isMissing, nodeVersion } from "./toolbox.ts";
import { startWorkerd } from "./workerd.ts";

/** A runtime with a store. */
export interface Lane {
  readonly name: string;
  /** Cases that cannot hold there, and why not. */
  readonly except?: Readonly<Record<string, string>>;
  /** Starts the fixture there, or tells what is missing. */
  start(folder: string): Promise<Host | Missing>;
}

const OLDEST_NODE = 20;

export const LANES: readonly Lane[] = [
  { name: "Deno, memory", start: (folder) => startDeno(folder) },
  { name: "Node, memory", start: (folder) => startNode(folder, ["memory"]) },
  { name: "Node, Redis", start: (folder) => withRedis((url) => startNode(folder, ["redis", url])) },
  { name: "Node, Deno KV", start: startNodeWithKv },
  { name: "Node 24, memory", start: startNewNode },
  { name: "Bun, memory", start: (folder) => startBun(folder, ["memory"]) },
  { name: "Bun, Redis", start: (folder) => withRedis((url) => startBun(folder, ["redis", url])) },
  { name: "workerd, memory", start: (folder) => startWorker(folder, {}) },
  {
    name: "workerd, Redis",
    except: {
      "the stream of a session stays open, and is told of tasks":
        "notices go to the streams of the process, and here each request has a server of its own",
    },
    start: (folder) => withRedis((url) => startWorker(folder, { REDIS_URL: url })),
  },
  { name: "nginx before Node, memory", start: startBehindNginx },
];

async function startDeno(folder: string): Promise<Host> {
  const bundle = await bundleHost("deno", folder);
  return await startHost({ program: Deno.execPath(), args: ["run", "-A", "--no-config", bundle] });
}

async function startNode(folder: string, args: readonly string[]): Promise<Host | Missing> {
  const version = await nodeVersion();
  if (version === undefined || Number(version.split(".")[0]) < OLDEST_NODE) {
    const reason = version === undefined ? "no node on the PATH" : `the node on the PATH is ${version}`;
    return { reason, command: `npm install --global node@${OLDEST_NODE}` };
  }
  return await startHost({ program: "node", args: [await bundleHost("node", folder), ...args] });
}

async function startNodeWithKv(folder: string): Promise<Host | Missing> {
  const kv = await getTool("@deno/kv");
  if (isMissing(kv)) return kv;
  const module = `file://${kv.folder}/node_modules/@deno/kv/script/npm.js`;
  return await startNode(folder, ["kv", `${folder}/tasks.sqlite`, module]);
}

async function startNewNode(folder: string): Promise<Host | Missing> {
  const node = await getTool("node");
  if (isMissing(node)) return node;
  return await startHost({
    program: `${node.folder}/node_modules/node/bin/node`,
    args: [await bundleHost("node", folder), "memory"],
  });
}

async function startBun(folder: string, args: readonly string[]): Promise<Host | Missing> {
  const bun = await getTool("bun");
  if (isMissing(bun)) return bun;
  const program = `${bun.folder}/node_modules/.bin/bun`;
  return await startHost({ program, args: [await bundleHost("bun", folder), ...args] });
}

async function startWorker(
  folder: string,
  bindings: Readonly<Record<string, string>>,
): Promise<Host | Missing> {
  const workerd = await getTool("workerd");
  if (isMissing(workerd)) return workerd;
  return await startWorkerd({
    program: `${workerd.folder}/node_modules/.bin/workerd`,
    bundle: await bundleHost("worker", folder),
    port: freePort(),
    bindings,
  });
}

async function startBehindNginx(folder: string): Promise<Host | Missing> {
  const program = await findNginx();
  if (typeof program !== "string") return program;
  const behind = await startNode(folder, ["memory"]);
  return "reason" in behind ? behind : await startNginx({ program, folder, behind, port: freePort() });
}

let redisServer: Promise<RedisServer> | undefined;
let databases = 0;

/** Every lane has a database of its own on the one server. */
async function withRedis(start: (url: string) => Promise<Host | Missing>): Promise<Host | Missing> {
  if (redisMissing !== undefined) {
    return { reason: "no redis-server on the PATH", command: "apt install redis-server" };
  }
  redisServer ??= startRedis();
  const { port } = await redisServer;
  return await start(`redis://127.0.0.1:${port}/${databases++}`);
}
