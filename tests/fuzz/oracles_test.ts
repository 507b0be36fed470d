import { assertEquals } from "@std/assert";
import type { FetchHandler } from "../../mod.ts";
import { playAlone } from "./batch.ts";
import type { FuzzStore } from "./fuzz_store.ts";
import { generate } from "./generate.ts";
import { play } from "./play.ts";
import { shrink } from "./shrink.ts";
import type { Oracle } from "./violation.ts";

type Wrap = (fetch: FetchHandler, store: FuzzStore) => FetchHandler;

/** A server whose JSON answers are changed. */
function changed(change: (text: string, request: Request) => string): Wrap {
  return (fetch) => async (request, ...platform) => {
    const response = await fetch(request, ...platform);
    if (response.headers.get("content-type") !== "application/json") return response;
    const { status, headers } = response;
    return new Response(change(await response.text(), request), { status, headers });
  };
}

/** A server whose event streams are changed. */
function streamed(change: (text: string) => string): Wrap {
  return (fetch) => async (request, ...platform) => {
    const response = await fetch(request, ...platform);
    if (response.headers.get("content-type") !== "text/event-stream") return response;
    const bytes = new TransformStream<Uint8Array, Uint8Array>({
      transform: (chunk, controller) =>
        controller.enqueue(new TextEncoder().encode(change(new TextDecoder().decode(chunk)))),
    });
    return new Response(response.body!.pipeThrough(bytes), response);
  };
}

/** A server whose answers have another head. */
function headed(change: (response: Response) => ResponseInit): Wrap {
  return (fetch) => async (request, ...platform) => {
    const response = await fetch(request, ...platform);
    return new Response(response.body, {
      status: response.status,
      headers: response.headers,
      ...change(response),
    });
  };
}

function withHeader(response: Response, name: string, value: string): Headers {
  const headers = new Headers(response.headers);
  headers.set(name, value);
  return headers;
}

const isCall = (text: string) => text.includes('"resultType":"complete"');

