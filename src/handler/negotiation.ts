/**
 * Media types: what a request may carry, and what its sender says it takes.
 *
 * The specifications oblige clients to name both answer types and to send JSON, but no status for those who do
 * not. We refuse only what cannot work: a body that is not declared as JSON (415), which also keeps plain HTML forms
 * out, and an `Accept` that rules out every answer we could give (406).
 *
 * @module
 */
import { ProtocolError } from "../protocol/mod.ts";

/** @throws {ProtocolError} With `httpStatus` 415 unless the body is declared as unencoded UTF-8 JSON. */
export function requireJsonBody(headers: Headers): void {
  const type = headers.get("content-type");
  if (type !== "application/json" && !isJsonType(type)) {
    throw unsupported('"Content-Type" must be "application/json"');
  }
  const encoding = headers.get("content-encoding");
  if (encoding !== null && encoding.toLowerCase() !== "identity") {
    throw unsupported('"Content-Encoding" must be absent: compressed bodies are not read');
  }
}

function isJsonType(type: string | null): boolean {
  const [essence = "", ...parameters] = (type ?? "").toLowerCase().split(";");
  return essence.trim() === "application/json" &&
    parameters.every((text) =>
      !/^\s*charset\s*=/.test(text) || /^\s*charset\s*=\s*"?utf-?8"?\s*$/.test(text)
    );
}

function unsupported(reason: string): ProtocolError {
  return new ProtocolError(-32600, `Invalid request: ${reason}`, { reason: "media_type" }, {
    httpStatus: 415,
  });
}

/**
 * @param types Media types that an answer may have.
 * @throws {ProtocolError} With `httpStatus` 406 if `Accept` is there and rules out all of them.
 */
export function requireAcceptable(headers: Headers, types: readonly string[]): void {
  const accept = headers.get("accept");
  if (accept === null || types.some((type) => accepts(accept, type))) return;
  throw new ProtocolError(
    -32600,
    `Invalid request: "Accept" must include ${types.map((type) => `"${type}"`).join(" or ")}`,
    { reason: "not_acceptable" },
    { httpStatus: 406 },
  );
}

/** Whether `Accept` gives event streams more weight than JSON, or the same weight and names them first. */
export function prefersEvents(headers: Headers): boolean {
  const accept = headers.get("accept");
  if (accept === null) return false;
  const [events, json] = [weigh(accept, "text/event-stream"), weigh(accept, "application/json")];
  return events.weight > json.weight || events.weight === json.weight && events.place < json.place;
}

function accepts(accept: string, type: string): boolean {
  return weigh(accept, type).weight !== 0;
}

/** What `Accept` says of a range: its weight, and at which place. */
interface Weighed {
  readonly weight: number;
  readonly place: number;
}

const UNNAMED: Weighed = { weight: 0, place: Infinity };
/** Clients send the same header with each request: what the last ones said. */
const read = new Map<string, ReadonlyMap<string, Weighed>>();
const MAX_READ = 64;
/** Longest header that is kept, in characters. */
const MAX_KEPT_CHARS = 256;

/** Weight and place of the range that decides on a type: the most specific one, as RFC 9110 has it. */
function weigh(accept: string, type: string): Weighed {
  const ranges = rangesOf(accept);
  return ranges.get(type) ?? ranges.get(`${type.slice(0, type.indexOf("/"))}/*`) ?? ranges.get("*/*") ??
    UNNAMED;
}

function rangesOf(accept: string): ReadonlyMap<string, Weighed> {
  const known = read.get(accept);
  if (known !== undefined) return known;
  const named = new Map<string, Weighed>();
  for (const [place, item] of accept.toLowerCase().split(",").entries()) {
    const [range = "", ...parameters] = item.split(";");
    const weight = parameters.map((text) => text.trim()).find((text) => text.startsWith("q="));
    named.set(range.trim(), { weight: weight === undefined ? 1 : Number(weight.slice(2)), place });
  }
  if (accept.length <= MAX_KEPT_CHARS) {
    if (read.size >= MAX_READ) read.clear();
    read.set(accept, named);
  }
  return named;
}
