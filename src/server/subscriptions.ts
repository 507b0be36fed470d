/**
 * `subscriptions/listen` of 2026-07-28: a stream of what the client asked to hear of, and nothing else.
 *
 * Changes are coalesced: while a slow reader has something before it, only the newest state of each task waits, and
 * one notice of each list or resource.
 *
 * @module
 * @see 2026-07-28, Subscriptions (T26-201 to T26-212); Tasks extension, Status Notifications (T26-089 to T26-096)
 */
import {
  isJsonObject,
  type JsonObject,
  type JsonRpcNotification,
  type JsonRpcRequest,
  META,
  type RequestId,
} from "../protocol/mod.ts";
import {
  declaresTasks,
  type DetailedTask,
  missingCapability,
  parseListenParams,
  type RequestMeta,
  type SubscriptionFilter,
  TASKS_CAPABILITY,
} from "../protocol/v2026_07_28/mod.ts";
import { setAlarm } from "../runtime.ts";
import { isTerminal, LimitReachedError, type TaskHead, toDetailedTask2026 } from "../tasks/mod.ts";
import { headKey, type OwnerKey, type Versioned } from "../store/mod.ts";
import { hasTasks } from "./capabilities.ts";
import type { Exchange } from "./exchange.ts";
import type { ListChange } from "./list_changes.ts";
import { ownerKeyFor } from "./owner.ts";
import type { ServerLimits } from "./options.ts";
import type { Services } from "./services.ts";
import { mayUseTask } from "./task_scopes.ts";

/** Answers `subscriptions/listen`: resolves when the subscription is over. */
export async function listen(
  services: Services,
  request: JsonRpcRequest,
  meta: RequestMeta,
  exchange: Exchange,
): Promise<JsonObject> {
  // Ahead of the parameters: without the extension, what is wrong with the task ids is no matter.
  const asked = request.params?.notifications;
  if (isJsonObject(asked) && asked.taskIds !== undefined && !declaresTasks(meta.clientCapabilities)) {
    throw missingCapability(TASKS_CAPABILITY);
  }
  const { notifications: wanted } = parseListenParams(request.params);
  const owner = await ownerKeyFor(exchange.caller, "listen");
  const release = services.subscriptions.enter(owner, exchange.caller === undefined);
  // Returned, not awaited: a frame of this function would hold the request for as long as the stream is open.
  return new Subscription(services, request.id, exchange).run(wanted).finally(release);
}

/** How many may be open in this process at once. */
export type StreamLimits = Pick<Required<ServerLimits>, "streams" | "anonymousStreams">;

/** Nobody can be told from nobody: anonymous callers share one count. */
const ANONYMOUS = Symbol("anonymous callers");
/** When a place may be free again, in milliseconds. */
const RETRY_MS = 1000;

/** What is open in this process: subscriptions, session streams and requests that wait, counted by owner. */
export class SubscriptionRegistry {
  readonly #perOwner: number;
  readonly #anonymous: number;
  /** By owner; what anonymous callers have open is counted together. */
  readonly #counts = new Map<OwnerKey | typeof ANONYMOUS, number>();
  readonly #closing = new AbortController();
  readonly #onClosing = new Set<() => void>();

  constructor({ streams, anonymousStreams }: StreamLimits) {
    this.#perOwner = streams;
    this.#anonymous = anonymousStreams;
  }

