/**
 * Makes a request of a sketch.
 *
 * @module
 */
import { type CallerName, CALLERS, type Pools } from "./pools.ts";
import type { RequestSketch } from "./plan.ts";
import { callerOf, tokenOf } from "./served.ts";

/** A request that can be sent, and what it consists of. */
export interface BuiltRequest {
  readonly request: Request;
  readonly method: string;
  readonly headers: Headers;
  /** The whole body; absent where there is none, or where it breaks off. */
  readonly body: Uint8Array<ArrayBuffer> | undefined;
}

const ORIGIN = "http://127.0.0.1:8000";

/** Builds a request; tokens stand for what its caller knows. Headers that `Headers` does not take are left out. */
export function buildRequest(sketch: RequestSketch, pools: Pools, signal?: AbortSignal): BuiltRequest {
  const caller = callerOfSketch(sketch);
  const headers = new Headers();
  for (const [name, value] of sketch.headers) append(headers, name, pools.resolve(tokenFor(value), caller));
  const body = sketch.body === undefined ? undefined : bodyOf(sketch, pools.resolve(sketch.body, caller));
  const hasBody = body !== undefined && sketch.method !== "GET" && sketch.method !== "HEAD";
  const isWhole = sketch.cuts === undefined && !sketch.breaksOff;
  const init: RequestInit & { readonly duplex?: "half" } = {
    method: sketch.method,
    headers,
    signal,
    ...(hasBody && (isWhole ? { body } : { body: inPieces(body, sketch), duplex: "half" })),
  };
  const request = new Request(`${ORIGIN}${sketch.path}`, init);
  return {
    request,
    method: request.method,
    headers,
    body: hasBody && !sketch.breaksOff ? body : undefined,
  };
}

/** Whom the headers of a sketch stand for. */
export function callerOfSketch({ headers }: RequestSketch): CallerName {
  const values = headers.filter(([name]) => name.toLowerCase() === "authorization");
  return callerOf(values.length === 0 ? null : values.map(([, value]) => tokenFor(value)).join(", "));
}

/** `@ada` stands for her credentials: sketches hold no secrets. */
function tokenFor(value: string): string {
  const caller = CALLERS.find((name) => value === `@${name}`);
  return caller === undefined ? value : tokenOf(caller);
}

function append(headers: Headers, name: string, value: string): void {
  try {
    headers.append(name, value);
  } catch {
    // No client of this kind can send it; the slice over sockets does.
  }
}

function bodyOf({ bytes = [] }: RequestSketch, text: string): Uint8Array<ArrayBuffer> {
  const body = new TextEncoder().encode(text);
  for (const [offset, byte] of bytes) if (body.length > 0) body[offset % body.length] = byte;
  return body;
}

function inPieces(
  body: Uint8Array<ArrayBuffer>,
  { cuts = [], breaksOff }: RequestSketch,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const ends = [...new Set(cuts.map((cut) => cut % (body.length + 1)))].sort((a, b) => a - b);
  const pieces = [...ends, body.length].map((end, i) => body.slice(ends[i - 1] ?? 0, end));
  return new ReadableStream({
    pull(controller) {
      const piece = pieces.shift();
      if (piece !== undefined) return controller.enqueue(piece);
      if (breaksOff) controller.error(new TypeError("connection reset"));
      else controller.close();
    },
  });
}
