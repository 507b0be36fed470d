import { testStorageBackend } from "../../src/testing/mod.ts";
import { openRedis, openRedisCluster } from "./fixtures/redis.ts";
import { redisMissing } from "./fixtures/redis_server.ts";

const suite = {
  traits: { name: "redis", maxValueBytes: 1024 * 1024, indexLagMs: 0, exactLimit: true, watchLatencyMs: 5 },
  provides: ["another", "calls", "failNext", "hang", "purge", "corrupt", "hints"] as const,
  // Servers and their connections outlive the test that started them.
  test: (definition: Deno.TestDefinition) =>
    Deno.test({ ...definition, sanitizeOps: false, sanitizeResources: false }),
};

testStorageBackend({ ...suite, name: "redis", open: openRedis, notRun: redisMissing });
testStorageBackend({
  ...suite,
  name: "redis cluster",
  open: openRedisCluster,
  notRun: Deno.env.get("REDIS_URL") === undefined
    ? redisMissing
    : "REDIS_URL names a server that is no cluster of ours",
});
