/**
 * Binding requirements that no test of ours can check, each with the reason. A citation ends the waiver.
 *
 * @module
 */

/** Reasons by id. */
export const WAIVERS: Readonly<Record<string, string>> = {
  "T25-292":
    "The library validates tokens through the author's own check and keeps none; storing them is the author's.",
};
