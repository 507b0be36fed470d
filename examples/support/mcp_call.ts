/**
 * A client in a few lines, for examples whose subject is the server: requests of protocol 2026-07-28 straight to a
 * fetch handler.
 *
 * @module
 */
import { pause } from "./pause.ts";

/** A server in this process, or one behind a URL. */
export type Endpoint = { readonly fetch: (request: Request) => Promise<Response> } | string;

/** A task as clients see it. */
export interface TaskState {
  readonly taskId: string;
  readonly status: "working" | "input_required" | "completed" | "failed" | "cancelled";
  readonly statusMessage?: string;
  readonly inputRequests?: Readonly<Record<string, { readonly params: { readonly message?: string } }>>;
  readonly result?: {
    readonly content: readonly { readonly text?: string }[];
    readonly isError?: boolean;
  };
  readonly error?: { readonly code: number; readonly message: string };
}

const VERSION = "2026-07-28";
const LOOK_MS = 50;
const MAX_LOOKS = 400;
const NEVER = new AbortController().signal;
const CAPABILITIES = {
  elicitation: { form: {} },
  extensions: { "io.modelcontextprotocol/tasks": {} },
};

/** Calls a tool that becomes a task. */
export function callTool(server: Endpoint, name: string, args: object): Promise<TaskState> {
  return request(server, "tools/call", { name, arguments: args }, name);
}

/** Asks for the state of a task. */
export function getTask(server: Endpoint, taskId: string): Promise<TaskState> {
  return request(server, "tasks/get", { taskId }, taskId);
}

/** Cancels a task. */
export async function cancelTask(server: Endpoint, taskId: string): Promise<void> {
  await request(server, "tasks/cancel", { taskId }, taskId);
}

/** Answers a question of a task. */
export async function answer(server: Endpoint, taskId: string, key: string, content: object): Promise<void> {
  const inputResponses = { [key]: { action: "accept", content } };
  await request(server, "tasks/update", { taskId, inputResponses }, taskId);
}

/**
 * Polls a task until it is as wished.
 *
 * @throws {Error} If that takes more than twenty seconds.
 */
export async function untilTask(
  server: Endpoint,
  taskId: string,
  isDone: (task: TaskState) => boolean | Promise<boolean>,
): Promise<TaskState> {
  for (let looks = 0; looks < MAX_LOOKS; looks++) {
    const task = await getTask(server, taskId);
    if (await isDone(task)) return task;
    await pause(LOOK_MS, NEVER);
  }
  throw new Error(
    `Cannot wait for task ${taskId} any longer: ${JSON.stringify(await getTask(server, taskId))}`,
  );
}

/** Whether a task has ended. */
export function hasEnded({ status }: TaskState): boolean {
  return status === "completed" || status === "failed" || status === "cancelled";
}

async function request(server: Endpoint, method: string, params: object, name: string): Promise<TaskState> {
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": VERSION,
    "io.modelcontextprotocol/clientInfo": { name: "example", version: "1.0.0" },
    "io.modelcontextprotocol/clientCapabilities": CAPABILITIES,
  };
  const message = new Request(typeof server === "string" ? server : "http://localhost/mcp", {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "accept": "application/json, text/event-stream",
      "mcp-protocol-version": VERSION,
      "mcp-method": method,
      "mcp-name": name,
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: { ...params, _meta } }),
  });
  const response = typeof server === "string" ? await fetch(message) : await server.fetch(message);
  const { result, error } = await response.json();
  if (error !== undefined) throw new Error(`Cannot send "${method}": ${error.code} ${error.message}`);
  return result;
}
