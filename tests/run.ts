/**
 * Runs the tests and says plainly what came of them.
 *
 * Arguments are passed on to `deno test`. Examples in docstrings and Markdown are tests too. What was not run is listed
 * with the reason and with the command that would change it. A test that is skipped without a reason counts as failed.
 * The last line is `N passed, N failed`, with `, N skipped` behind it if any was not run.
 *
 * @module
 */
import { LineStream } from "./support/line_stream.ts";
import { summarize, summaryLine } from "./support/test_report.ts";

/** Runs `deno test` and passes on its output but for the tests that went well; gives back its last words too. */
async function runTests(junitPath: string, args: readonly string[]): Promise<{ code: number; tail: string }> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["test", "-A", "--parallel", "--doc", `--junit-path=${junitPath}`, ...args],
    env: { NO_COLOR: "1" },
    stdout: "piped",
    stderr: "inherit",
  });
  const child = command.spawn();
  const lines: string[] = [];
  for await (const line of child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(new LineStream())) {
    if (/ \.\.\. (ok|ignored)( \(.*\))?$/.test(line)) continue;
    console.log(line);
    lines.push(line);
  }
  return { code: (await child.status).code, tail: lines.slice(-20).join("\n") };
}

const folder = await Deno.makeTempDir({ prefix: "tests-" });
try {
  const { code, tail } = await runTests(`${folder}/junit.xml`, Deno.args);
  const junit = await Deno.readTextFile(`${folder}/junit.xml`).catch(() => "");
  const summary = summarize({ code, tail, junit });
  for (const { name, reason, command } of summary.notRun) {
    console.log(`not run: ${name}\n  reason: ${reason}\n  get it with: ${command}`);
  }
  for (const name of summary.unexplained) console.log(`skipped without a reason, counted as failed: ${name}`);
  console.log(summaryLine(summary));
  Deno.exitCode = summary.failed > 0 ? code || 1 : 0;
} finally {
  await Deno.remove(folder, { recursive: true });
}
