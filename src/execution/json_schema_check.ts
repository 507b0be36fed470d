/**
 * What a JSON Schema must be before it is listed to clients and validates what they send.
 *
 * @module
 * @see JSON Schema usage (T25-130, T26-122), `$ref` resolution (T26-123 to T26-125), resource use (T26-126)
 */
import { isJsonObject, jsonDepth, type JsonObject, type JsonValue } from "../protocol/mod.ts";
import { AppliedSchemas } from "./json_schema_circles.ts";

/** Dialects that a schema may declare, by the names that the validator knows them under. */
const DIALECTS = {
  "https://json-schema.org/draft/2020-12/schema": "2020-12",
  "https://json-schema.org/draft/2019-09/schema": "2019-09",
  "http://json-schema.org/draft-07/schema": "7",
} as const;

/** A dialect that is validated. */
export type Dialect = typeof DIALECTS[keyof typeof DIALECTS];

/** Containers a schema may nest. */
const MAX_DEPTH = 64;
/** Subschemas a schema may have. */
const MAX_SUBSCHEMAS = 10_000;
/** Keywords whose value is data, whatever it looks like. */
const DATA: ReadonlySet<string> = new Set(["const", "default", "enum", "examples"]);
/** Keywords whose value holds subschemas under names of the author's. */
const NAMED: ReadonlySet<string> = new Set([
  "$defs",
  "definitions",
  "dependencies",
  "dependentSchemas",
  "patternProperties",
  "properties",
]);
const NAMES = ["$anchor", "$dynamicAnchor", "$id"] as const;
const REFERENCES = ["$ref", "$dynamicRef", "$recursiveRef"] as const;

/**
 * Checks a schema and tells its dialect; 2020-12 where it declares none.
 *
 * @throws {TypeError} If it declares a dialect that is not validated, refers to what is not in it (nothing is ever
 * fetched) or to itself for the same value, or is too deep or too large to be validated in bounded time.
 */
export function checkJsonSchema(schema: JsonObject): Dialect {
  if (jsonDepth(schema, MAX_DEPTH) > MAX_DEPTH) {
    throw new TypeError(`Cannot use a JSON Schema: it nests deeper than ${MAX_DEPTH} levels`);
  }
  const checker = new Checker(schema);
  checker.check(schema);
  checker.checkApplied();
  const { $schema } = schema;
  if ($schema === undefined) return "2020-12";
  for (const [uri, dialect] of Object.entries(DIALECTS)) {
    if ($schema === uri || $schema === `${uri}#`) return dialect;
  }
  const supported = Object.keys(DIALECTS).join(", ");
  throw new TypeError(
    `Cannot use a JSON Schema: its dialect is ${JSON.stringify($schema)}, not one of ${supported}`,
  );
}

class Checker {
  readonly #root: JsonObject;
  readonly #subschemas: JsonObject[] = [];
  /** Subschemas by the names that references may call them. */
  readonly #named = new Map<string, JsonObject[]>();

  constructor(root: JsonObject) {
    this.#root = root;
  }

  check(schema: JsonValue | undefined): void {
    if (Array.isArray(schema)) return schema.forEach((item) => this.check(item));
    if (!isJsonObject(schema)) return;
    if (this.#subschemas.push(schema) > MAX_SUBSCHEMAS) {
      throw new TypeError(`Cannot use a JSON Schema: it has over ${MAX_SUBSCHEMAS} subschemas`);
    }
    for (const keyword of NAMES) this.#name(schema[keyword], schema);
    for (const keyword of REFERENCES) this.#checkReference(keyword, schema[keyword]);
    for (const [keyword, value] of Object.entries(schema)) {
      if (DATA.has(keyword)) continue;
      if (NAMED.has(keyword) && isJsonObject(value)) Object.values(value).forEach((item) => this.check(item));
      else this.check(value);
    }
  }

  /** Behind {@linkcode Checker.check}, which finds the names. */
  checkApplied(): void {
    const applied = new AppliedSchemas((reference) => this.#resolve(reference));
    for (const schema of this.#subschemas) applied.check(schema);
  }

  #name(name: JsonValue | undefined, schema: JsonObject): void {
    if (typeof name !== "string") return;
    const reference = name.startsWith("#") ? name : `#${name}`;
    this.#named.set(reference, [...this.#named.get(reference) ?? [], schema]);
  }

  #resolve(reference: JsonValue | undefined): readonly JsonValue[] {
    if (typeof reference !== "string") return [];
    if (!isPointer(reference)) return this.#named.get(reference) ?? [];
    const found = find(this.#root, reference);
    return found === undefined ? [] : [found];
  }

  #checkReference(keyword: string, reference: JsonValue | undefined): void {
    if (reference === undefined) return;
    const isHere = typeof reference === "string" && reference.startsWith("#");
    if (isHere && (!isPointer(reference) || find(this.#root, reference) !== undefined)) return;
    throw new TypeError(
      `Cannot use a JSON Schema: its "${keyword}" ${
        JSON.stringify(reference)
      } names nothing in it, and nothing is fetched`,
    );
  }
}

/** Whether a reference is a path from the root; others are names, which the validator looks up. */
function isPointer(reference: string): boolean {
  return reference === "#" || reference.startsWith("#/");
}

function find(root: JsonObject, reference: string): JsonValue | undefined {
  let value: JsonValue | undefined = root;
  for (const part of reference.split("/").slice(1)) {
    const key = decode(part);
    if (key === undefined || typeof value !== "object" || value === null || !Object.hasOwn(value, key)) {
      return undefined;
    }
    value = (value as JsonObject)[key];
  }
  return value;
}

function decode(part: string): string | undefined {
  try {
    return decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~");
  } catch {
    return undefined; // Not percent-encoded text, and so the name of nothing.
  }
}
