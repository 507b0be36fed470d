/**
 * The fixture as a Worker. With Redis each request has a server of its own, since a socket belongs to the request that
 * opened it; in memory all requests share one.
 *
 * @module
 */
import type { McpServer } from "@perdure/mcp-tasks";
import { memory } from "@perdure/mcp-tasks/memory";
import { redis } from "@perdure/mcp-tasks/redis";
import { answerOperator, createServer } from "../fixture/server.ts";

interface Environment {
  readonly REDIS_URL?: string;
}

const shared = createServer(memory());

function serverOf({ REDIS_URL }: Environment): McpServer {
  return REDIS_URL === undefined ? shared : createServer(redis(REDIS_URL));
}

export default {
  async fetch(request: Request, env: Environment, context: unknown): Promise<Response> {
    const server = serverOf(env);
    return await answerOperator(server, request) ?? await server.fetch(request, env, context);
  },
};
