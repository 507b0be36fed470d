/**
 * The stores under the harness: how a node reaches one, and what lies in it in the end.
 *
 * @module
 */
import { Redis } from "ioredis";
import type { StorageBackend } from "../../src/store/backend.ts";
import type { TaskHead } from "../../src/tasks/mod.ts";
import type { RoundStore, StoreAddress } from "./settings.ts";

/** What lies in a store. */
export interface StoreDump {
  readonly heads: readonly TaskHead[];
  /** Entries that count against a limit. */
  readonly active: number;
  /** Every key apart from the heads' own, in words; records that live for ever are left out. */
  readonly others: readonly string[];
}

/** Opens a store. */
export async function openStore(address: StoreAddress): Promise<StorageBackend> {
  if (address.kind === "kv") return (await import("../../backends/deno_kv.ts")).denoKv(address.path);
  if (address.kind === "dynamodb") {
    const { dynamodb } = await import("../../backends/dynamodb.ts");
    const credentials = { accessKeyId: "test", secretAccessKey: "test" };
    return dynamodb(address.table, {
      connection: { endpoint: address.endpoint, region: "eu-central-1", credentials },
    });
  }
  const { redis } = await import("../../backends/redis.ts");
  const { url, prefix, timeoutMs } = address;
  return redis(url, { prefix, slots: 4, warn: () => {}, ...(timeoutMs !== undefined && { timeoutMs }) });
}

/** Reads all that lies in a store, past the adapter. */
export function dumpStore(address: RoundStore): Promise<StoreDump> {
  return address.kind === "kv" ? dumpKv(address.path) : dumpRedis(address.url, address.prefix);
}

async function dumpKv(path: string): Promise<StoreDump> {
  const heads: TaskHead[] = [];
  const others: string[] = [];
  let active = 0;
  const kv = await Deno.openKv(path);
  try {
    for await (const { key, value } of kv.list({ prefix: [] })) {
      const [, type, , kind] = key;
      if (type === "r" && kind === "meta") continue;
      if (type === "a") active++;
      if (type === "r" && kind === "task") heads.push(decode(value as Uint8Array));
      else others.push(key.join(" "));
    }
  } finally {
    kv.close();
  }
  return { heads, active, others };
}

async function dumpRedis(url: string, prefix: string): Promise<StoreDump> {
  const heads: TaskHead[] = [];
  const others: string[] = [];
  let active = 0;
  const client = new Redis(url);
  try {
    let cursor = "0";
    do {
      const [next, keys] = await client.scan(cursor, "MATCH", `*${prefix}*`, "COUNT", 1000);
      cursor = next;
      for (const key of keys) {
        const [type, kind] = key.slice(key.indexOf("}") + 1).split("|");
        if (key === `${prefix}slots` || kind === "meta") continue;
        if (type === "a") active += await client.zcard(key);
        if (type === "r" && kind === "task") heads.push(decode((await client.hgetBuffer(key, "v"))!));
        else others.push(key);
      }
    } while (cursor !== "0");
  } finally {
    client.disconnect();
  }
  return { heads, active, others };
}

/** The head in a stored value: JSON, behind whatever the adapter puts in front of it. */
function decode(value: Uint8Array): TaskHead {
  const text = new TextDecoder().decode(value);
  return JSON.parse(text.slice(text.indexOf('{"schema"'))) as TaskHead;
}
