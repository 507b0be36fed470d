/**
 * A promise about requests and answers that was broken.
 *
 * @module
 */

/** What is looked at: a word for each. */
export type Oracle =
  | "crash"
  | "hang"
  | "status"
  | "header"
  | "body"
  | "envelope"
  | "id"
  | "era"
  | "schema"
  | "refusal"
  | "stream"
  | "secret"
  | "leak"
  | "pollution"
  | "unchanged"
  | "final"
  | "defect"
  | "left_over"
  | "unhandled";

/** See the module. */
export class Violation extends Error {
  override readonly name = "Violation";
  readonly oracle: Oracle;

  constructor(oracle: Oracle, message: string) {
    super(message);
    this.oracle = oracle;
  }
}
