/**
 * Judges what we send by schemas that others wrote, so that no shape rests on our own reading.
 *
 * Two kinds of sources: the zod schemas of the official packages, which every clone gets from npm, and the published
 * JSON Schemas, where a copy is there. A definition is judged by every source that knows it; one that no source
 * knows is an error, never a pass.
 *
 * @module
 */
import * as core from "@modelcontextprotocol/core";
import * as tasksV1 from "@modelcontextprotocol/ext-tasks/core/v1";
import * as tasksV2 from "@modelcontextprotocol/ext-tasks/core/v2";
import { AssertionError } from "@std/assert";
import {
  faultByJsonSchema,
  missingJsonSchemas,
  type PublishedSchema,
  type Verdict,
} from "./published_json_schemas.ts";

export { missingJsonSchemas };

/** What the core package spells as in 2025-11-25 only, and so is no measure for 2026-07-28. */
const CORE_IS_2025 = /Task|^Initialize|^ElicitRequest(URL)?(Params)?$/;

/**
 * Makes sure that `value` is a valid `definition` of 2025-11-25, such as `"CreateTaskResult"`.
 *
 * @throws {AssertionError} With every source's complaint, or if no source knows the definition.
 */
export function assertValid2025(definition: string, value: unknown): void {
  judge(definition, value, [
    ["2025-11-25 JSON Schema", byJsonSchema("2025-11-25")],
    ["official core package", byZod(core, "Schema")],
    ["official tasks package, v1", byZod(tasksV1, "V1Schema")],
  ]);
}

/**
 * Makes sure that `value` is a valid `definition` of 2026-07-28, such as `"DiscoverResult"`.
 *
 * @throws {AssertionError} With every source's complaint, or if no source knows the definition.
 */
export function assertValid2026(definition: string, value: unknown): void {
  judge(definition, value, [
    ["2026-07-28 JSON Schema", byJsonSchema("2026-07-28")],
    ["official core package", CORE_IS_2025.test(definition) ? knowsNothing : byZod(core, "Schema")],
    ["official tasks package, v2", byZod(tasksV2, "V2Schema")],
  ]);
}

/**
 * Makes sure that `value` is a valid `definition` of the Tasks extension, such as `"DetailedTask"`.
 *
 * @throws {AssertionError} With every source's complaint, or if no source knows the definition.
 */
export function assertValidTasksExt(definition: string, value: unknown): void {
  judge(definition, value, [
    ["Tasks extension JSON Schema", byJsonSchema("ext-tasks")],
    ["official tasks package, v2", byZod(tasksV2, "V2Schema")],
  ]);
}

type Source = (definition: string, value: unknown) => Verdict;

function judge(definition: string, value: unknown, sources: readonly (readonly [string, Source])[]): void {
  // What travels is JSON: a member that is `undefined` is not there.
  const sent = value === undefined ? undefined : JSON.parse(JSON.stringify(value));
  const verdicts = sources.map(([name, source]) => ({ name, ...source(definition, sent) }));
  if (!verdicts.some(({ known }) => known)) {
    // Known to the published schemas alone, it cannot be judged where they are not: `missingJsonSchemas` says so.
    if (missingJsonSchemas !== undefined) return;
    throw new AssertionError(`Cannot judge a "${definition}": no source here knows the definition`);
  }
  const faults = verdicts.filter(({ fault }) => fault !== undefined);
  if (faults.length === 0) return;
  const list = faults.map(({ name, fault }) => `- ${name}: ${fault}`).join("\n");
  throw new AssertionError(`Not a valid "${definition}":\n${list}\n${JSON.stringify(sent)?.slice(0, 2000)}`);
}

function knowsNothing(): Verdict {
  return { known: false };
}

function byJsonSchema(schema: PublishedSchema): Source {
  return (definition, value) => faultByJsonSchema(schema, definition, value);
}

interface ZodLike {
  safeParse(value: unknown): { success: boolean; error?: { message: string } };
}

function byZod(schemas: object, suffix: string): Source {
  return (definition, value) => {
    const schema = (schemas as Readonly<Record<string, ZodLike | undefined>>)[`${definition}${suffix}`];
    if (schema === undefined) return { known: false };
    const { success, error } = schema.safeParse(value);
    return success ? { known: true } : { known: true, fault: error?.message ?? "not valid" };
  };
}
