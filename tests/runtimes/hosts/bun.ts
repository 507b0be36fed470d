/**
 * The fixture on Bun, with the idle time that Bun has by itself. Arguments: store and place of the store.
 *
 * @module
 */
import process from "node:process";
import { answerOperator, createServer } from "../fixture/server.ts";
import { openStore } from "../fixture/store.ts";

declare const Bun: {
  serve(options: {
    readonly port: number;
    readonly hostname: string;
    readonly fetch: (request: Request, ...platform: unknown[]) => Promise<Response>;
  }): { readonly port: number };
};

const server = createServer(await openStore(...process.argv.slice(2)));
const { port } = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: async (request, ...platform) =>
    await answerOperator(server, request) ?? await server.fetch(request, ...platform),
});
console.log(`Listening on http://127.0.0.1:${port}`);
