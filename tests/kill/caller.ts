/**
 * One client that creates a task, follows it to its end on whatever node answers, and writes down what it is told.
 *
 * @module
 */
import { delay, type Fleet } from "./fleet.ts";
import { Account } from "./ledger.ts";
import type { PlannedTask } from "./plan.ts";
import { LEASE_MS, TTL_MS } from "./settings.ts";
import { ask2025, ask2026, openSession, type Reply, type Wire } from "./wire.ts";

const POLL_MS = 200;

/** Clients of one round. */
export class Callers {
  readonly #fleet: Fleet;
  readonly #random: () => number;
  readonly #faults: string[];
  readonly #mayStoreFail: boolean;
  /** Answers that were errors, by their text. */
  readonly errors = new Map<string, number>();
  /** Requests that nobody answered. */
  silences = 0;
  /** Requests that were answered with the words that the store is away. */
  storeFaults = 0;
  #session: string | undefined;

  /** @param mayStoreFail Whether to be told that the store is away is an answer like none, and no broken promise. */
  constructor(fleet: Fleet, random: () => number, faults: string[], mayStoreFail: boolean) {
    this.#fleet = fleet;
    this.#random = random;
    this.#faults = faults;
    this.#mayStoreFail = mayStoreFail;
  }

  /** Opens the session that the 2025-11-25 tasks use, on whatever node they go to. */
  async open(): Promise<void> {
    while (this.#session === undefined) {
      const url = this.#fleet.url(this.#random());
      if (url !== undefined) this.#session = await openSession(url);
      else await delay(20);
    }
  }

  /**
   * Lives through one task.
   *
   * @param until Monotonic instant at which it must have ended, as far as is known now.
   */
  async follow(task: PlannedTask, until: () => number): Promise<Account> {
    const account = new Account(task, this.#faults);
    await delay(task.atMs);
    for (let tries = 1; account.id === undefined; tries++) {
      if (performance.now() > until()) {
        account.fault("could not be created in time");
        return account;
      }
      // A call that nobody answered may have created a task: the next one is another call.
      if (tries > 1) account.label = `${task.label}x${tries}`;
      await this.#create(account);
    }
    const cancelAt = task.cancelAfterMs === undefined ? Infinity : performance.now() + task.cancelAfterMs;
    while (account.ending === undefined) {
      await delay(POLL_MS * (0.5 + this.#random()));
      if (performance.now() > until()) {
        account.fault("has not ended in time");
        return account;
      }
      if (performance.now() > cancelAt && !account.isCancelAcknowledged) await this.#cancel(account);
      await this.look(account);
    }
    return account;
  }

  /** Asks some node how the task is; answers what it asks. `false`: nobody said. */
  async look(account: Account): Promise<boolean> {
    const taskId = account.id!;
    const reply = await this.#ask(account.task.era, "tasks/get", { taskId });
    if (reply.type === "error") account.fault(`cannot be found: ${reply.code} ${reply.message}`);
    if (reply.type !== "result") return reply.type === "error";
    account.observe(reply.result);
    if (account.ending !== undefined && account.task.era === "2025") return await this.#fetchResult(account);
    if (reply.result.status === "input_required") await this.#answer(account, reply.result);
    return true;
  }

  async #create(account: Account): Promise<void> {
    const { era, tool } = account.task;
    const call = { name: tool, arguments: { label: account.label } };
    const reply = await this.#ask(
      era,
      "tools/call",
      era === "2025" ? { ...call, task: { ttl: TTL_MS } } : call,
    );
    if (reply.type === "error") account.fault(`cannot be created: ${reply.code} ${reply.message}`);
    if (reply.type !== "result") return await delay(50);
    if (reply.result.resultType === "complete" && tool === "promoted") {
      // A slow machine may let it end before it becomes a task.
      const { text } = reply.result.content[0];
      if (text !== `promoted ${account.label}`) account.fault(`ended inline with "${text}"`);
      return;
    }
    account.id = era === "2025" ? reply.result.task?.taskId : reply.result.taskId;
    account.createdAt = Date.now();
    if (account.id === undefined) account.fault(`is no task: ${JSON.stringify(reply.result).slice(0, 200)}`);
  }

  async #cancel(account: Account): Promise<void> {
    const reply = await this.#ask(account.task.era, "tasks/cancel", { taskId: account.id });
    // 2025-11-25 refuses to cancel what has ended; 2026-07-28 acknowledges it.
    if (reply.type === "error" && reply.data?.reason !== "terminal") {
      account.fault(`cannot be cancelled: ${reply.code} ${reply.message}`);
    }
    if (reply.type !== "silence") account.isCancelAcknowledged = true;
  }

  async #answer(account: Account, wire: Wire): Promise<void> {
    if (wire.inputRequests?.q === undefined) return account.fault("asks nothing and waits for input");
    const answer = { text: `${account.label}a${account.answers.length}`, isAcknowledged: false };
    account.answers.push(answer);
    const reply = await this.#sendAnswer(account, answer.text);
    if (reply.type === "error") account.fault(`takes no answer: ${reply.code} ${reply.message}`);
    answer.isAcknowledged = reply.type === "result";
    // A second answer is taken note of, and changes nothing (I6).
    if (answer.isAcknowledged) await this.#sendAnswer(account, `${answer.text}late`);
  }

  #sendAnswer(account: Account, text: string): Promise<Reply> {
    const inputResponses = { q: { action: "accept", content: { text } } };
    return this.#ask("2026", "tasks/update", { taskId: account.id, inputResponses });
  }

  async #fetchResult(account: Account): Promise<boolean> {
    const reply = await this.#ask("2025", "tasks/result", { taskId: account.id }, LEASE_MS * 5);
    if (reply.type === "silence") return false;
    if (reply.type === "result") {
      account.observeResult({ text: reply.result.content?.[0]?.text, isError: reply.result.isError });
    } else account.observeResult({ reason: reply.data?.reason });
    return true;
  }

  async #ask(era: string, method: string, params: Wire, patienceMs?: number): Promise<Reply> {
    const url = this.#fleet.url(this.#random());
    let reply: Reply = { type: "silence", reason: "no node stands" };
    if (url !== undefined) {
      reply = era === "2025"
        ? await ask2025(url, this.#session!, method, params, patienceMs)
        : await ask2026(url, method, params, patienceMs);
    }
    if (this.#mayStoreFail && reply.type === "error" && reply.data?.reason === "store_unavailable") {
      this.storeFaults++;
      return { type: "silence", reason: reply.message };
    }
    // A node that drains starts nothing: the call is made again, as after no answer at all.
    if (reply.type === "error" && reply.data?.reason === "closing") {
      return { type: "silence", reason: reply.message };
    }
    if (reply.type === "silence" && url !== undefined) this.silences++;
    if (url === undefined) await delay(POLL_MS);
    if (reply.type === "error") {
      const text = `${method}: ${reply.code} ${reply.data?.reason ?? reply.message}`;
      this.errors.set(text, (this.errors.get(text) ?? 0) + 1);
      if (/locked|busy/i.test(reply.message)) {
        this.#faults.push(`A caller was told of a lock: ${reply.message}`);
      }
    }
    return reply;
  }
}
