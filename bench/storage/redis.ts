import { redis } from "@perdure/mcp-tasks/redis";
import { Redis } from "ioredis";
import type { RecordKey, RecordWrite } from "../../src/store/backend.ts";
import { randomName, systemRuntime } from "../../src/runtime.ts";
import { toDriverBytes } from "../../backends/redis_bytes.ts";
import { RedisLayout } from "../../backends/redis_layout.ts";
import { redisMissing, startRedis } from "../../tests/contract/fixtures/redis_server.ts";
import { concurrently, perSecond } from "../support.ts";
import { compare, CONCURRENCY, headWrite, newId, VALUE_BYTES } from "./sample.ts";

const COUNT = 10_000;
/** The commands that one create runs inside Redis, without any decision. */
const SAME_COMMANDS = `
redis.call('HGET', KEYS[1], 'n')
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
redis.call('ZREMRANGEBYSCORE', KEYS[4], '-inf', string.format('%.3f', now))
redis.call('ZCARD', KEYS[4])
redis.call('HSET', KEYS[1], 'v', ARGV[3], 'n', ARGV[2], 'd', ARGV[4])
redis.call('PEXPIREAT', KEYS[1], ARGV[5])
redis.call('ZADD', KEYS[2], 0, ARGV[9])
redis.call('ZCARD', KEYS[2])
redis.call('PEXPIREAT', KEYS[2], ARGV[5], 'GT')
redis.call('ZADD', KEYS[3], ARGV[4], ARGV[10])
redis.call('ZADD', KEYS[4], ARGV[5], ARGV[10])
redis.call('ZCARD', KEYS[4])
redis.call('PEXPIREAT', KEYS[4], ARGV[5], 'GT')
redis.call('PUBLISH', ARGV[11], '')
return 1
`;

/** Redis next to one bare `EVALSHA` of the same commands on the same bytes, and to one bare `HGETALL`. */
export async function benchRedis(): Promise<void> {
  if (redisMissing !== undefined) return console.log(`Redis: not measured: ${redisMissing}`);
  const url = Deno.env.get("REDIS_URL") ?? `redis://127.0.0.1:${(await startRedis()).port}`;
  const prefix = `bench-${crypto.randomUUID()}:`;
  const value = crypto.getRandomValues(new Uint8Array(VALUE_BYTES));
  const layout = new RedisLayout(`${prefix}bare:`, 64);
  const backend = redis(url, { prefix: `${prefix}ours:` });
  const bare = new Redis(url);
  const digest = await bare.script("LOAD", SAME_COMMANDS) as string;
  const run = (work: (i: number) => Promise<unknown>) => {
    let n = 0;
    return perSecond(COUNT, () => concurrently(CONCURRENCY, COUNT, () => work(n++)));
  };
  const write = (owner: string): RecordWrite => headWrite({ owner, kind: "task", id: newId() }, value);
  const bareCreate = ({ key, dueAt, purgeAt }: RecordWrite) => {
    const name = `${key.kind}|${key.owner}|${key.id}`;
    return bare.callBuffer("EVALSHA", [
      digest,
      4,
      layout.record(key),
      layout.list(key.owner, key.kind),
      layout.due(layout.slotOf(key.owner)),
      layout.active(key.owner),
      "",
      randomName(systemRuntime, 12),
      toDriverBytes(value) as never,
      dueAt!,
      purgeAt!,
      "1",
      COUNT * 2,
      "",
      key.id,
      name,
      layout.channel(key),
    ]);
  };
  await compare(
    "Redis, create",
    "bare EVALSHA of the same commands",
    0.7,
    (round) => run(() => backend.put(write(`owner${round}`), { absent: true, activeLimit: COUNT * 2 })),
    (round) => run(() => bareCreate(write(`owner${round}`))),
  );
  const keys: RecordKey[] = [];
  for (let i = 0; i < 1000; i++) {
    const put = write("read");
    keys.push(put.key);
    await backend.put(put, { absent: true });
    await bareCreate(put);
  }
  await compare(
    "Redis, get",
    "bare HGETALL",
    0.8,
    () => run((i) => backend.get([keys[i % 1000]!])),
    () => run((i) => bare.hgetallBuffer(layout.record(keys[i % 1000]!))),
  );
  await backend.close();
  bare.disconnect();
}