  /** Aborts when the server closes. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /**
   * Counts one more of an owner. Returns how to leave; to be called once.
   *
   * @throws {LimitReachedError} If the owner, or all anonymous callers together, have as many as allowed.
   */
  enter(owner: OwnerKey, isAnonymous: boolean): () => void {
    const [who, name, limit] = isAnonymous
      ? [ANONYMOUS, "anonymousStreams", this.#anonymous] as const
      : [owner, "streams", this.#perOwner] as const;
    const count = this.#counts.get(who) ?? 0;
    if (count >= limit) throw new LimitReachedError(name, limit, RETRY_MS);
    this.#counts.set(who, count + 1);
    return () => {
      const left = (this.#counts.get(who) ?? 1) - 1;
      if (left > 0) this.#counts.set(who, left);
      else this.#counts.delete(who);
    };
  }

  /** Calls back when the server closes: for waits there may be many of, lighter than a listener of the signal. */
  whenClosing(callback: () => void): () => void {
    this.#onClosing.add(callback);
    return () => this.#onClosing.delete(callback);
  }

  /** Ends all subscriptions properly. */
  close(): void {
    this.#closing.abort();
    for (const callback of [...this.#onClosing]) callback();
  }
}

class Subscription {
  readonly #services: Services;
  readonly #exchange: Exchange;
  readonly #id: RequestId;
  readonly #stops: (() => void)[] = [];
  /** What waits to be sent, by what it is about: of two things about the same only the newer one waits. */
  #outbox: Map<string, () => void | Promise<void>> | undefined;
  /** What was last told of a task that goes on. */
  #told: Map<string, string> | undefined;
  #hasEnded = false;

  constructor(services: Services, id: RequestId, exchange: Exchange) {
    this.#services = services;
    this.#exchange = exchange;
    this.#id = id;
  }

  /** Resolves when the subscription is over. */
  async run(wanted: SubscriptionFilter): Promise<JsonObject> {
    try {
      await this.#start(wanted);
    } catch (error) {
      this.#stop();
      throw error;
    }
    return this.#ended();
  }

  async #start(wanted: SubscriptionFilter): Promise<void> {
    const tasks = await this.#findTasks(wanted.taskIds ?? []);
    const lists = this.#servedLists(wanted);
    const agreed: SubscriptionFilter = {
      ...lists,
      ...(wanted.taskIds === undefined ? {} : { taskIds: tasks.map(({ head }) => head.id) }),
    };
    // Nothing may come before the acknowledgement (T26-202, T26-203).
    this.#send("notifications/subscriptions/acknowledged", {
      notifications: agreed as unknown as JsonObject,
    });
    for (const current of tasks) this.#follow(current);
    this.#followLists(lists);
  }

  #followLists(lists: SubscriptionFilter): void {
    const { listChanges } = this.#services;
    const { resourceSubscriptions, ...flags } = lists;
    if (Object.keys(flags).length > 0) {
      this.#stops.push(listChanges.subscribe((change) => {
        if (!lists[LIST_FILTERS[change]]) return;
        this.#offer(`list/${change}`, () => this.#send(`notifications/${change}/list_changed`, {}));
      }));
    }
    if (resourceSubscriptions === undefined) return;
    const uris = new Set(resourceSubscriptions);
    this.#stops.push(listChanges.subscribeToResources((uri) => {
      if (!uris.has(uri)) return;
      this.#offer(`resource/${uri}`, () => this.#send("notifications/resources/updated", { uri }));
    }));
  }

  /** Resolves with the last message once the client left, its credentials have lapsed or the server closes. */
  #ended(): Promise<JsonObject> {
    const { subscriptions, options: { runtime } } = this.#services;
    const { expiresAt = Infinity } = this.#exchange;
    return new Promise((resolve) => {
      const end = () => {
        if (this.#hasEnded) return;
        this.#stop();
        const isOurs = subscriptions.closing.aborted || runtime.now() >= expiresAt;
        if (isOurs) this.#send("notifications/cancelled", { requestId: this.#id });
        resolve({ resultType: "complete", _meta: { [META.subscriptionId]: this.#id } });
      };
      this.#stops.push(subscriptions.whenClosing(end));
      this.#exchange.whenLeft(end);
      if (expiresAt < Infinity) this.#stops.push(setAlarm(runtime, expiresAt, end));
      if (subscriptions.closing.aborted) end();
    });
  }

  #stop(): void {
    this.#hasEnded = true;
    this.#outbox?.clear();
    for (const stop of this.#stops.splice(0)) stop();
  }

  /** Tasks that the caller may use; all others are left out, whyever they are not there (T26-091, T26-096). */
  async #findTasks(ids: readonly string[]): Promise<Versioned[]> {
    if (!hasTasks(this.#services)) return [];
    const { caller } = this.#exchange;
    const keys = await Promise.all(
      [...new Set(ids)].map(async (id) => headKey(await ownerKeyFor(caller, id), id)),
    );
    const found = await this.#services.store.findMany(keys);
    return found.filter(({ head }) => mayUseTask(this.#services, caller, head));
  }

  #servedLists(wanted: SubscriptionFilter): SubscriptionFilter {
    const { tools, prompts, resources, scopes } = this.#services;
    const isServed = (uri: string) => {
      const found = resources.find(uri);
      return found !== undefined && scopes.allows(this.#exchange.caller, found.resource.config.scopes);
    };
    const { toolsListChanged, promptsListChanged, resourcesListChanged, resourceSubscriptions } = wanted;
    return {
      ...(toolsListChanged && tools.size > 0 ? { toolsListChanged } : {}),
      ...(promptsListChanged && prompts.size > 0 ? { promptsListChanged } : {}),
      ...(resourcesListChanged && resources.size > 0 ? { resourcesListChanged } : {}),
      ...(resourceSubscriptions === undefined || resources.size === 0 ? {} : {
        resourceSubscriptions: resourceSubscriptions.filter(isServed),
      }),
    };
  }

  #follow(first: Versioned): void {
    const { owner, id, status } = first.head;
    // What happened between the request and the watch is told as the first notification.
    this.#offerTask(first);
    if (isTerminal(status)) return;
    let { rev } = first.head;
    const stop = this.#services.store.watcher.subscribe(headKey(owner, id), (current) => {
      if (current === undefined) return stop();
      if (current.head.rev < rev) return;
      rev = current.head.rev;
      this.#offerTask(current);
      if (isTerminal(current.head.status)) stop();
    });
    this.#stops.push(stop);
  }

  #offerTask({ head }: Versioned): void {
    this.#offer(`task/${head.id}`, () => this.#notify(head));
  }

  #offer(about: string, send: () => void | Promise<void>): void {
    const isSending = this.#outbox !== undefined;
    this.#outbox ??= new Map();
    this.#outbox.set(about, send);
    if (!isSending) void this.#drain(this.#outbox);
  }

  async #drain(outbox: Map<string, () => void | Promise<void>>): Promise<void> {
    // What comes meanwhile is found by the same loop.
    for (const [about, send] of outbox) {
      await this.#whenRead();
      // What is sent is the newest there is by now, unless all is over.
      const newest = outbox.get(about) ?? send;
      if (this.#hasEnded) break;
      outbox.delete(about);
      await newest();
    }
    this.#outbox = undefined;
  }

  #whenRead(): Promise<void> {
    const { whenRead } = this.#exchange;
    if (whenRead === undefined) return Promise.resolve();
    return new Promise((resolve) => this.#exchange.whenRead!(resolve));
  }

  async #notify(head: TaskHead): Promise<void> {
    const { store } = this.#services;
    try {
      const task = toDetailedTask2026(head, await store.loadDetails(head));
      if (this.#hasEnded || this.#isTold(task)) return;
      this.#send("notifications/tasks", task as unknown as JsonObject);
    } catch (error) {
      store.emit({
        type: "notification_failed",
        taskId: head.id,
        message: "A task notification was not sent",
        error,
      });
    }
  }

  /** Whether the client knows it already: a heartbeat changes the record, not what is seen of it. */
  #isTold(task: DetailedTask): boolean {
    if (isTerminal(task.status)) {
      this.#told?.delete(task.taskId);
      return false;
    }
    const text = JSON.stringify(task);
    if (this.#told?.get(task.taskId) === text) return true;
    this.#told ??= new Map();
    this.#told.set(task.taskId, text);
    return false;
  }

  #send(method: string, params: JsonObject): void {
    const message: JsonRpcNotification = {
      jsonrpc: "2.0",
      method,
      params: {
        ...params,
        _meta: { ...(params._meta as JsonObject | undefined), [META.subscriptionId]: this.#id },
      },
    };
    this.#exchange.send(message);
  }
}

const LIST_FILTERS = {
  tools: "toolsListChanged",
  prompts: "promptsListChanged",
  resources: "resourcesListChanged",
} as const satisfies Record<ListChange, keyof SubscriptionFilter>;
