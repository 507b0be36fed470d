/**
 * What clients learn of the messages they get, and what they remember against the server.
 *
 * @module
 */
import type { CallerName, Pools } from "./pools.ts";
import type { Said } from "./said.ts";
import { Violation } from "./violation.ts";

type Json = Record<string, unknown>;

/** One look at a task. */
interface Look {
  /** Counts looks. */
  readonly at: number;
  readonly by: Asking;
  readonly status: string;
  readonly route: string | undefined;
  readonly updatedAt: string;
}

/** What a look belongs to: of two on different ways, only one that began behind the other is sure to show no less. */
export interface Asking {
  readonly said: Said;
  /** Looks there were when it was asked. */
  readonly since: number;
}

const MAX_LOOKS = 20;
const FINAL: readonly unknown[] = ["completed", "failed", "cancelled"];

/** See the module. */
export class Learner {
  readonly #pools: Pools;
  readonly #looks = new Map<string, Look[]>();
  #lookCount = 0;
  /** Whose tasks there are, as far as clients were told. */
  readonly owners = new Map<string, CallerName>();
  /** Ids of requests by caller: what a stream may be gone on with. */
  readonly #asked = new Map<string, Said>();

  constructor(pools: Pools) {
    this.#pools = pools;
  }

  /** Notes what is asked. */
  noteRequest(said: Said): Asking {
    if (said.kind === "request" && said.route !== "modern") {
      this.#pools.note(said.caller, "call", JSON.stringify(said.id));
      this.#asked.set(`${said.caller} ${JSON.stringify(said.id)}`, said);
    }
    return { said, since: this.#lookCount };
  }

  /** Forgets everything. */
  forget(): void {
    this.#looks.clear();
    this.owners.clear();
    this.#asked.clear();
  }

  /** The request that an answer on a resumed stream belongs to. */
  resumed(message: unknown, said: Said): Said {
    const id = isObject(message) ? message.id : undefined;
    const asked = this.#asked.get(`${said.caller} ${JSON.stringify(id)}`);
    if (asked === undefined) {
      throw new Violation("id", `${said.caller} sent no request ${JSON.stringify(id)}`);
    }
    return asked;
  }

  /** Notes what an answer tells. */
  noteAnswer({ result }: Json, said: Said, asking: Asking): void {
    if (!isObject(result)) return;
    if (typeof result.nextCursor === "string") this.#pools.note(said.caller, "cursor", result.nextCursor);
    for (const task of tasksIn(result)) this.#noteTask(task, asking);
    if (isObject(result._meta)) this.#noteWorkflow(result._meta, asking);
    if (result.resultType === "input_required") this.#noteRound(result, said);
  }

  /** Notes what the server sends of its own. */
  noteSent({ id, method, params }: Json, asking: Asking): void {
    if (id !== undefined) this.#pools.note(asking.said.caller, "ask", JSON.stringify(id));
    if (!isObject(params)) return;
    if (method === "notifications/tasks/status" || method === "notifications/tasks") {
      this.#noteTask(params, asking);
    }
  }

  /** The task of a workflow, as a prompt tells of it. */
  #noteWorkflow({ task_id: taskId }: Json, { said: { caller } }: Asking): void {
    if (typeof taskId !== "string") return;
    if (!this.owners.has(taskId)) this.owners.set(taskId, caller);
    this.#pools.note(caller, "task", taskId);
  }

  #noteTask(task: Json, by: Asking): void {
    const { taskId, status, lastUpdatedAt: updatedAt } = task;
    if (typeof taskId !== "string" || typeof status !== "string" || typeof updatedAt !== "string") return;
    const { caller, route } = by.said;
    if (!this.owners.has(taskId)) this.owners.set(taskId, caller);
    this.#pools.note(caller, "task", taskId);
    const looks = this.#looks.get(taskId) ?? [];
    this.#looks.set(taskId, looks);
    const look: Look = { at: this.#lookCount++, by, status, route, updatedAt };
    for (const earlier of looks) {
      if (earlier.by === by || earlier.at < by.since) compare(taskId, earlier, look);
    }
    if (looks.length >= MAX_LOOKS) looks.shift();
    looks.push(look);
    if (!isObject(task.inputRequests)) return;
    for (const key of Object.keys(task.inputRequests)) {
      this.#pools.noteAsked(caller, { question: { task: taskId, key } });
    }
  }

  #noteRound(result: Json, { caller, method = "", params }: Said): void {
    const { requestState, inputRequests } = result;
    if (typeof requestState !== "string" || !isObject(inputRequests)) return;
    const name = params.name ?? params.uri;
    this.#pools.noteAsked(caller, {
      round: {
        method,
        name: typeof name === "string" ? name : "",
        args: JSON.stringify(params.arguments ?? {}),
        state: requestState,
        key: Object.keys(inputRequests)[0] ?? "",
      },
    });
  }
}

/** A final status stays, and time does not go back. */
function compare(taskId: string, earlier: Look, later: Look): void {
  const isFinal = FINAL.includes(earlier.status);
  const isOther = earlier.route === later.route
    ? earlier.status !== later.status
    : !FINAL.includes(later.status);
  if (isFinal && isOther) {
    throw new Violation("final", `task ${taskId} was ${earlier.status} and is ${later.status}`);
  }
  if (later.updatedAt < earlier.updatedAt) {
    throw new Violation("final", `task ${taskId} was of ${earlier.updatedAt} and is of ${later.updatedAt}`);
  }
}

function tasksIn(result: Json): Json[] {
  if (isObject(result.task)) return [result.task];
  if (Array.isArray(result.tasks)) return result.tasks.filter(isObject);
  return [result];
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
