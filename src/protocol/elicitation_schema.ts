/**
 * The schemas a form may ask for: an object of strings, numbers, booleans and choices, and nothing below.
 *
 * @module
 */
import { isJsonObject, type JsonObject } from "./json.ts";
import { isSecretName } from "./secret_names.ts";

/** One field of a form: a JSON Schema for a primitive, a choice of strings, or a list of such choices. */
export type PrimitiveSchema = JsonObject & {
  readonly type: "string" | "number" | "integer" | "boolean" | "array";
};

/** A form: a flat JSON Schema object (T25-254, T26-272). */
export type ElicitationSchema = {
  readonly $schema?: string;
  readonly type: "object";
  readonly properties: { readonly [name: string]: PrimitiveSchema };
  readonly required?: readonly string[];
};

const FORMATS: readonly unknown[] = ["email", "uri", "date", "date-time"];
const ROOT_BANNED = ["$ref", "allOf", "anyOf", "oneOf", "not", "if", "patternProperties", "dependentSchemas"];
const FIELD_BANNED = ["$ref", "allOf", "not", "if"];

/**
 * Makes sure that `schema` is one both revisions allow in a form.
 *
 * Keywords that neither revision knows are let through where they do not nest.
 *
 * @throws {TypeError} Naming the property and what is wrong with it. It is the author's mistake, not the client's.
 */
export function assertFlatElicitationSchema(schema: unknown): asserts schema is ElicitationSchema {
  if (!isJsonObject(schema) || schema.type !== "object" || !isJsonObject(schema.properties)) {
    throw fault('the schema must have type "object" and "properties"');
  }
  const banned = ROOT_BANNED.find((keyword) => schema[keyword] !== undefined);
  if (banned !== undefined) throw fault(`the schema must not use "${banned}"`);
  if (schema.$schema !== undefined && typeof schema.$schema !== "string") {
    throw fault('"$schema" must be a string');
  }
  for (const [name, field] of Object.entries(schema.properties)) {
    const reason = faultOfField(field) ?? faultOfName(name, field as JsonObject);
    if (reason !== undefined) throw fault(`property "${name}" ${reason}`);
  }
  const { required, properties } = schema;
  if (required === undefined) return;
  if (!isStrings(required)) throw fault('"required" must be a list of strings');
  const stray = required.find((name) => !Object.hasOwn(properties, name));
  if (stray !== undefined) throw fault(`"required" names "${stray}", which is not a property`);
}

function fault(reason: string): TypeError {
  return new TypeError(`Cannot ask with a form: ${reason}`);
}

/** Hosts show and log what forms hold (T25-253, T26-271). A choice or a yes or no is no secret, whatever its name. */
function faultOfName(name: string, field: JsonObject): string | undefined {
  const isFree = ["string", "number", "integer"].includes(String(field.type)) &&
    field.enum === undefined && field.oneOf === undefined;
  const isSecret = isFree && (isSecretName(name) || isString(field.title) && isSecretName(field.title));
  return isSecret ? "asks for a secret: let the user enter it on a page of yours" : undefined;
}

function faultOfField(field: unknown): string | undefined {
  if (!isJsonObject(field)) return "must be a schema object";
  const banned = FIELD_BANNED.find((keyword) => field[keyword] !== undefined);
  if (banned !== undefined) return `must not use "${banned}"`;
  if (!isOptional(field.title, isString)) return 'must have text as "title"';
  if (!isOptional(field.description, isString)) return 'must have text as "description"';
  switch (field.type) {
    case "string":
      return faultOfString(field);
    case "number":
    case "integer":
      return faultOfNumber(field);
    case "boolean":
      return isOptional(field.default, isBoolean) ? undefined : 'must have true or false as "default"';
    case "array":
      return faultOfChoices(field);
    default:
      return "must be a string, number, integer, boolean, or array of choices: forms are flat";
  }
}

function faultOfString(field: JsonObject): string | undefined {
  if (field.anyOf !== undefined) return 'must not use "anyOf"';
  if (!isOptional(field.default, isString)) return 'must have text as "default"';
  if (field.oneOf !== undefined) {
    return isTitledChoices(field.oneOf) ? undefined : 'must have "oneOf" of const and title';
  }
  if (field.enum !== undefined) return faultOfEnum(field);
  if (field.format !== undefined && !FORMATS.includes(field.format)) {
    return 'must have "format" email, uri, date or date-time';
  }
  if (!isOptional(field.minLength, isCount)) return 'must have a non-negative integer as "minLength"';
  if (!isOptional(field.maxLength, isCount)) return 'must have a non-negative integer as "maxLength"';
  return undefined;
}

function faultOfEnum(field: JsonObject): string | undefined {
  if (!isStrings(field.enum)) return 'must have a list of strings as "enum"';
  if (field.enumNames === undefined) return undefined;
  return isStrings(field.enumNames) && field.enumNames.length === field.enum.length
    ? undefined
    : 'must have one name for each choice as "enumNames"';
}

function faultOfNumber(field: JsonObject): string | undefined {
  const keyword = ["default", "minimum", "maximum"].find((key) => !isOptional(field[key], Number.isFinite));
  return keyword === undefined ? undefined : `must have a number as "${keyword}"`;
}

function faultOfChoices(field: JsonObject): string | undefined {
  const { items } = field;
  if (!isJsonObject(items)) return 'must have choices as "items"';
  const plain = items.type === "string" && isStrings(items.enum);
  if (!plain && !isTitledChoices(items.anyOf)) {
    return 'must have "items" with an "enum" or "anyOf" of choices';
  }
  if (!isOptional(field.default, isStrings)) return 'must have a list of strings as "default"';
  if (!isOptional(field.minItems, isCount)) return 'must have a non-negative integer as "minItems"';
  if (!isOptional(field.maxItems, isCount)) return 'must have a non-negative integer as "maxItems"';
  return undefined;
}

function isTitledChoices(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 &&
    value.every((choice) => isJsonObject(choice) && isString(choice.const) && isString(choice.title));
}

function isOptional(value: unknown, is: (value: unknown) => boolean): boolean {
  return value === undefined || is(value);
}

function isString(value: unknown): value is string {
  return typeof value === "string";
}

function isBoolean(value: unknown): value is boolean {
  return typeof value === "boolean";
}

function isStrings(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(isString);
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
