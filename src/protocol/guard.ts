/**
 * How a guard reads what a peer sent: a zod schema goes in, a value or one clear sentence comes out.
 *
 * Schemas name only the members we read; others pass unseen. Members whose names the peer chose are judged as a
 * whole, so that no error ever repeats a name or a value of the peer's.
 *
 * @module
 */
import * as z from "zod/mini";
import { invalidParams, ProtocolError } from "./errors.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "./json.ts";

/** A zod schema whose every error is a phrase that goes on after the name of the field. */
export type Guard<T> = z.ZodMiniType<T>;

/** A guard for one field, given what it must be, as in `must be <what>`. */
export function field<T>(what: string, is: (value: unknown) => boolean): Guard<T> {
  return z.custom<T>(is, {
    error: (issue) => issue.input === undefined ? "is missing" : `must be ${what}`,
  });
}

/** A guard for an object with the members of `shape`; other members are left out of the result. */
export function members<T extends Record<string, Guard<unknown>>>(
  shape: T,
): Guard<z.infer<z.ZodMiniObject<T, z.core.$strip>>> {
  return z.object(shape, {
    error: (issue) => issue.input === undefined ? "is missing" : "must be an object",
  });
}

/** The same guard, for a member that may be absent. */
export function optional<T>(guard: Guard<T>): z.ZodMiniOptional<Guard<T>> {
  return z.optional(guard);
}

const NOTHING: JsonObject = {};

/**
 * Reads the params of a request.
 *
 * @throws {ProtocolError} -32602, naming the first field at fault.
 */
export function parseParams<T>(guard: Guard<T>, params: JsonObject | undefined): T {
  const outcome = z.safeParse(guard, params ?? NOTHING);
  if (outcome.success) return outcome.data;
  throw invalidParams(`Invalid params: ${describe(outcome.error.issues[0])}`);
}

/** Reads the params of a notification; `undefined` if they are malformed, for a notification gets no answer. */
export function tryParams<T>(guard: Guard<T>, params: JsonObject | undefined): T | undefined {
  const outcome = z.safeParse(guard, params ?? NOTHING);
  return outcome.success ? outcome.data : undefined;
}

function describe(issue: z.core.$ZodIssue | undefined): string {
  if (issue === undefined) return "not what the method takes";
  const path = issue.path.reduce<string>(
    (text, part) =>
      typeof part === "number" ? `${text}[${part}]` : text === "" ? String(part) : `${text}.${String(part)}`,
    "",
  );
  return path === "" ? `params ${issue.message}` : `"${path}" ${issue.message}`;
}

/** Whether `value` is well-formed Unicode text of `min` to `max` UTF-16 units. */
export function isText(value: unknown, min: number, max: number): value is string {
  return typeof value === "string" && value.length >= min && value.length <= max && value.isWellFormed();
}

/** A guard for well-formed text of bounded length. */
export function text(min: number, max: number): Guard<string> {
  const what = min === 0
    ? `well-formed text of at most ${max} characters`
    : `well-formed text of ${min} to ${max} characters`;
  return field(what, (value) => isText(value, min, max));
}

/** A guard for any JSON object, returned as it is. */
export const anyObject: Guard<JsonObject> = field("an object", isJsonObject);

/** A guard for any JSON value. */
export const anyJson: Guard<JsonValue> = field("a JSON value", (value) => value !== undefined);

/** A guard for a finite number. */
export const finiteNumber: Guard<number> = field("a finite number", Number.isFinite);

/** A guard for a boolean. */
export const bool: Guard<boolean> = field("true or false", (value) => typeof value === "boolean");

/**
 * Copies an object with names the peer chose into one without a prototype, so that looking up
 * `constructor` or `__proto__` finds what was sent under that name, or nothing.
 */
export function toLookup<T extends JsonValue>(
  object: { readonly [key: string]: T },
): Readonly<Record<string, T>> {
  const copy: Record<string, T> = Object.create(null);
  for (const [key, value] of Object.entries(object)) copy[key] = value;
  return copy;
}

/** Runs `parse`; if it throws a {@linkcode ProtocolError}, throws it again with an HTTP status. */
export function withHttpStatus<T>(httpStatus: number, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw new ProtocolError(error.code, error.message, error.data, { cause: error, httpStatus });
  }
}
