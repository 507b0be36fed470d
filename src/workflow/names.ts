/**
 * Names and bounds of workflows.
 *
 * @module
 */

/** Bounds of a workflow. */
export const LIMITS = {
  /** Steps. */
  steps: 50,
  /** Prompt arguments. */
  arguments: 64,
  /** Arguments of a tool, and template bindings, of one step. */
  sources: 64,
  /** Resources of one step. */
  resources: 16,
  /** Description, guidance, instructions, in UTF-16 units. */
  text: 4000,
} as const;

const NAME = /^[A-Za-z_][A-Za-z0-9_-]{0,63}$/;
const STEP_NAME = /^[\p{L}\p{N}_](?:[\p{L}\p{M}\p{N} _.:-]{0,62}[\p{L}\p{M}\p{N}_.:-])?$/u;
/** Names that plain objects answer to, whatever they hold. */
const INHERITED: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

/** Whether a text can name an argument, a binding or a placeholder: 1 to 64 of `A-Z a-z 0-9 _ -`, a letter or `_` first. */
export function isName(text: string): boolean {
  return NAME.test(text) && !INHERITED.has(text);
}

/**
 * Whether a text can name a step: 1 to 64 letters, digits, spaces, `_ . : -`. What it leaves out, `#` and `/`, parts
 * the names in the journal.
 */
export function isStepName(text: string): boolean {
  return text.length <= 64 && STEP_NAME.test(text) && !INHERITED.has(text);
}
