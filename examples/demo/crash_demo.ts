/**
 * A server that is killed in the middle of two tasks, and what their clients get all the same.
 *
 * @module
 */
import { directoriesPerStep } from "../census/tool.ts";
import { pause } from "../support/pause.ts";
import { type ServerProcess, startServer } from "../support/server_process.ts";
import { readCounts } from "./count_log.ts";
import { type ClientTask, type Ending, type Era, ERA_2025, ERA_2026 } from "./eras.ts";
import { ProgressBoard } from "./progress_board.ts";

const ERAS: readonly Era[] = [ERA_2025, ERA_2026];
const SPREAD_MS = 4000;
/** A second instead of half a minute, so that nobody has to wait long for the crash to be noticed. */
const LEASE_MS = 1000;
const LOOK_MS = 20;
const MAX_LOOKS = 100;
const MAX_RECONNECTS = 20;
const SERVER = `${import.meta.dirname}/../tasks_basic.ts`;

/** A finished task, with the log's word on it. */
interface Finished {
  readonly era: Era;
  readonly ending: Ending;
  readonly before: number;
  readonly times: number;
  readonly directories: number;
}

/** The demo: {@linkcode CrashDemo.run} once, then {@linkcode CrashDemo.stop}. */
export class CrashDemo {
  readonly #file: string;
  readonly #log: string;
  readonly #directory: string;
  readonly #signal: AbortSignal;
  readonly #board = new ProgressBoard(ERAS.map(({ name }) => name));
  #server: Promise<ServerProcess>;

  /** Starts the server. What it keeps goes to the directory `temporary`; `directory` is what is counted. */
  constructor(temporary: string, directory: string, signal: AbortSignal) {
    this.#file = `${temporary}/tasks.kv`;
    this.#log = `${temporary}/counted.log`;
    this.#directory = directory;
    this.#signal = signal;
    Deno.writeTextFileSync(this.#log, "");
    this.#server = this.#start("0");
  }

  /** Runs both tasks. Returns the exit code: 0 all well, 1 a fault was found. */
  async run(): Promise<number> {
    const { url, pid } = await this.#server;
    console.log(`Server ${url}, process ${pid}, tasks in ${this.#file}\n`);
    console.log('The tool "census" as a task of two official clients:');
    for (const { name, client } of ERAS) console.log(`  ${name}  ${client}`);
    console.log("");
    const isAlike = await this.#census(`${url}/mcp`);
    const isTold = await this.#missing(`${url}/mcp`);
    return isAlike && isTold ? 0 : 1;
  }

  /** Ends the server. */
  async stop(): Promise<void> {
    // A server that did not start has nothing to stop.
    await this.#server.then((server) => server.stop(), () => {});
  }

  /** Runs the tool in both eras with a crash between. Whether both results are complete and alike. */
  async #census(url: string): Promise<boolean> {
    const args = { directory: this.#directory, spreadMs: SPREAD_MS };
    const tasks = await Promise.all(ERAS.map((era) => era.start(url, "census", args)));
    const endings = Promise.all(tasks.map((task, i) => this.#follow(ERAS[i]!, task)));
    endings.catch(() => {}); // awaited below
    const before = await this.#crash(tasks);
    const finished = await Promise.all((await endings).map(async (ending, i): Promise<Finished> => ({
      era: ERAS[i]!,
      ending,
      before: before[i]!,
      ...await readCounts(this.#log, tasks[i]!.taskId),
    })));
    return report(finished);
  }

  /** Kills the server when both tasks are under way, and starts it again. How many directories they had counted. */
  async #crash(tasks: readonly ClientTask[]): Promise<number[]> {
    const server = await this.#server;
    const counted = () =>
      Promise.all(tasks.map(async ({ taskId }) => (await readCounts(this.#log, taskId)).times));
    await pause(SPREAD_MS * 0.45, this.#signal);
    // Rather between two steps than within one: the step under way when a process dies runs again.
    let last = await counted();
    for (let looks = 0; looks < MAX_LOOKS; looks++) {
      await pause(LOOK_MS, this.#signal);
      const now = await counted();
      if (!now.includes(0) && now.join() === last.join()) break;
      last = now;
    }
    await server.kill();
    const before = await counted();
    this.#board.say(`  kill -9 ${server.pid}: ${before.join(" and ")} directories are counted so far`);
    this.#server = this.#start(new URL(server.url).port);
    this.#board.say(`  started again: process ${(await this.#server).pid}, on the same file`);
    return before;
  }

  /** Follows a task; when the server goes away, a new client takes the task up once it is back. */
  async #follow(era: Era, first: ClientTask): Promise<Ending> {
    let task = first;
    for (let tries = 0;; tries++) {
      try {
        const ending = await task.follow((state) => this.#board.show(era.name, state));
        await task.leave();
        return ending;
      } catch (error) {
        if (tries === MAX_RECONNECTS) throw error;
        await pause(LEASE_MS / 4, this.#signal);
        await this.#server;
        task = await task.takeUp().catch(() => task);
      }
    }
  }

  /** Asks for a directory that does not exist. Whether both eras tell so as theirs demands. */
  async #missing(url: string): Promise<boolean> {
    console.log("A directory that does not exist:");
    const told: boolean[] = [];
    for (const era of ERAS) {
      const task = await era.start(url, "census", { directory: `${this.#directory}/no/such/directory` });
      const { status, isError, text } = await task.follow(() => {});
      await task.leave();
      console.log(`  ${era.name}  task ${status}, isError ${isError}: ${text}`);
      told.push(isError && text.includes("no such directory"));
    }
    return told.every(Boolean);
  }

  #start(port: string): Promise<ServerProcess> {
    const starting = startServer(["serve", "-A", "--host", "127.0.0.1", "--port", port, SERVER], {
      env: { TASKS_KV: this.#file, TASKS_LEASE_MS: String(LEASE_MS), CENSUS_LOG: this.#log },
      signal: this.#signal,
    });
    starting.catch(() => {}); // awaited by whoever needs the server
    return starting;
  }
}

/** Prints the table and what the log says. Whether all is as it should be. */
function report(finished: readonly Finished[]): boolean {
  const [first, second] = finished as [Finished, Finished];
  console.log(`\n${first.ending.text}\n`);
  if (finished.some(({ ending }) => ending.isError)) return false;
  const isSame = first.ending.text === second.ending.text;
  console.log(
    isSame ? "Both clients got this table." : `The directory has changed meanwhile:\n${second.ending.text}`,
  );
  let isWhole = true;
  for (const { era, before, times, directories } of finished) {
    const again = times - directories;
    console.log(
      `  ${era.name}  ${directories} directories, counted ${times} times: ${before} before the crash, ` +
        `${times - before} after` + (again === 0 ? "" : ` (${again} again: the step under way in the crash)`),
    );
    // The step under way when the process dies may run again, and no other.
    isWhole &&= again <= directoriesPerStep(directories) && before > 0;
  }
  console.log("");
  return isWhole;
}
