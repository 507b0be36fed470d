/**
 * Shows the state of several tasks while they are polled: a bar each on a terminal, a few lines elsewhere.
 *
 * @module
 */

/** What there is to show of a task. */
export interface Progress {
  readonly status: string;
  readonly statusMessage?: string;
}

const BAR_WIDTH = 24;
const QUARTERS = 4;

/** A row for each task. */
export class ProgressBoard {
  readonly #isTerminal = Deno.stdout.isTerminal();
  readonly #rows = new Map<string, string>();
  readonly #lastShown = new Map<string, string>();
  #drawn = 0;

  /** A board with a row for each name, in this order. */
  constructor(names: readonly string[]) {
    for (const name of names) this.#rows.set(name, "");
  }

  /** Shows a state. Without a terminal only new statuses and quarters of the way are printed. */
  show(name: string, { status, statusMessage = "" }: Progress): void {
    const [done, total] = parseProgress(statusMessage);
    const share = status === "completed" ? 1 : total === 0 ? 0 : done / total;
    if (this.#isTerminal) {
      const filled = Math.round(share * BAR_WIDTH);
      const bar = "█".repeat(filled) + "░".repeat(BAR_WIDTH - filled);
      this.#rows.set(name, `${status.padEnd(10)} ${bar} ${statusMessage.slice(0, 26)}`);
      return this.#draw();
    }
    const shown = `${status} ${Math.floor(share * QUARTERS)}`;
    if (shown !== this.#lastShown.get(name)) console.log(`  ${name}  ${status.padEnd(10)} ${statusMessage}`);
    this.#lastShown.set(name, shown);
  }

  /** Prints a line above the rows. */
  say(text: string): void {
    this.#erase();
    console.log(text);
    if (this.#isTerminal) this.#draw();
  }

  #draw(): void {
    this.#erase();
    for (const [name, row] of this.#rows) write(`  ${name}  ${row}\n`);
    this.#drawn = this.#rows.size;
  }

  #erase(): void {
    if (this.#drawn > 0) write(`\x1b[${this.#drawn}A\x1b[0J`);
    this.#drawn = 0;
  }
}

/** Reads "3/12", wherever it stands in a message. */
function parseProgress(message: string): [done: number, total: number] {
  const match = /(\d+)\s*\/\s*(\d+)/.exec(message);
  return match === null ? [0, 0] : [Number(match[1]), Number(match[2])];
}

function write(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}
