/**
 * The fixture on Deno. Arguments: store and place of the store.
 *
 * @module
 */
import { answerOperator, createServer } from "../fixture/server.ts";
import { openStore } from "../fixture/store.ts";

const server = createServer(await openStore(...Deno.args));

Deno.serve({
  port: 0,
  hostname: "127.0.0.1",
  onListen: ({ port }) => console.log(`Listening on http://127.0.0.1:${port}`),
}, async (request, info) => await answerOperator(server, request) ?? await server.fetch(request, info));
