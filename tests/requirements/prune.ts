/**
 * Takes the ids that are cited or waived by now out of `open.txt`.
 *
 * Run with `deno task requirements` after writing tests. It never adds an id.
 *
 * @module
 */
import { findCitations } from "./citations.ts";
import { OPEN_FILE } from "./open.ts";
import { WAIVERS } from "./waivers.ts";

const cited = await findCitations(new URL("../", import.meta.url));
const lines = (await Deno.readTextFile(OPEN_FILE)).split("\n");
const kept = lines.filter((line) => !cited.has(line) && !Object.hasOwn(WAIVERS, line));
await Deno.writeTextFile(OPEN_FILE, kept.join("\n"));
console.log(
  `${lines.length - kept.length} ids taken out, ${kept.filter((line) => /^\w+-/.test(line)).length} open`,
);
