/**
 * Values and bodies that a guard must take in its stride.
 *
 * @module
 */
import { assert, assertEquals, assertInstanceOf, assertStringIncludes } from "@std/assert";
import { type JsonObject, type JsonValue, ProtocolError } from "../../src/protocol/mod.ts";

/** Text that must never come back in an error. */
export const MARKER = "EVILMARKER";

/** One value of each JSON type, and the usual suspects among them. */
export const HOSTILE: readonly JsonValue[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e308,
  "",
  MARKER,
  `${MARKER}\ud800`,
  MARKER.repeat(1024),
  [],
  [MARKER],
  {},
  { [MARKER]: MARKER },
  JSON.parse(`{"__proto__":{"${MARKER}":true}}`),
  nested(10_000),
];

/** Lists nested `depth` deep. */
export function nested(depth: number): JsonValue {
  let value: JsonValue = [];
  for (let i = 1; i < depth; i++) value = [value];
  return value;
}

/** A guard of the params of a method. */
export type Parse = (params: JsonObject | undefined) => unknown;

/**
 * Puts every hostile value but `except` into the field at `path` of valid params, and expects -32602 that names the
 * field and repeats nothing.
 */
export function assertRefuses(
  parse: Parse,
  params: JsonObject,
  path: readonly string[],
  except: (value: JsonValue) => boolean = () => false,
): void {
  parse(params);
  let refused = 0;
  for (const value of HOSTILE) {
    if (except(value)) continue;
    const error = thrownBy(parse, replaced(params, path, value));
    assertEquals(error.code, -32602);
    assertStringIncludes(error.message, `"${path.join(".")}`);
    assertSafe(error);
    refused++;
  }
  assert(refused > 5, `only ${refused} values were tried`);
}

/** Expects that leaving out the field is refused as missing. */
export function assertRequires(parse: Parse, params: JsonObject, path: readonly string[]): void {
  parse(params);
  const error = thrownBy(parse, replaced(params, path, undefined));
  assertEquals(error.code, -32602);
  assertEquals(error.message, `Invalid params: "${path.join(".")}" is missing`);
}

/** The protocol error that `parse` throws. */
export function thrownBy(parse: Parse, params: JsonObject | undefined): ProtocolError {
  try {
    parse(params);
  } catch (error) {
    assertInstanceOf(error, ProtocolError);
    return error;
  }
  throw new Error(`Cannot find an error: ${JSON.stringify(params)?.slice(0, 200)} was taken`);
}

/** Expects a message of bounded length that repeats none of the peer's text. */
export function assertSafe(error: ProtocolError): void {
  assert(error.message.length < 300, `the message has ${error.message.length} characters`);
  assert(!error.message.includes(MARKER), "the message repeats what the peer sent");
  assert(error.message.isWellFormed(), "the message is ill-formed");
}

/** A copy of `params` with the field at `path` replaced, or taken out with `undefined`. */
export function replaced(
  params: JsonObject,
  path: readonly string[],
  value: JsonValue | undefined,
): JsonObject {
  const [name = "", ...rest] = path;
  const inner = rest.length === 0 ? value : replaced(params[name] as JsonObject, rest, value);
  const { [name]: _, ...others } = params;
  return inner === undefined ? others : { ...others, [name]: inner };
}
