/**
 * Plays a plan against real servers and judges everything that comes back.
 *
 * @module
 */
import type { FetchHandler, McpServer, PerdureEvent, TaskContext } from "../../mod.ts";
import { FakeRuntime } from "../support/fake_runtime.ts";
import { settle } from "../support/settle.ts";
import { FuzzStore, STORE_SECRET } from "./fuzz_store.ts";
import { judgeAnswer, judgeHead, judgeRefusal, judgeSchema, judgeSent, judgeText } from "./judge.ts";
import { Learner } from "./learner.ts";
import { type AnswerListener, OpenAnswer } from "./open_answer.ts";
import { lastSteps } from "./generate.ts";
import type { Plan, SendStep, Step } from "./plan.ts";
import { Pools } from "./pools.ts";
import { buildRequest } from "./request.ts";
import { readSaid } from "./said.ts";
import { createServed, type GateRun, warmUp } from "./served.ts";
import { Violation } from "./violation.ts";

type Json = Record<string, unknown>;

/** Options of {@linkcode play}. */
export interface PlayOptions {
  /** Puts something between clients and server: a wrong server is made so. */
  readonly wrap?: (fetch: FetchHandler, store: FuzzStore) => FetchHandler;
  /** Told of every request and what came of it. */
  readonly onLine?: (line: string) => void;
  /** Called when everything is at rest, with the servers still open: at the start, and when all has expired. */
  readonly onRest?: () => void | Promise<void>;
  /** Told of every run of a tool. */
  readonly onRun?: (ctx: TaskContext) => void;
}

/** What came of a plan. */
export interface Outcome {
  readonly violation?: { readonly oracle: string; readonly message: string; readonly step: number };
  readonly requests: { readonly "2025": number; readonly "2026": number };
  /** What happened, counted by name. */
  readonly counters: ReadonlyMap<string, number>;
}

/** What a runtime hands over beside a request. */
const SERVED = { remoteAddr: { transport: "tcp" } };
/** Fake time within which the head of every response is there: the keep-alive's, and some for a store that fails. */
const HEAD_MS = 8001;
const FAULTY_HEAD_MS = 120_000;
const MAX_OPEN = 12;
/** One message of so many is judged by whole schemas. */
const SCHEMA_EVERY = 6;
/** Events that mean that something of the library's own went wrong, where the store works. */
const FAULTS: ReadonlySet<string> = new Set([
  "defect",
  "store_unavailable",
  "scan_failed",
  "recovery_failed",
  "heartbeat_failed",
  "park_failed",
  "promotion_failed",
  "notification_failed",
  "question_not_sent",
  "mail_lost",
  "record_undecodable",
  "response_not_kept",
  "resume_failed",
  "outcome_not_stored",
  "outcome_delayed",
  "start_delayed",
]);
const DAY_MS = 86_400_000;

/** Plays a plan to its end, or to the first broken promise. */
export async function play(plan: Plan, options: PlayOptions = {}): Promise<Outcome> {
  await warmUp();
  const world = new FuzzWorld(plan, options);
  return await world.play();
}

class FuzzWorld implements AnswerListener {
  readonly #plan: Plan;
  readonly #options: PlayOptions;
  readonly #runtime: FakeRuntime;
  readonly #store: FuzzStore;
  readonly #servers: readonly McpServer[];
  readonly #fetches: readonly FetchHandler[];
  readonly #pools = new Pools();
  readonly #learner: Learner;
  readonly #runs: GateRun[] = [];
  readonly #counters = new Map<string, number>();
  readonly #requests = { "2025": 0, "2026": 0 };
  readonly #eventIds = new Set<string>();
  #open: OpenAnswer[] = [];
  #violation: Violation | undefined;
  #messages = 0;
  #isHasty = false;
  #isClosing = false;

  constructor(plan: Plan, options: PlayOptions) {
    this.#plan = plan;
    this.#options = options;
    this.#runtime = new FakeRuntime({ seed: plan.seed });
    this.#store = new FuzzStore(this.#runtime);
    this.#learner = new Learner(this.#pools);
    const one = {
      world: plan.world,
      runtime: this.#runtime,
      store: this.#store,
      runs: this.#runs,
      onEvent: (event: PerdureEvent) => this.#onEvent(event),
      onRun: options.onRun,
    };
    this.#servers = plan.world.twin ? [createServed(one), createServed(one)] : [createServed(one)];
    const { wrap = (fetch) => fetch } = options;
    this.#fetches = this.#servers.map((server) => wrap(server.fetch, this.#store));
  }

