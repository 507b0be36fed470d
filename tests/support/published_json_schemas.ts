/**
 * The JSON Schemas that the protocol's authors publish, where a copy lies beside the repository.
 *
 * @module
 */
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import type { Missing } from "./not_run.ts";

/** A published schema, by the revision it belongs to. */
export type PublishedSchema = "2025-11-25" | "2026-07-28" | "ext-tasks";

const PROBE = "schema-ext-tasks.json";
const BESIDE = new URL("../../../", import.meta.url);
const FOLDER = await findFolder();

/** What is missing where the schemas are not there; `undefined` where they are. Pass it to `verifies`. */
export const missingJsonSchemas: Missing | undefined = FOLDER !== undefined ? undefined : {
  reason:
    "the published JSON Schemas are neither in MCP_JSON_SCHEMAS nor in a folder spec/ beside the repository",
  command: "copy schema/<revision>/schema.json of the specification to <folder>/schema-<revision>.json",
};

const ajv = new Ajv2020({ strict: false, allErrors: true });
// A CommonJS module, whose types hide the function behind `default`.
(addFormats as unknown as (validator: Ajv2020) => void)(ajv);
if (missingJsonSchemas === undefined) {
  for (const schema of ["2025-11-25", "2026-07-28", "ext-tasks"]) {
    ajv.addSchema(JSON.parse(await Deno.readTextFile(fileOf(schema))), schema);
  }
}

/**
 * What is wrong with `value`, in one line; `undefined` if nothing is, `"unknown"` if the schema lacks the definition
 * or is not there.
 */
export function faultByJsonSchema(schema: PublishedSchema, definition: string, value: unknown): Verdict {
  const validate = validatorOf(schema, definition);
  if (validate === undefined) return { known: false };
  const valid = validate(value);
  return valid ? { known: true } : { known: true, fault: ajv.errorsText(validate.errors) };
}

/** Whether a source knows a definition, and what it finds wrong. */
export interface Verdict {
  /** Whether the source has the definition at all. */
  readonly known: boolean;
  /** Absent: nothing is wrong. */
  readonly fault?: string;
}

function validatorOf(schema: PublishedSchema, definition: string): ValidateFunction | undefined {
  if (missingJsonSchemas !== undefined) return undefined;
  return ajv.getSchema(`${schema}#/$defs/${definition}`);
}

function fileOf(schema: string): URL {
  return new URL(`schema-${schema}.json`, FOLDER);
}

async function findFolder(): Promise<URL | undefined> {
  const given = Deno.env.get("MCP_JSON_SCHEMAS");
  const folders = given === undefined ? await specFoldersBeside() : [toFileUrl(`${given}/`)];
  for (const folder of folders) if (await isFile(new URL(PROBE, folder))) return folder;
  return undefined;
}

async function specFoldersBeside(): Promise<URL[]> {
  const folders: URL[] = [];
  try {
    for await (const { name, isDirectory } of Deno.readDir(BESIDE)) {
      if (isDirectory) folders.push(new URL(`${encodeURIComponent(name)}/spec/`, BESIDE));
    }
  } catch {
    return []; // What lies beside the repository is none of its business where it may not be read.
  }
  return folders;
}

async function isFile(url: URL): Promise<boolean> {
  return (await Deno.stat(url).catch(() => undefined))?.isFile === true;
}

function toFileUrl(path: string): URL {
  return new URL(path, `file://${Deno.cwd()}/`);
}
