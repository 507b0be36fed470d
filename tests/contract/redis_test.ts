import { testStorageBackend } from "../../src/testing/mod.ts";
import { printSuite } from "./fixtures/print.ts";
import { openRedis, openRedisCluster } from "./fixtures/redis.ts";
import { redisMissing } from "./fixtures/redis_server.ts";

const clusterMissing = Deno.env.get("REDIS_URL") === undefined
  ? redisMissing
  : "REDIS_URL names a single server; get it with: apt install redis-server, without REDIS_URL";

const SERVERS = [
  ["redis", openRedis, redisMissing],
  ["redis cluster", openRedisCluster, clusterMissing],
] as const;

for (const [name, open, notRun] of SERVERS) {
  const summary = testStorageBackend({
    name,
    open,
    notRun,
    traits: { name: "redis", maxValueBytes: 1024 * 1024, indexLagMs: 0, exactLimit: true, watchLatencyMs: 5 },
    provides: ["another", "calls", "failNext", "hang", "purge", "corrupt", "hints"],
    // Servers and their connections outlive the test that started them.
    test: (definition) => Deno.test({ ...definition, sanitizeOps: false, sanitizeResources: false }),
  });
  printSuite(name, summary);
}
