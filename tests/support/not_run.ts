/**
 * Tests that cannot run here, said aloud.
 *
 * A test whose server or program is missing is registered under its name with the reason and the command that
 * would get it. The runner counts such tests apart and prints them; they never count as passed.
 *
 * @module
 */

/** Why a test cannot run on this machine. */
export interface Missing {
  /** What is missing, for the report. */
  readonly reason: string;
  /** The command that would get it. */
  readonly command: string;
}

/** A test's body. */
export type TestBody = (t: Deno.TestContext) => void | Promise<void>;

const MARK = /^(.*) \[not run: (.*); get it with: (.*)\]$/s;

/** Registers a test as not run. */
export function notRun(name: string, missing: Missing): void {
  Deno.test({ name: nameOfNotRun(name, missing), ignore: true, fn() {} });
}

/** Registers a test that needs something: runs `body` if nothing is missing, else reports it as not run. */
export function testIfThere(missing: Missing | undefined, name: string, body: TestBody): void {
  if (missing) notRun(name, missing);
  else Deno.test(name, body);
}

/** What is missing if no program of that name is on the PATH; `undefined` if there is one. */
export async function missingProgram(program: string, command: string): Promise<Missing | undefined> {
  for (const folder of (Deno.env.get("PATH") ?? "").split(Deno.build.os === "windows" ? ";" : ":")) {
    const found = await Deno.stat(`${folder || "."}/${program}`).catch(() => undefined);
    if (found?.isFile) return undefined;
  }
  return { reason: `${program} is not on the PATH`, command };
}

/** The name under which a test that is not run is registered. */
export function nameOfNotRun(name: string, { reason, command }: Missing): string {
  return `${name} [not run: ${reason}; get it with: ${command}]`;
}

/** Takes such a name apart; `undefined` if it is an ordinary name. */
export function parseNotRun(registered: string): Missing & { readonly name: string } | undefined {
  const [, name, reason, command] = MARK.exec(registered) ?? [];
  return name && reason && command ? { name, reason, command } : undefined;
}
