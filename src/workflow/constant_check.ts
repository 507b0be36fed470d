/**
 * Whether a value can satisfy a JSON Schema, as far as that can be told at once and for sure.
 *
 * For constants that are checked when a workflow is registered. What this does not know it lets pass: the tool's own
 * schema judges every call.
 *
 * @module
 */
import { isJsonObject, type JsonObject, type JsonValue } from "../protocol/mod.ts";

/** Levels of schema looked into. */
const MAX_DEPTH = 16;

/** What is wrong with a value, as the end of a sentence; `undefined` if nothing is, or it cannot be told. */
export function faultOfValue(schema: JsonValue | undefined, value: JsonValue, depth = 0): string | undefined {
  if (schema === false) return "is not allowed";
  if (!isJsonObject(schema) || depth > MAX_DEPTH) return undefined;
  return faultOfType(schema, value) ?? faultOfChoice(schema, value) ?? faultOfSize(schema, value) ??
    faultOfBranches(schema, value, depth) ?? faultOfMembers(schema, value, depth);
}

function faultOfType({ type }: JsonObject, value: JsonValue): string | undefined {
  const types = (Array.isArray(type) ? type : [type]).filter((name) => typeof name === "string");
  if (types.length === 0 || types.some((name) => isOfType(name, value))) return undefined;
  return `is not of type ${types.join(" or ")}`;
}

function isOfType(type: string, value: JsonValue): boolean {
  switch (type) {
    case "null":
      return value === null;
    case "integer":
      return Number.isInteger(value);
    case "array":
      return Array.isArray(value);
    case "object":
      return isJsonObject(value);
    case "string":
      return typeof value === "string";
    case "number":
      return typeof value === "number";
    case "boolean":
      return typeof value === "boolean";
    default:
      return true;
  }
}

function faultOfChoice(schema: JsonObject, value: JsonValue): string | undefined {
  const choices = Array.isArray(schema.enum) ? schema.enum : schema.const === undefined ? [] : [schema.const];
  const scalars = choices.filter((choice) => typeof choice !== "object" || choice === null);
  if (choices.length === 0 || scalars.length < choices.length || scalars.includes(value)) return undefined;
  return `is none of ${JSON.stringify(choices)}`;
}

function faultOfSize(schema: JsonObject, value: JsonValue): string | undefined {
  const limit = (name: string): number => typeof schema[name] === "number" ? schema[name] : NaN;
  if (typeof value === "number") {
    if (value < limit("minimum")) return `is below ${limit("minimum")}`;
    if (value > limit("maximum")) return `is above ${limit("maximum")}`;
    if (value <= limit("exclusiveMinimum")) return `is not above ${limit("exclusiveMinimum")}`;
    if (value >= limit("exclusiveMaximum")) return `is not below ${limit("exclusiveMaximum")}`;
  }
  if (typeof value === "string") {
    const length = [...value].length;
    if (length < limit("minLength")) return `is shorter than ${limit("minLength")} characters`;
    if (length > limit("maxLength")) return `is longer than ${limit("maxLength")} characters`;
  }
  if (Array.isArray(value)) {
    if (value.length < limit("minItems")) return `has fewer than ${limit("minItems")} items`;
    if (value.length > limit("maxItems")) return `has more than ${limit("maxItems")} items`;
  }
  return undefined;
}

function faultOfBranches(schema: JsonObject, value: JsonValue, depth: number): string | undefined {
  for (const keyword of ["anyOf", "oneOf"]) {
    const branches = schema[keyword];
    if (!Array.isArray(branches) || branches.length === 0) continue;
    const faults = branches.map((branch: JsonValue) => faultOfValue(branch, value, depth + 1));
    if (faults.every((fault) => fault !== undefined)) return faults[0];
  }
  const all = Array.isArray(schema.allOf) ? schema.allOf : [];
  return firstOf(all, (part: JsonValue) => faultOfValue(part, value, depth + 1));
}

function faultOfMembers(schema: JsonObject, value: JsonValue, depth: number): string | undefined {
  if (Array.isArray(value)) {
    const rest = Array.isArray(schema.prefixItems) ? schema.prefixItems.length : 0;
    const items = value.slice(rest).entries();
    return firstOf(
      items,
      ([i, item]) => within(`item ${rest + i}`, faultOfValue(schema.items, item, depth + 1)),
    );
  }
  if (!isJsonObject(value)) return undefined;
  const { required, properties } = schema;
  const missing = (Array.isArray(required) ? required : []).find((name: JsonValue) =>
    typeof name === "string" && !Object.hasOwn(value, name)
  );
  if (missing !== undefined) return `has no "${missing}"`;
  const known = isJsonObject(properties) ? properties : {};
  return firstOf(Object.entries(value), ([name, member]) => {
    if (member === undefined) return undefined;
    if (Object.hasOwn(known, name)) return within(`"${name}"`, faultOfValue(known[name], member, depth + 1));
    const isClosed = schema.additionalProperties === false && schema.patternProperties === undefined &&
      schema.allOf === undefined && schema.$ref === undefined;
    return isClosed ? `has "${name}", which is not allowed` : undefined;
  });
}

function within(where: string, fault: string | undefined): string | undefined {
  return fault === undefined ? undefined : `has ${where} that ${fault}`;
}

function firstOf<T>(items: Iterable<T>, fault: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const found = fault(item);
    if (found !== undefined) return found;
  }
  return undefined;
}
