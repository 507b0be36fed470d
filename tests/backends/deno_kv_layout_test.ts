import { assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { decodePurgeAt, encodePurgeAt } from "../../backends/deno_kv_layout.ts";

Deno.test("decodePurgeAt() reads what encodePurgeAt() wrote, out of a Node Buffer too", () => {
  const written = encodePurgeAt(1_795_375_994_998);
  assertEquals(decodePurgeAt(written), 1_795_375_994_998);
  const pool = Buffer.alloc(64);
  pool.set(written, 16);
  assertEquals(decodePurgeAt(pool.subarray(16, 24)), 1_795_375_994_998);
  assertEquals(decodePurgeAt(encodePurgeAt(undefined)), undefined);
});
