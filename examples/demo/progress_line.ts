/**
 * Shows the state of a task while it is polled: a bar on a terminal, a few lines elsewhere.
 *
 * @module
 */

/** What there is to show of a task. */
export interface Progress {
  readonly status: string;
  readonly statusMessage?: string;
}

const BAR_WIDTH = 30;
const QUARTERS = 4;

/** One task's place on the screen. */
export class ProgressLine {
  readonly #isTerminal = Deno.stdout.isTerminal();
  #lastShown = "";

  /** Shows a state. Without a terminal only new statuses and quarters of the way are printed. */
  show({ status, statusMessage = "" }: Progress): void {
    const [done, total] = parseProgress(statusMessage);
    const share = status === "completed" ? 1 : total === 0 ? 0 : done / total;
    if (this.#isTerminal) {
      const filled = Math.round(share * BAR_WIDTH);
      const bar = "█".repeat(filled) + "░".repeat(BAR_WIDTH - filled);
      write(`\r\x1b[2K  ${status.padEnd(14)} ${bar} ${statusMessage.slice(0, 50)}`);
      return;
    }
    const shown = `${status} ${Math.floor(share * QUARTERS)}`;
    if (shown !== this.#lastShown) console.log(`  ${status.padEnd(14)} ${statusMessage}`);
    this.#lastShown = shown;
  }

  /** Leaves the line as it is. */
  end(): void {
    if (this.#isTerminal) write("\n");
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