const WRONG: readonly (readonly [what: string, oracle: Oracle, wrap: Wrap])[] = [
  ["throws", "crash", () => () => {
    throw new Error("boom");
  }],
  ["rejects", "crash", () => () => Promise.reject(new Error("boom"))],
  ["never answers", "hang", () => () => new Promise(() => {})],
  ["answers with status 503", "status", headed(() => ({ status: 503 }))],
  [
    "names its software",
    "header",
    headed((response) => ({ headers: withHeader(response, "server", "x/1") })),
  ],
  [
    "gives session ids to anyone",
    "header",
    headed((response) => ({
      headers: withHeader(response, "mcp-session-id", "a".repeat(32)),
    })),
  ],
  ["answers what is not JSON", "body", changed((text) => `${text}]`)],
  ["answers nothing", "body", changed(() => "")],
  ["leaves the version out", "envelope", changed((text) => text.replace('"jsonrpc":"2.0",', ""))],
  [
    "answers with result and error",
    "envelope",
    changed((text) => text.replace('"error":', '"result":{},"error":')),
  ],
  ["answers with another id", "id", changed((text) => text.replace(/"id":("[^"]*"|\d+)/, '"id":"other"'))],
  ["leaves out the id", "id", changed((text) => text.replace(/"id":("[^"]*"|\d+),/, ""))],
  [
    "makes up a result type",
    "era",
    changed((text) => text.replace('"resultType":"complete"', '"resultType":"done"')),
  ],
  [
    "uses a number of the other revision",
    "era",
    changed((text) => text.replace('"code":-32601', '"code":-32001')),
  ],
  ["misspells a member", "schema", changed((text) => text.replaceAll('"content":[', '"contents":['))],
  ["refuses what is sound", "refusal", (fetch) => async (request, ...platform) => {
    const response = await fetch(request, ...platform);
    if (response.headers.get("content-type") !== "application/json") return response;
    const text = await response.clone().text();
    return isCall(text) ? refusalOf(text) : response;
  }],
  ["breaks an event's line", "stream", streamed((text) => text.replace('data: {"', 'data: {\n"'))],
  [
    "writes what a client sent into an event",
    "stream",
    streamed((text) => text.replace(":\n\n", "event: x\n\n")),
  ],
  ["repeats an event's id", "stream", streamed((text) => text.replace(/^id: .*$/m, "id: again.0"))],
  [
    "shows a stack",
    "secret",
    changed((text) => text.replace('"message":"', '"message":"Error\\n    at f (/srv/a.ts:1:2)')),
  ],
  [
    "shows a secret",
    "secret",
    changed((text) => text.replace('"message":"', '"message":"SECRET-token-eve ')),
  ],
  ["tells of others' arguments", "leak", (fetch) => {
    let last = "";
    return changed((text) => {
      const mixed = isCall(text) ? text.replace('"text":"', `"text":"${last}`) : text;
      last = /mark-(ada|bob|eve|anon)/.exec(text)?.[0] ?? last;
      return mixed;
    })(fetch, undefined as never);
  }],
  ["lets what it is sent change every object", "pollution", (fetch) => (request, ...platform) => {
    (Object.prototype as Record<string, unknown>).polluted = 1;
    return fetch(request, ...platform);
  }],
  ["stores what it refuses", "unchanged", (fetch, store) => async (request, ...platform) => {
    const response = await fetch(request, ...platform);
    if (response.status === 400) {
      const key = { owner: "o", kind: "task", id: crypto.randomUUID() } as const;
      await store.put({ key, value: new Uint8Array(1) }, { absent: true });
    }
    return response;
  }],
  [
    "revives what has ended",
    "final",
    changed((text) => {
      return /"status":"(completed|cancelled)"/.test(text) && Math.abs(text.length % 2) === 1
        ? text.replace(/"status":"(completed|cancelled)"/, '"status":"working"')
        : text;
    }),
  ],
  ["forgets what is under way", "left_over", (fetch, store) => (request, ...platform) => {
    store.watches++;
    return fetch(request, ...platform);
  }],
];

function refusalOf(text: string): Response {
  const { id } = JSON.parse(text);
  return Response.json({ jsonrpc: "2.0", id, error: { code: -32600, message: "no" } }, { status: 400 });
}

Deno.test("the fuzzer finds a server that fails inside, and one that lets go of a failure", async () => {
  const failing: Wrap = (fetch, store) => (request, ...platform) => {
    store.get = () => Promise.reject(new Error("broken"));
    return fetch(request, ...platform);
  };
  assertEquals((await play(generate(1), { wrap: failing })).violation?.oracle, "defect");
  const careless: Wrap = (fetch) => (request, ...platform) => {
    void Promise.reject(new Error("let go"));
    return fetch(request, ...platform);
  };
  const { violation } = await playAlone(generate(1, 3), { wrap: careless });
  assertEquals([violation?.oracle, violation?.message.includes("let go")], ["unhandled", true]);
});

for (const [what, oracle, wrap] of WRONG) {
  Deno.test(`the fuzzer finds a server that ${what}`, async () => {
    for (let seed = 1; seed <= 40; seed++) {
      const plan = generate(seed);
      const { violation } = await play(plan, { wrap });
      if (violation !== undefined) return assertEquals(violation.oracle, oracle, violation.message);
    }
    throw new Error("Nothing was found");
  });
}

Deno.test("a plan that fails is made smaller, to what it takes", async () => {
  const wrap = changed((text) => text.includes('"code":-32022') ? text.replace('"2.0"', '"3.0"') : text);
  for (let seed = 1;; seed++) {
    const plan = generate(seed);
    if ((await play(plan, { wrap })).violation === undefined) continue;
    const smallest = await shrink(plan, { wrap });
    assertEquals(smallest.steps.length, 1);
    assertEquals((await play(smallest, { wrap })).violation?.oracle, "envelope");
    const [step] = smallest.steps;
    return assertEquals(
      step?.do === "send" && (step.request.body?.length ?? 0) < 250,
      true,
      JSON.stringify(step),
    );
  }
});
