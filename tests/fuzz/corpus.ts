/**
 * Plans that once broke a promise: they are played again in every run.
 *
 * @module
 */
import type { Plan } from "./plan.ts";

/** A kept plan, and what was wrong. */
export interface Kept {
  readonly what: string;
  readonly plan: Plan;
}

const FILE = new URL("./corpus.jsonl", import.meta.url);

/** All kept plans. */
export async function readCorpus(): Promise<Kept[]> {
  const text = await Deno.readTextFile(FILE);
  return text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
}

/** Keeps a plan. */
export async function keep(kept: Kept): Promise<void> {
  await Deno.writeTextFile(FILE, `${JSON.stringify(kept)}\n`, { append: true });
}
