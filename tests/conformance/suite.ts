/**
 * Runs single scenarios of the official conformance suite, pinned, and reads their marks.
 *
 * @module
 */

/** The suite, by the name and version npm knows. */
export const SUITE = "npm:@modelcontextprotocol/conformance@0.2.0-alpha.12";

/** The suite's last stable version, which knows 2025-11-25 alone and runs as a whole. */
export const STABLE_SUITE = "npm:@modelcontextprotocol/conformance@0.1.16";

/**
 * Wire a scenario speaks; scenarios of the Tasks extension know only one and take no version. `stable` is a whole set of
 * scenarios of the suite's stable version.
 */
export type Wire = "2025-11-25" | "2026-07-28" | "tasks" | "stable";

/** Marks of one scenario. Checks that the suite skips or calls informative are not counted. */
export interface Marks {
  readonly passed: number;
  readonly failed: number;
  readonly warned: number;
  /** What went wrong, a line each: check id and message. */
  readonly complaints: readonly string[];
}

interface Check {
  readonly id: string;
  readonly status: "SUCCESS" | "FAILURE" | "WARNING" | "INFO" | "SKIPPED";
  readonly errorMessage?: string;
}

const SCENARIO_TIMEOUT_MS = 15_000;

/**
 * Runs one scenario, or one set of the stable suite, against the server at `url`.
 *
 * @throws {Error} If the suite leaves no report; the message holds its output.
 */
export async function runScenario(url: string, scenario: string, wire: Wire): Promise<Marks> {
  const directory = await Deno.makeTempDir({ prefix: "conformance-" });
  try {
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      // Without the configuration of this repository: the suite is a program of its own.
      args: [
        "run",
        "--no-config",
        "-A",
        wire === "stable" ? STABLE_SUITE : SUITE,
        "server",
        "--url",
        url,
        ...toArguments(scenario, wire, directory),
      ],
      cwd: directory,
      env: { NO_COLOR: "1" },
    }).output();
    const checks = await readChecks(directory);
    if (checks === undefined) {
      const output = new TextDecoder().decode(stderr) + new TextDecoder().decode(stdout);
      throw new Error(`Cannot judge scenario "${scenario}": the suite left no report\n${output}`);
    }
    return toMarks(checks);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function toArguments(scenario: string, wire: Wire, directory: string): string[] {
  if (wire === "stable") return ["--suite", scenario, "-o", directory];
  const version = wire === "tasks" ? [] : ["--spec-version", wire];
  return ["--scenario", scenario, ...version, "-o", directory, "--timeout", String(SCENARIO_TIMEOUT_MS)];
}

async function readChecks(directory: string): Promise<readonly Check[] | undefined> {
  const reports: Check[][] = [];
  for await (const entry of Deno.readDir(directory)) {
    if (!entry.isDirectory || !entry.name.startsWith("server-")) continue;
    reports.push(JSON.parse(await Deno.readTextFile(`${directory}/${entry.name}/checks.json`)));
  }
  return reports.length === 0 ? undefined : reports.flat();
}

function toMarks(checks: readonly Check[]): Marks {
  const count = (status: Check["status"]) => checks.filter((check) => check.status === status).length;
  return {
    passed: count("SUCCESS"),
    failed: count("FAILURE"),
    warned: count("WARNING"),
    complaints: checks
      .filter((check) => check.status === "FAILURE" || check.status === "WARNING")
      .map((check) => `${check.id}: ${check.errorMessage ?? check.status}`),
  };
}
