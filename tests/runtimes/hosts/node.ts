/**
 * The fixture on Node. Arguments: store, place of the store, and where to find the packages that are not bundled.
 *
 * @module
 */
import process from "node:process";
import { createServer as createHttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { toNodeHandler } from "@perdure/mcp-tasks/node";
import { answerOperator, createServer } from "../fixture/server.ts";
import { openStore } from "../fixture/store.ts";

const server = createServer(await openStore(...process.argv.slice(2)));
const handler = toNodeHandler({
  fetch: async (request, ...platform) =>
    await answerOperator(server, request) ?? await server.fetch(request, ...platform),
});
const http = createHttpServer(handler);
http.listen(0, "127.0.0.1", () => {
  console.log(`Listening on http://127.0.0.1:${(http.address() as AddressInfo).port}`);
});
