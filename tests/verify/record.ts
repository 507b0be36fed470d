/**
 * `docs/verification.md`: what the long runs found, one section for each runner, made from the figures they keep.
 *
 * A runner keeps its figures in `docs/verification/<name>.json`, so that it goes on where it stopped. The page
 * is written anew from all of them whenever one changes.
 *
 * @module
 */

/** A runner's section, and what it needs to go on. */
export interface Section<State = unknown> {
  /** Sections are in this order. */
  readonly order: number;
  readonly title: string;
  /** What was run, in a sentence or two. */
  readonly intro: string;
  /** Rows of the table: what, and the figure. */
  readonly rows: readonly (readonly [string, string | number])[];
  /** What the runner does not show. */
  readonly notTested: readonly string[];
  /** Machine and versions of the newest run. */
  readonly ranOn: string;
  /** The runner's own. */
  readonly state: State;
}

/** Files of a record. */
export interface RecordFiles {
  /** Folder of the figures. */
  readonly folder: string;
  /** The page. */
  readonly page: string;
}

const root = new URL("../../", import.meta.url).pathname;

/** The record of this repository. */
export const RECORD: RecordFiles = {
  folder: `${root}docs/verification`,
  page: `${root}docs/verification.md`,
};

/** What a runner kept; `undefined` if it never ran. */
export async function readSection<State>(name: string, files = RECORD): Promise<Section<State> | undefined> {
  try {
    return JSON.parse(await Deno.readTextFile(`${files.folder}/${name}.json`)) as Section<State>;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Keeps a runner's figures and writes the page anew. */
export async function writeSection(name: string, section: Section, files = RECORD): Promise<void> {
  await Deno.mkdir(files.folder, { recursive: true });
  const path = `${files.folder}/${name}.json`;
  await Deno.writeTextFile(`${path}.new`, `${JSON.stringify(section, null, 2)}\n`);
  // A runner that is ended while it writes leaves its last figures whole.
  await Deno.rename(`${path}.new`, path);
  const sections: Section[] = [];
  for await (const { name } of Deno.readDir(files.folder)) {
    if (!name.endsWith(".json")) continue;
    sections.push((await readSection(name.slice(0, -".json".length), files))!);
  }
  sections.sort((a, b) => a.order - b.order);
  await Deno.writeTextFile(files.page, toPage(sections));
}

/** Machine and versions, in words. */
export function describeMachine(...further: readonly string[]): string {
  const { deno, v8, typescript } = Deno.version;
  const parts = [
    `${Deno.build.target}, ${navigator.hardwareConcurrency} cores, ${
      Math.round(Deno.systemMemoryInfo().total / 2 ** 30)
    } GiB`,
    `Deno ${deno} (V8 ${v8}, TypeScript ${typescript})`,
    ...further,
    `load ${(Deno.loadavg()[2] ?? 0).toFixed(1)} in the last 15 minutes`,
    new Date().toISOString().slice(0, 10),
  ];
  return parts.join("; ");
}

function toPage(sections: readonly Section[]): string {
  const parts = [
    "# What was verified\n",
    "Written by the runners themselves; do not edit. The figures add up over all runs, which go on where the last one " +
    "stopped.\n",
  ];
  for (const { title, intro, rows, notTested, ranOn } of sections) {
    const table = rows.map(([what, figure]) => `| ${what} | ${figure} |`).join("\n");
    parts.push(`## ${title}\n`, `${intro}\n`, `| what | figure |\n| --- | --- |\n${table}\n`);
    if (notTested.length > 0) parts.push(`Not tested: ${notTested.join("; ")}.\n`);
    parts.push(`Last run on: ${ranOn}.\n`);
  }
  return parts.join("\n");
}
