import { assertEquals, assertStringIncludes } from "@std/assert";
import { readSection, type Section, writeSection } from "./record.ts";

function section(order: number, title: string): Section<{ readonly rounds: number }> {
  return {
    order,
    title,
    intro: `About ${title}.`,
    rows: [["rounds", order]],
    notTested: ["power loss"],
    ranOn: "a machine",
    state: { rounds: order },
  };
}

Deno.test("writeSection() keeps the figures of every runner and writes one page of them", async () => {
  const folder = await Deno.makeTempDir();
  const files = { folder: `${folder}/figures`, page: `${folder}/page.md` };
  assertEquals(await readSection("second", files), undefined);
  await writeSection("second", section(2, "Two"), files);
  await writeSection("first", section(1, "One"), files);
  assertEquals((await readSection<{ rounds: number }>("second", files))?.state.rounds, 2);
  const page = await Deno.readTextFile(files.page);
  assertEquals(page.indexOf("## One") < page.indexOf("## Two"), true);
  assertStringIncludes(page, "| rounds | 2 |");
  assertStringIncludes(page, "Not tested: power loss.");
  await Deno.remove(folder, { recursive: true });
});