  async play(): Promise<Outcome> {
    let at = 0;
    try {
      await this.#options.onRest?.();
      for (; at < this.#plan.steps.length && this.#violation === undefined; at++) {
        await this.#step(this.#plan.steps[at]!);
        this.#check();
      }
      if (this.#violation === undefined) await this.#finish();
    } catch (error) {
      this.#fail(error instanceof Violation ? error : new Violation("crash", describe(error)));
    }
    this.#counters.set("store faults met", this.#store.faultsMet);
    for (const answer of this.#open) answer.leave();
    await settle();
    const { oracle, message } = this.#violation ?? {};
    return {
      ...(oracle !== undefined && { violation: { oracle, message: message!, step: at - 1 } }),
      requests: this.#requests,
      counters: this.#counters,
    };
  }

  async #step(step: Step): Promise<void> {
    switch (step.do) {
      case "send":
        return await this.#send(step);
      case "advance":
        return await this.#runtime.advance(step.ms);
      case "jump":
        this.#runtime.jumpWallClock(step.ms);
        return await settle();
      case "end":
        if (this.#runs.length > 0) this.#runs[step.run % this.#runs.length]!.end(step.how);
        return await settle();
      case "leave":
        if (this.#open.length > 0) this.#open[step.stream % this.#open.length]!.leave();
        return await settle();
      case "recover":
        return await this.#recover();
      case "change":
        for (const server of this.#servers) server.sendListChanged(step.list);
        for (const server of this.#servers) server.sendResourceUpdated("test://fixed");
        return await settle();
      case "fault":
        return this.#store.arm(step.fault);
      case "heal":
        return this.#store.heal();
    }
  }

  async #send(step: SendStep): Promise<void> {
    this.#requests[step.era]++;
    const client = new AbortController();
    const built = buildRequest(step.request, this.#pools, client.signal);
    const said = readSaid(built.method, built.headers, built.body);
    const sentAt = this.#runtime.monotonic();
    const answer = new OpenAnswer(step, this.#learner.noteRequest(said), sentAt, client, this);
    this.#open.push(answer);
    const isAlone = !this.#isHasty;
    this.#isHasty = step.isHasty ?? false;
    if (isAlone) {
      // What is due already is not this request's doing.
      while (this.#runtime.nextTimerMs === 0) await this.#runtime.advance(0);
      this.#store.mark();
    }
    if (step.leaves === "before") answer.leave();
    const fetch = this.#fetches[step.to % this.#fetches.length]!;
    void answer.read(call(() => fetch(built.request, SERVED)));
    if (step.isHasty) return;
    await this.#runtime.advance(0);
    if (isAlone && answer.isOver && !this.#store.wasFaulty) this.#requireUnchanged(answer);
    await this.#await(answer, step.patienceMs);
    if (step.leaves === "after") answer.leave();
    while (this.#open.length > MAX_OPEN) this.#open[0]!.leave(), this.#open.shift();
    this.#options.onLine?.(this.#describe(answer, built.headers, built.body));
  }

  /** Lets time pass until the answer is whole, or its client runs out of patience. */
  async #await(answer: OpenAnswer, patienceMs: number): Promise<void> {
    const end = this.#runtime.monotonic() + patienceMs;
    while (!answer.isOver && this.#violation === undefined) {
      const left = end - this.#runtime.monotonic();
      const next = this.#runtime.nextTimerMs;
      if (left <= 0) return;
      await this.#runtime.advance(Math.min(left, next ?? left));
    }
  }

  #requireUnchanged(answer: OpenAnswer): void {
    const isRefused = answer.refusal !== undefined || (answer.status ?? 0) >= 400;
    // What `tasks/result` fails with is the task's own end, not a refusal.
    if (!isRefused || answer.hasLeft || answer.said.method === "tasks/result") return;
    // A workflow notes every call that names it, also one that failed.
    const { _meta } = answer.said.params;
    if (isObject(_meta) && ("io.perdure/taskId" in _meta || "_task_id" in _meta)) return;
    const changes = this.#store.changes();
    if (changes.length > 0) {
      const { code, reason } = answer.refusal ?? {};
      throw new Violation(
        "unchanged",
        `refused with ${answer.status} ${code} ${reason}: ${changes.join("; ")}`,
      );
    }
  }

  #check(): void {
    const now = this.#runtime.monotonic();
    const limit = this.#store.wasFaulty ? FAULTY_HEAD_MS : HEAD_MS;
    for (const answer of this.#open) {
      if (answer.status === undefined && !answer.hasLeft && !answer.isOver && now - answer.sentAt > limit) {
        this.#fail(
          new Violation("hang", `no answer to ${answer.said.method} after ${now - answer.sentAt} ms`),
        );
      }
    }
    this.#open = this.#open.filter(({ isOver, hasLeft }) => !isOver && !hasLeft);
    const alien = Object.keys(Object.prototype)[0];
    if (alien !== undefined || "polluted" in {}) {
      for (const name of Object.keys(Object.prototype)) Reflect.deleteProperty(Object.prototype, name);
      this.#fail(new Violation("pollution", `every object has "${alien}"`));
    }
  }

  async #recover(): Promise<void> {
    for (const server of this.#servers) {
      try {
        await this.#runtime.drive(server.recover());
      } catch (error) {
        if (!String(error).includes(STORE_SECRET)) throw error;
      }
    }
  }

  /** Everything comes to an end: nothing is left of what has expired, and nothing runs on. */
  async #finish(): Promise<void> {
    this.#store.heal();
    await this.#runtime.advance(0);
    for (const answer of this.#open) answer.leave();
    for (const run of this.#runs) run.end("return");
    await this.#runtime.advance(this.#store.wasFaulty ? 60_000 : 10_000);
    this.#runtime.jumpWallClock(DAY_MS + 3_600_000);
    for (let i = 0; i < 3; i++) await this.#recover();
    // Notes of calls that were under way are renewed until these have ended.
    await this.#runtime.advance(620_000);
    this.#runtime.jumpWallClock(DAY_MS);
    for (let i = 0; i < 5; i++) await this.#recover();
    const left = this.#store.kinds().filter((kind) => kind !== "meta");
    if (left.length > 0) throw new Violation("left_over", `expired records are left: ${left.join()}`);
    const { watches } = this.#store;
    if (watches > 0) throw new Violation("left_over", `${watches} records are watched for nobody`);
    // The search for lost tasks goes on.
    const resting = this.#runtime.pendingTimers - this.#servers.length;
    if (resting > 0) throw new Violation("left_over", `${resting} timers are set for nobody`);
    this.#forget();
    await this.#options.onRest?.();
    for (const step of lastSteps()) await this.#send(step);
    this.#isClosing = true;
    for (const server of this.#servers) await this.#runtime.drive(server.close());
    await settle();
    this.#check();
    const streams = this.#open.filter(({ isOver, step }) => !isOver && step.reads);
    if (streams.length > 0) throw new Violation("left_over", `${streams.length} streams are open`);
    const timers = this.#runtime.pendingTimers;
    if (timers > 0) throw new Violation("left_over", `${timers} timers are set`);
  }

  /** Lets go of what this side keeps. */
  #forget(): void {
    this.#eventIds.clear();
    this.#runs.length = 0;
    this.#open = [];
    this.#learner.forget();
  }

  onHead(answer: OpenAnswer, response: Response): void {
    judgeHead(response, { said: answer.said, isFaulty: this.#store.wasFaulty });
    this.#count(`status ${response.status}`);
    if (
      answer.step.request.method === "GET" && response.headers.get("content-type") === "text/event-stream"
    ) {
      this.#count("streams opened");
    }
    const sessionId = response.headers.get("mcp-session-id");
    if (sessionId !== null) this.#pools.note(answer.said.caller, "session", sessionId);
  }

  onBody(answer: OpenAnswer, text: string): void {
    if (text === "" && (answer.status === 202 || answer.status === 204)) {
      return this.#count(`${answer.step.era} empty`);
    }
    if (answer.status === 202 || answer.status === 204 || text === "") {
      throw new Violation("body", `status ${answer.status} with ${JSON.stringify(text.slice(0, 200))}`);
    }
    this.#takeAnswer(answer, text);
  }

  onMessage(answer: OpenAnswer, text: string): void {
    if (answer.hasAnswer) throw new Violation("stream", `behind the answer: ${text.slice(0, 300)}`);
    const message = parse(text);
    if (isObject(message) && typeof message.method === "string") {
      judgeText(text, answer.said.caller, this.#learner.owners);
      judgeSent(message, answer.said);
      this.#judgeSchema(message, answer);
      this.#learner.noteSent(message, answer.asking);
      this.#count(`${answer.step.era} sent ${message.method}`);
    } else {
      this.#takeAnswer(answer, text);
    }
  }

  onEventId(answer: OpenAnswer, id: string): void {
    if (this.#eventIds.has(id)) throw new Violation("stream", `two events have the id ${id}`);
    if (answer.said.route === "modern") throw new Violation("era", "an event id under 2026-07-28");
    this.#eventIds.add(id);
    this.#pools.note(answer.said.caller, "event", id);
  }

  onEnd(answer: OpenAnswer): void {
    const { hasAnswer, hasRetry, said } = answer;
    const isOwed = said.kind === "request" && !hasAnswer && !hasRetry;
    if (isOwed && !this.#isClosing && !this.#store.wasFaulty) {
      throw new Violation("stream", `the stream of ${said.method} ended without an answer`);
    }
  }

  onError(answer: OpenAnswer, error: unknown): void {
    this.#fail(
      error instanceof Violation
        ? error
        : new Violation("crash", `${answer.said.method}: ${describe(error)}`),
    );
  }

  #takeAnswer(answer: OpenAnswer, text: string): void {
    const { said, status = 0 } = answer;
    judgeText(text, said.caller, this.#learner.owners);
    const isFaulty = this.#store.wasFaulty;
    const message = parse(text);
    // A GET that goes on with a request is answered with that request's id.
    const isResumed = said.kind === "other" && answer.step.request.method === "GET" && status === 200;
    const asked = isResumed ? this.#learner.resumed(message, said) : said;
    if (isResumed) this.#count("resumed 200");
    const judged = judgeAnswer(message, { said: asked, status, isFaulty });
    answer.hasAnswer = true;
    const error = judged.error as Json | undefined;
    if (error !== undefined) {
      const reason = isObject(error.data) ? error.data.reason : undefined;
      answer.refusal = { code: Number(error.code), reason };
      if (answer.step.isSound) judgeRefusal(Number(error.code), reason, said);
      this.#count(`${said.route} ${error.code} ${reason ?? ""}`.trim());
    } else {
      const type = (judged.result as Json).resultType;
      this.#count(
        `${said.route} ${said.method} ok${type === undefined || type === "complete" ? "" : ` ${type}`}`,
      );
    }
    this.#judgeSchema(judged, answer);
    this.#learner.noteAnswer(judged, asked, answer.asking);
  }

  #judgeSchema(message: Json, { said }: OpenAnswer): void {
    if (this.#messages++ % SCHEMA_EVERY === this.#plan.seed % SCHEMA_EVERY) judgeSchema(message, said);
  }

  #onEvent({ type, message, error }: PerdureEvent): void {
    this.#count(`event ${type}`);
    // A limit may keep a slow call from becoming a task: that is no fault.
    if (this.#store.wasFaulty || !FAULTS.has(type)) return;
    if (type === "promotion_failed" && this.#plan.world.tight) return;
    this.#fail(new Violation("defect", `${type}: ${message}: ${describe(error)}`));
  }

  #fail(violation: Violation): void {
    this.#violation ??= violation;
  }

  #count(name: string): void {
    this.#counters.set(name, (this.#counters.get(name) ?? 0) + 1);
  }

  #describe(answer: OpenAnswer, headers: Headers, body: Uint8Array | undefined): string {
    const { step, said, status, refusal } = answer;
    const text = body === undefined ? "" : new TextDecoder().decode(body);
    return `${said.caller} ${step.request.method} ${step.request.path} ${
      JSON.stringify([...headers].filter(([name]) => name !== "authorization"))
    } ${text.slice(0, 2000)} -> ${status} ${JSON.stringify(refusal) ?? ""}${
      answer.isStream ? " stream" : ""
    }`;
  }
}

function call(fetch: () => Promise<Response>): Promise<Response> {
  try {
    return Promise.resolve(fetch());
  } catch (error) {
    return Promise.reject(error);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Violation("body", `not JSON: ${text.slice(0, 300)}`);
  }
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function describe(error: unknown): string {
  return error instanceof Error ? error.stack ?? String(error) : String(error);
}
