/**
 * The requirements a test can cite.
 *
 * @module
 */

/** The word with which a requirement is stated. */
export type Strength = "MUST" | "MUST_NOT" | "SHOULD" | "SHOULD_NOT" | "MAY" | "SCHEMA" | "IMPLIED";

/** Whom a requirement binds. */
export type Bound = "server" | "receiver" | "both" | "requestor" | "client";

/** One requirement. */
export interface Requirement {
  readonly id: string;
  readonly strength: Strength;
  readonly binds: Bound;
  readonly summary: string;
}

const STRENGTHS: readonly string[] = ["MUST", "MUST_NOT", "SHOULD", "SHOULD_NOT", "MAY", "SCHEMA", "IMPLIED"];
const BOUND: readonly string[] = ["server", "receiver", "both", "requestor", "client"];

/** The lists, by the name people know them under. */
export const LISTS: Readonly<Record<string, string>> = {
  "MCP 2025-11-25": readList("t25.txt"),
  "MCP 2026-07-28": readList("t26.txt"),
  "Perdure": readList("own.txt"),
};

/** Every requirement, by id. */
export const MANIFEST: ReadonlyMap<string, Requirement> = parseManifest(Object.values(LISTS).join("\n"));

/** The requirement of that id. */
export function requirement(id: string): Requirement | undefined {
  return MANIFEST.get(id);
}

/** Whether a test has to cite the requirement, or a waiver to say why none does. */
export function isBinding({ strength, binds }: Requirement): boolean {
  return strength.startsWith("MUST") && (binds === "server" || binds === "receiver" || binds === "both");
}

/**
 * Reads a list of requirements: `id strength binds summary` on each line; lines that begin with `#` are skipped.
 *
 * @throws {SyntaxError} If a line has another form or an id comes twice.
 */
export function parseManifest(text: string): Map<string, Requirement> {
  const found = new Map<string, Requirement>();
  for (const line of text.split("\n")) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const entry = parseLine(line);
    if (found.has(entry.id)) throw new SyntaxError(`Cannot read requirements: "${entry.id}" comes twice`);
    found.set(entry.id, entry);
  }
  return found;
}

function readList(file: string): string {
  return Deno.readTextFileSync(new URL(file, import.meta.url));
}

function parseLine(line: string): Requirement {
  const [, id, strength, binds, summary] =
    /^((?:T25|T26|lib|FNDX|EXEC|HAND|CONT|INTG)-\w+) (\w+) (\w+) (\S.*)$/.exec(line) ?? [];
  if (!id || !summary || !isStrength(strength) || !isBound(binds)) {
    throw new SyntaxError(`Cannot read requirement: line is "${line}"`);
  }
  return { id, strength, binds, summary };
}

function isStrength(word: string | undefined): word is Strength {
  return word !== undefined && STRENGTHS.includes(word);
}

function isBound(word: string | undefined): word is Bound {
  return word !== undefined && BOUND.includes(word);
}
