/**
 * Schemas as authors write them: zod, any Standard Schema that can show itself as JSON Schema, or raw JSON Schema.
 *
 * @module
 */
import type { Validator } from "@cfworker/json-schema";
import { isJsonObject, type JsonObject } from "../protocol/mod.ts";
import { checkJsonSchema, type Dialect } from "./json_schema_check.ts";

/** One fault of a value, as Standard Schema reports it. */
export interface SchemaIssue {
  /** What is wrong, for people. */
  readonly message: string;
  /** Where in the value; absent for the value itself. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[];
}

/** Outcome of a validation, as Standard Schema reports it. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/**
 * A schema that validates and can show itself as JSON Schema 2020-12: zod 4, or anything else that
 * implements Standard Schema and Standard JSON Schema.
 */
export interface Schema<Output = unknown> {
  /** The standard's own property. */
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
    readonly jsonSchema?: {
      readonly input: (options: { readonly target: "draft-2020-12" }) => Record<string, unknown>;
      readonly output: (options: { readonly target: "draft-2020-12" }) => Record<string, unknown>;
    };
  };
}

/** What a value is once its schema has read it. */
export type Infer<S> = S extends Schema<infer Output> ? Output : never;

/**
 * JSON Schema of what a schema takes (`input`) or gives (`output`).
 *
 * @throws {TypeError} If the schema cannot show itself as JSON Schema.
 */
export function toJsonSchema(schema: Schema, side: "input" | "output", what: string): JsonObject {
  const source = schema?.["~standard"]?.jsonSchema;
  if (source === undefined) {
    throw new TypeError(
      `Cannot list ${what}: its schema cannot show itself as JSON Schema; use zod 4 or fromJsonSchema(…)`,
    );
  }
  const json = showSchema(source[side], what);
  if (!isJsonObject(json)) throw new TypeError(`Cannot list ${what}: its schema is not an object schema`);
  return json;
}

function showSchema(
  show: (options: { readonly target: "draft-2020-12" }) => Record<string, unknown>,
  what: string,
): unknown {
  try {
    return JSON.parse(JSON.stringify(show({ target: "draft-2020-12" })));
  } catch (cause) {
    const fault = cause instanceof Error ? cause.message : String(cause);
    throw new TypeError(`Cannot list ${what}: its schema cannot show itself as JSON Schema: ${fault}`, {
      cause,
    });
  }
}

/** What came of reading a value. */
export type ReadValue<Output> =
  | { readonly ok: true; readonly value: Output }
  | { readonly ok: false; readonly message: string };

/** Longest message about faults, in UTF-16 units. */
const MAX_FAULTS_LENGTH = 1000;

/** Reads a value by its schema; the message names every field at fault. */
export async function readValue<Output>(schema: Schema<Output>, value: unknown): Promise<ReadValue<Output>> {
  const result = await schema["~standard"].validate(value);
  if (result.issues === undefined) return { ok: true, value: result.value };
  const message = result.issues.map(describeIssue).join("; ");
  return { ok: false, message: message.slice(0, MAX_FAULTS_LENGTH).toWellFormed() };
}

function describeIssue({ path, message }: SchemaIssue): string {
  const keys = (path ?? []).map((part) => String(typeof part === "object" ? part.key : part));
  return keys.length === 0 ? message : `"${keys.join(".")}": ${message}`;
}

/**
 * A schema given as JSON Schema: listed verbatim, validated without code generation.
 *
 * The dialect is 2020-12, or what `$schema` declares: 2020-12, 2019-09 or draft-07. A `$ref` may name what is in the
 * schema itself; nothing is ever fetched.
 *
 * @throws {TypeError} If the schema declares another dialect, refers to what is not in it, nests deeper than 64 levels or
 * has over 10,000 subschemas.
 *
 * @example A tool that takes a raw schema
 * ```ts ignore
 * inputSchema: fromJsonSchema({ type: "object", properties: { year: { type: "integer" } } })
 * ```
 */
export function fromJsonSchema<Output = JsonObject>(schema: JsonObject): Schema<Output> {
  const dialect = checkJsonSchema(schema);
  let validator: Promise<Validator> | undefined;
  return {
    "~standard": {
      version: 1,
      vendor: "perdure",
      validate: async (value) => {
        validator ??= loadValidator(schema, dialect);
        const { valid, errors } = (await validator).validate(value);
        if (valid) return { value: value as Output };
        return {
          issues: errors.map(({ instanceLocation, error }) => ({
            message: error,
            path: instanceLocation.split("/").slice(1),
          })),
        };
      },
      jsonSchema: { input: () => ({ ...schema }), output: () => ({ ...schema }) },
    },
  };
}

/** The validator marks the schema it is given, so it gets a copy. */
async function loadValidator(schema: JsonObject, dialect: Dialect): Promise<Validator> {
  const { Validator } = await import("@cfworker/json-schema");
  return new Validator(JSON.parse(JSON.stringify(schema)), dialect, false);
}
