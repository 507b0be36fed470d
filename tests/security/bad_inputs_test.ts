/**
 * Every input that has to be refused: how, with what id, and that nothing is stored for it.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { type BadInput, toRequest } from "./bad_input.ts";
import * as http from "./inputs_http.ts";
import * as older from "./inputs_2025.ts";
import * as newer from "./inputs_2026.ts";
import { createWorld, type World } from "./world.ts";

const TABLES: readonly (readonly [name: string, rows: readonly BadInput[]])[] = [
  ["place", http.PLACES],
  ["header", http.HEADERS],
  ["session", http.SESSIONS],
  ["body", http.BODIES],
  ["envelope", http.ENVELOPES],
  ["answer", http.FOREIGN_ANSWERS],
  ["2025 handshake", older.HANDSHAKES],
  ["2025 call", older.CALLS],
  ["2025 task", older.TASKS],
  ["2025", older.OTHERS],
  ["2026 metadata", newer.METADATA],
  ["2026 method", newer.METHODS],
  ["2026 params", newer.PARAMS],
  ["2026 state", newer.STATES],
];
/** What a runtime hands over beside a request: then a missing host counts. */
const SERVED = { remoteAddr: {} };

let shared: Promise<World> | undefined;

for (const [table, rows] of TABLES) {
  for (const [what, [status, code, reason], sketch] of rows) {
    Deno.test(`refused (${table}): ${what}`, async () => {
      // One world for all rows: each shows that it left it as it was.
      const { ids, server, unchanged, events } = await (shared ??= createWorld());
      const { id, ...request } = typeof sketch === "function" ? sketch(ids) : sketch;
      const before = events.length;
      const { response, body } = await unchanged(async () => {
        const response = await server.fetch(toRequest(request), SERVED);
        return { response, body: await response.text() };
      });
      const { jsonrpc, id: answered, error, ...others } = JSON.parse(body);
      assertEquals([response.status, error.code, error.data?.reason], [status, code, reason], error.message);
      const isUnread = [401, 403, 405, 406, 413, 415].includes(status) &&
        error.data?.reason !== "insufficient_scope";
      assertEquals([jsonrpc, answered, others], ["2.0", isUnread ? undefined : id, {}]);
      assertEquals(response.headers.get("content-type"), "application/json");
      assertEquals(events.slice(before), [], "nothing of it is a fault of ours");
      assert(error.message.length > 10 && error.message.length < 300, error.message);
      for (const secret of [ids.foreign, ids.foreignSession, ids.foreignCursor, "subject"]) {
        assert(!body.includes(secret), body);
      }
    });
  }
}

Deno.test("there are more than two hundred inputs, and no two have the same name", () => {
  const names = TABLES.flatMap(([table, rows]) => rows.map(([what]) => `${table}: ${what}`));
  assertEquals(new Set(names).size, names.length);
  assert(names.length > 200, String(names.length));
});
