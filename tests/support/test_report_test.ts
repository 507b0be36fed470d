import { assertEquals } from "@std/assert";
import { summarize, summaryLine } from "./test_report.ts";

const JUNIT = `<testsuite name="./a_test.ts" tests="3" disabled="1">
  <testcase name="runs" classname="./a_test.ts" time="0.001" line="1" col="6">
  </testcase>
  <testcase name="get() &lt;a&gt; [not run: no &quot;redis&quot;; get it with: apt-get install redis-server]" line="2">
      <skipped/>
  </testcase>
</testsuite>`;

Deno.test("summarize() counts what passed, failed and was not run", () => {
  const summary = summarize({
    code: 0,
    tail: "\nok | 2 passed (1 step) | 0 failed | 1 ignored (9ms)\n",
    junit: JUNIT,
  });
  assertEquals(summary, {
    passed: 2,
    failed: 0,
    notRun: [{ name: "get() <a>", reason: 'no "redis"', command: "apt-get install redis-server" }],
    unexplained: [],
  });
  assertEquals(summaryLine(summary), "2 passed, 0 failed, 1 skipped");
});

Deno.test("summarize() counts a skip without a reason as failed", () => {
  const junit = '<testcase name="later" line="1">\n<skipped/>';
  const summary = summarize({ code: 0, tail: "ok | 1 passed | 0 failed | 1 ignored (1ms)", junit });
  assertEquals([summary.failed, summary.unexplained], [1, ["later"]]);
});

Deno.test("summarize() counts a run that did not finish, or ran nothing, as failed", () => {
  assertEquals(
    summaryLine(summarize({ code: 1, tail: "error: Type checking failed.", junit: "" })),
    "0 passed, 1 failed",
  );
  assertEquals(
    summaryLine(summarize({ code: 1, tail: "ok | 4 passed | 0 failed (1ms)", junit: "" })),
    "4 passed, 1 failed",
  );
  assertEquals(
    summaryLine(summarize({ code: 0, tail: "ok | 0 passed | 0 failed (0ms)", junit: "" })),
    "0 passed, 1 failed",
  );
});
