/**
 * Finds JSON Schemas whose validation would not end, or would take for ever.
 *
 * A schema that refers to itself from the value's members is a recursive type, and ends where the value does. One that
 * refers to itself for the same value never ends.
 *
 * @module
 * @see JSON Schema core 2020-12, 9.4.1 "Guarding Against Infinite Recursion"; resource use (T26-126)
 */
import { isJsonObject, type JsonObject, type JsonValue } from "../protocol/mod.ts";

/** Subschemas that may be applied to one value. */
const MAX_APPLIED = 10_000;
/** References and combinations that may lead from one to the next for one value. */
const MAX_CHAIN = 256;

/** Keywords that apply their subschema, or each of a list, to the value itself. */
const IN_PLACE = ["allOf", "anyOf", "oneOf", "not", "if", "then", "else"] as const;
/** Keywords that apply the subschemas under their names to the value itself. */
const IN_PLACE_NAMED = ["dependentSchemas", "dependencies"] as const;

/** Finds what a reference of a schema names, within the same document. */
export type Resolve = (reference: JsonValue | undefined) => readonly JsonValue[];

/** Counts what schemas of a document apply to one value. */
export class AppliedSchemas {
  readonly #resolve: Resolve;
  readonly #counts = new Map<JsonObject, number>();
  readonly #open = new Set<JsonObject>();

  /** @param resolve Gives all schemas that a reference may lead to. */
  constructor(resolve: Resolve) {
    this.#resolve = resolve;
  }

  /**
   * Checks a schema.
   *
   * @throws {TypeError} If it applies itself to the same value, or too many schemas.
   */
  check(schema: JsonObject): void {
    this.#count(schema);
  }

  #count(schema: JsonValue | undefined): number {
    if (!isJsonObject(schema)) return schema === undefined ? 0 : 1;
    const known = this.#counts.get(schema);
    if (known !== undefined) return known;
    if (this.#open.has(schema)) {
      throw new TypeError("Cannot use a JSON Schema: a reference in it leads to itself for the same value");
    }
    if (this.#open.size >= MAX_CHAIN) {
      throw new TypeError(
        `Cannot use a JSON Schema: it applies over ${MAX_CHAIN} schemas one through the other`,
      );
    }
    this.#open.add(schema);
    let count = 1;
    for (const next of this.#applied(schema)) count += this.#count(next);
    this.#open.delete(schema);
    if (count > MAX_APPLIED) {
      throw new TypeError(`Cannot use a JSON Schema: it applies over ${MAX_APPLIED} schemas to one value`);
    }
    this.#counts.set(schema, count);
    return count;
  }

  /** What a schema applies to the value itself. */
  #applied(schema: JsonObject): JsonValue[] {
    const references = [schema.$ref, schema.$dynamicRef, schema.$recursiveRef].flatMap(this.#resolve);
    const combined = IN_PLACE.flatMap((keyword) => schema[keyword] ?? []);
    const named = IN_PLACE_NAMED.flatMap((keyword) => {
      const value = schema[keyword];
      return isJsonObject(value) ? Object.values(value) : [];
    });
    return [...references, ...combined, ...named].filter((next) => next !== undefined);
  }
}
