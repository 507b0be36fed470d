/**
 * Judges citations, waivers and open ids against the manifest. Pure, so that it can be tested itself.
 *
 * @module
 */
import { isBinding, type Requirement } from "./manifest.ts";

/** What the gate looks at. */
export interface GateInput {
  readonly manifest: ReadonlyMap<string, Requirement>;
  /** Ids that a test cites. */
  readonly cited: ReadonlySet<string>;
  /** Ids that no test can cite, with the reason. */
  readonly waived: Readonly<Record<string, string>>;
  /** Ids that a test has yet to cite. */
  readonly open: readonly string[];
}

/** What the gate found. */
export interface GateReport {
  /** Each is a reason to fail. */
  readonly problems: readonly string[];
  /** How the binding requirements stand. */
  readonly counts: {
    readonly binding: number;
    readonly cited: number;
    readonly waived: number;
    readonly open: number;
  };
  /** Cited requirements of every strength. */
  readonly citedInAll: number;
}

/** Judges. */
export function judge({ manifest, cited, waived, open }: GateInput): GateReport {
  const reasons = new Map(Object.entries(waived));
  const binding = [...manifest.values()].filter(isBinding).map(({ id }) => id);
  const unknown = (ids: Iterable<string>, where: string) =>
    [...ids].filter((id) => !manifest.has(id)).map((id) => `${id} is ${where} but unknown`);
  const problems = [
    ...unknown(cited, "cited"),
    ...unknown(reasons.keys(), "waived"),
    ...unknown(open, "open"),
    ...[...reasons].filter(([, reason]) => reason.trim().length < 20).map(([id]) =>
      `${id} is waived without a reason`
    ),
    ...[...reasons.keys()].filter((id) => cited.has(id)).map((id) => `${id} is waived but cited`),
    ...open.filter((id) => cited.has(id)).map((id) => `${id} is open but cited`),
    ...open.filter((id) => reasons.has(id)).map((id) => `${id} is open but waived`),
    ...open.filter((id, index) => open.indexOf(id) < index).map((id) => `${id} is open twice`),
    ...binding.filter((id) => !cited.has(id) && !reasons.has(id) && !open.includes(id))
      .map((id) => `${id} binds the server and is neither cited nor waived: ${manifest.get(id)?.summary}`),
  ];
  return {
    problems,
    counts: {
      binding: binding.length,
      cited: binding.filter((id) => cited.has(id)).length,
      waived: binding.filter((id) => reasons.has(id)).length,
      open: binding.filter((id) => open.includes(id)).length,
    },
    citedInAll: [...cited].filter((id) => manifest.has(id)).length,
  };
}
