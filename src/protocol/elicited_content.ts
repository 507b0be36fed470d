/**
 * Holds a filled-in form against the schema it was asked for with (T25-266, T26-277).
 *
 * @module
 */
import { isJsonObject, type JsonObject } from "./json.ts";
import type { ElicitationSchema } from "./elicitation_schema.ts";
import type { ElicitResult } from "./input.ts";

/**
 * What is wrong with the content of an accepted form, as in `"age" must be at most 120`; `undefined` if nothing is.
 *
 * Only names from the schema are repeated, never anything the peer sent. `pattern` is not applied: it is no keyword
 * of forms, and a costly one could be made to hang the server.
 *
 * @param schema As `assertFlatElicitationSchema` let it pass.
 */
export function faultOfElicitedContent(
  schema: ElicitationSchema,
  content: ElicitResult["content"],
): string | undefined {
  const given: JsonObject = content ?? {};
  const missing = schema.required?.find((name) => !Object.hasOwn(given, name));
  if (missing !== undefined) return `"${missing}" is missing`;
  for (const [name, value] of Object.entries(given)) {
    if (Object.hasOwn(schema.properties, name)) {
      const fault = faultOfValue(schema.properties[name] ?? {}, value);
      if (fault !== undefined) return `"${name}" ${fault}`;
    } else if ("additionalProperties" in schema && schema.additionalProperties === false) {
      return "there is a field the form does not have";
    }
  }
  return undefined;
}

function faultOfValue(field: JsonObject, value: unknown): string | undefined {
  switch (field.type) {
    case "string":
      return typeof value === "string" ? faultOfText(field, value) : "must be text";
    case "number":
    case "integer":
      return typeof value === "number" ? faultOfNumber(field, value) : `must be a number`;
    case "boolean":
      return typeof value === "boolean" ? undefined : "must be true or false";
    default:
      return Array.isArray(value) ? faultOfChoices(field, value) : "must be a list of choices";
  }
}

function faultOfText(field: JsonObject, value: string): string | undefined {
  const choices = choicesOf(field);
  if (choices !== undefined) return choices.includes(value) ? undefined : "must be one of the choices";
  const length = [...value].length;
  if (length < number(field.minLength, 0)) return `must have at least ${field.minLength} characters`;
  if (length > number(field.maxLength, Infinity)) return `must have at most ${field.maxLength} characters`;
  if (typeof field.format === "string" && !hasFormat(field.format, value)) {
    return `must be a valid ${field.format}`;
  }
  return undefined;
}

function faultOfNumber(field: JsonObject, value: number): string | undefined {
  if (field.type === "integer" && !Number.isInteger(value)) return "must be an integer";
  if (value < number(field.minimum, -Infinity)) return `must be at least ${field.minimum}`;
  if (value > number(field.maximum, Infinity)) return `must be at most ${field.maximum}`;
  return undefined;
}

function faultOfChoices(field: JsonObject, values: readonly unknown[]): string | undefined {
  const choices = isJsonObject(field.items) ? choicesOf(field.items) ?? [] : [];
  if (!values.every((value) => choices.includes(value))) return "must hold only choices of the form";
  if (values.length < number(field.minItems, 0)) return `must have at least ${field.minItems} choices`;
  if (values.length > number(field.maxItems, Infinity)) return `must have at most ${field.maxItems} choices`;
  return undefined;
}

function choicesOf(field: JsonObject): readonly unknown[] | undefined {
  if (Array.isArray(field.enum)) return field.enum;
  const titled = field.oneOf ?? field.anyOf;
  return Array.isArray(titled)
    ? titled.map((choice) => isJsonObject(choice) ? choice.const : undefined)
    : undefined;
}

function number(value: unknown, fallback: number): number {
  return typeof value === "number" ? value : fallback;
}

const EMAIL = /^[^\s@]{1,64}@[^\s@]{1,255}$/;
const DATE = /^\d{4}-\d{2}-\d{2}$/;
const DATE_TIME = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/;

function hasFormat(format: string, value: string): boolean {
  switch (format) {
    case "email":
      return EMAIL.test(value);
    case "uri":
      return URL.canParse(value);
    case "date":
      return DATE.test(value) && isDay(value);
    case "date-time":
      return DATE_TIME.test(value) && isDay(value.slice(0, 10)) && !Number.isNaN(Date.parse(value));
    default:
      return true;
  }
}

// `Date` takes 30 February for 1 March.
function isDay(date: string): boolean {
  const at = Date.parse(`${date}T00:00:00Z`);
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(date);
}
