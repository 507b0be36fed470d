/**
 * Tests that say which requirement they verify.
 *
 * The ids are those of `tests/requirements/`: `T25-…` and `T26-…` number the normative statements of the two
 * protocol revisions, `lib-…` our own promises, `FNDX-…` to `INTG-…` what workflow prompts do. A gate there reports which ids no test cites yet.
 *
 * @module
 */
import { requirement } from "../requirements/manifest.ts";
import { type Missing, type TestBody, testIfThere } from "./not_run.ts";

/** Options for {@linkcode verifies}. */
export interface VerifiesOptions {
  /** What the test needs and this machine lacks; the test is then reported as not run. */
  readonly missing?: Missing;
}

/**
 * Registers a test whose name begins with the ids it verifies.
 *
 * @param ids One id or several, written out as literals: the gate reads the source.
 * @throws {RangeError} If an id is not in the manifest.
 */
export function verifies(
  ids: string | readonly string[],
  name: string,
  body: TestBody,
  { missing }: VerifiesOptions = {},
): void {
  const cited = typeof ids === "string" ? [ids] : ids;
  if (cited.length === 0) throw new RangeError(`Cannot register test "${name}": no requirement is cited`);
  for (const id of cited) {
    if (!requirement(id)) {
      throw new RangeError(`Cannot register test "${name}": requirement "${id}" is unknown`);
    }
  }
  testIfThere(missing, `${cited.join(" ")} ${name}`, body);
}
