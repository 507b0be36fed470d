import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { assertEquals } from "@std/assert";
import { toNodeHandler } from "@perdure/mcp-tasks/node";
import { settle } from "../support/settle.ts";
import { createTestServer } from "../support/test_server.ts";
import { FakeIncoming, FakeOutgoing } from "./node_fakes.ts";

const text = new TextEncoder();

/** What the handler was given, and a handler that answers with `response`. */
function answering(response: Response | (() => Response | Promise<Response>)) {
  const seen: { request: Request; platform: unknown[] }[] = [];
  const fetch = async (request: Request, ...platform: unknown[]): Promise<Response> => {
    seen.push({ request, platform });
    return await (typeof response === "function" ? response() : response);
  };
  return { fetch, seen };
}

/** A body that gives pieces when told, and notices when it is cancelled. */
function pieces() {
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  const state = { isCancelled: false, pulls: 0 };
  const body = new ReadableStream<Uint8Array>({
    start: (given) => void (controller = given),
    pull: () => void state.pulls++,
    cancel: () => void (state.isCancelled = true),
  }, { highWaterMark: 0 });
  return {
    state,
    body,
    push: (piece: string) => controller.enqueue(text.encode(piece)),
    close: () => controller.close(),
    fail: (error: Error) => controller.error(error),
  };
}

Deno.test("toNodeHandler() hands over method, URL, headers and body, and sends the answer with its headers", async () => {
  const headers = new Headers({ "content-type": "application/json", "x-one": "1" });
  headers.append("set-cookie", "a=1");
  headers.append("set-cookie", "b=2");
  const server = answering(async () => {
    const body = await server.seen[0]!.request.text();
    return new Response(`{"echo":"${body}"}`, { status: 201, headers });
  });
  const raw = ["Host", "127.0.0.1:8000", "X-Twice", "a", "x-twice", "b", "content-type", "text/plain"];
  const incoming = new FakeIncoming("POST", "/mcp?x=1", raw);
  const outgoing = new FakeOutgoing();
  const done = toNodeHandler(server)(incoming, outgoing);
  await settle();
  incoming.emit("data", text.encode("he"));
  await settle();
  incoming.emit("data", text.encode("llo"));
  incoming.emit("end");
  await done;
  const { request } = server.seen[0]!;
  assertEquals([request.method, request.url], ["POST", "http://127.0.0.1:8000/mcp?x=1"]);
  assertEquals([request.headers.get("x-twice"), request.headers.get("content-type")], ["a, b", "text/plain"]);
  assertEquals(outgoing.statusCode, 201);
  assertEquals(outgoing.headers, {
    "content-type": "application/json",
    "x-one": "1",
    "set-cookie": ["a=1", "b=2"],
  });
  assertEquals(outgoing.sent, ['{"echo":"hello"}', "end"]);
});

Deno.test("toNodeHandler() lets the body flow only while it is read", async () => {
  const server = answering(() => new Response(null, { status: 202 }));
  const incoming = new FakeIncoming("POST", "/mcp");
  const held = Promise.withResolvers<Response>();
  const done = toNodeHandler({ fetch: (request) => (void server.fetch(request), held.promise) })(
    incoming,
    new FakeOutgoing(),
  );
  const reader = server.seen[0]!.request.body!.getReader();
  await settle();
  assertEquals(incoming.flow, []);
  const first = reader.read();
  await settle();
  incoming.emit("data", text.encode("a"));
  assertEquals(new TextDecoder().decode((await first).value), "a");
  assertEquals(incoming.flow, ["pause"]);
  const second = reader.read();
  await settle();
  assertEquals(incoming.flow, ["pause", "resume"]);
  incoming.emit("end");
  assertEquals((await second).done, true);
  held.resolve(new Response(null, { status: 202 }));
  await done;
});

Deno.test("toNodeHandler() lets go of a body that nobody reads, so that the connection goes on", async () => {
  const incoming = new FakeIncoming("POST", "/mcp");
  const server = answering(async () => {
    await server.seen[0]!.request.body!.cancel();
    return new Response(null, { status: 413 });
  });
  const outgoing = new FakeOutgoing();
  await toNodeHandler(server)(incoming, outgoing);
  assertEquals([outgoing.statusCode, outgoing.sent], [413, ["end"]]);
  assertEquals(incoming.flow.at(-1), "resume");
});

Deno.test("toNodeHandler() throws away what comes of a body that was half read", async () => {
  const incoming = new FakeIncoming("POST", "/mcp");
  const server = answering(async () => {
    await server.seen[0]!.request.body!.getReader().read();
    return new Response(null);
  });
  const done = toNodeHandler(server)(incoming, new FakeOutgoing());
  await settle();
  incoming.emit("data", text.encode("one"));
  await done;
  incoming.emit("data", text.encode("two"));
  assertEquals(incoming.flow, ["pause", "resume"]);
});

Deno.test("toNodeHandler() throws away what comes of a body that was cancelled", async () => {
  const incoming = new FakeIncoming("POST", "/mcp");
  const server = answering(async () => {
    const reader = server.seen[0]!.request.body!.getReader();
    await reader.read();
    await reader.cancel();
    incoming.emit("data", text.encode("two"));
    return new Response(null, { status: 413 });
  });
  const outgoing = new FakeOutgoing();
  const done = toNodeHandler(server)(incoming, outgoing);
  await settle();
  incoming.emit("data", text.encode("one"));
  await done;
  assertEquals([outgoing.statusCode, incoming.flow], [413, ["pause", "resume"]]);
});

Deno.test("toNodeHandler() fails the body of a client that leaves while it sends", async () => {
  const incoming = new FakeIncoming("POST", "/mcp");
  const server = answering(async () => {
    const error = await server.seen[0]!.request.text().catch((error) => error);
    return new Response(error instanceof TypeError ? "left" : "read");
  });
  const outgoing = new FakeOutgoing();
  const done = toNodeHandler(server)(incoming, outgoing);
  await settle();
  incoming.emit("data", text.encode("half"));
  incoming.emit("close");
  await done;
  assertEquals(outgoing.sent.includes("left"), true, String(outgoing.sent));
});

Deno.test("toNodeHandler() fails a body that is asked for only after the client has left", async () => {
  const [incoming, outgoing] = [new FakeIncoming("POST", "/mcp"), new FakeOutgoing()];
  const failed = Promise.withResolvers<unknown>();
  const server = answering(async () => {
    outgoing.leave();
    await server.seen[0]!.request.text().catch(failed.resolve);
    return new Response(null);
  });
  await toNodeHandler(server)(incoming, outgoing);
  assertEquals((await failed.promise as Error).message, "Cannot read the body: the client left");
});

Deno.test("toNodeHandler() knows of a client that left before it was its turn", async () => {
  const { body, state } = pieces();
  const server = answering(new Response(body));
  const outgoing = new FakeOutgoing();
  outgoing.destroyed = true;
  await toNodeHandler(server)(new FakeIncoming("POST", "/mcp"), outgoing);
  assertEquals([server.seen[0]!.request.signal.aborted, state.isCancelled, outgoing.sent], [true, true, []]);
});

Deno.test("toNodeHandler() takes the body that a framework has read", async () => {
  for (
    const [body, expected] of [
      [{ jsonrpc: "2.0" }, '{"jsonrpc":"2.0"}'],
      ["as text", "as text"],
      [text.encode("bytes"), "bytes"],
      [undefined, ""],
    ] as const
  ) {
    const incoming = new FakeIncoming("POST", "/mcp");
    incoming.readableEnded = true;
    incoming.body = body;
    const server = answering(async () => new Response(await server.seen[0]!.request.text()));
    const outgoing = new FakeOutgoing();
    await toNodeHandler(server)(incoming, outgoing);
    assertEquals(outgoing.sent.slice(1, -1).join(""), expected);
  }
});

Deno.test("toNodeHandler() sends the pieces of a stream as they come, headers ahead of the first", async () => {
  const { body, push, close } = pieces();
  const outgoing = new FakeOutgoing();
  const response = new Response(body, { headers: { "content-type": "text/event-stream" } });
  const done = toNodeHandler(answering(response))(new FakeIncoming("GET", "/mcp"), outgoing);
  await settle();
  assertEquals(outgoing.sent, ["headers"]);
  push(":\n\n");
  await settle();
  assertEquals(outgoing.sent, ["headers", ":\n\n"]);
  push("data: {}\n\n");
  close();
  await done;
  assertEquals(outgoing.sent, ["headers", ":\n\n", "data: {}\n\n", "end"]);
});

Deno.test("toNodeHandler() reads no faster than a slow client", async () => {
  const { body, push, state } = pieces();
  const outgoing = new FakeOutgoing();
  outgoing.isSlow = true;
  void toNodeHandler(answering(new Response(body)))(new FakeIncoming("GET", "/mcp"), outgoing);
  await settle();
  push("one");
  await settle();
  assertEquals([state.pulls, outgoing.sent], [1, ["headers", "one"]]);
  outgoing.emit("drain");
  await settle();
  assertEquals(state.pulls, 2);
  outgoing.leave();
});

Deno.test("toNodeHandler() aborts the signal and cancels the body when the client leaves", async () => {
  for (const isSlow of [false, true]) {
    const { body, push, state } = pieces();
    const server = answering(new Response(body));
    const outgoing = new FakeOutgoing();
    outgoing.isSlow = isSlow;
    const done = toNodeHandler(server)(new FakeIncoming("GET", "/mcp"), outgoing);
    await settle();
    push("one");
    await settle();
    const { signal } = server.seen[0]!.request;
    assertEquals([signal.aborted, state.isCancelled], [false, false]);
    outgoing.leave();
    await done;
    assertEquals([signal.aborted, state.isCancelled, outgoing.sent], [true, true, ["headers", "one"]]);
  }
});

Deno.test("toNodeHandler() sends nothing to a client that left before the answer", async () => {
  const { body, state } = pieces();
  const answer = Promise.withResolvers<Response>();
  const server = answering(() => answer.promise);
  const outgoing = new FakeOutgoing();
  const done = toNodeHandler(server)(new FakeIncoming("GET", "/mcp"), outgoing);
  outgoing.leave();
  assertEquals(server.seen[0]!.request.signal.aborted, true);
  answer.resolve(new Response(body));
  await done;
  assertEquals([state.isCancelled, outgoing.sent], [true, []]);
});

Deno.test("toNodeHandler() does not take the end of an answer for a departure", async () => {
  const server = answering(new Response("{}", { headers: { "content-type": "application/json" } }));
  const outgoing = new FakeOutgoing();
  await toNodeHandler(server)(new FakeIncoming("GET", "/mcp"), outgoing);
  outgoing.emit("close");
  assertEquals(server.seen[0]!.request.signal.aborted, false);
});

Deno.test("toNodeHandler() answers HEAD without a body", async () => {
  const { body, state } = pieces();
  const outgoing = new FakeOutgoing();
  const server = answering(new Response(body, { headers: { "x-one": "1" } }));
  await toNodeHandler(server)(new FakeIncoming("HEAD", "/mcp"), outgoing);
  assertEquals([state.isCancelled, outgoing.headers, outgoing.sent], [true, { "x-one": "1" }, ["end"]]);
});

Deno.test("toNodeHandler() answers 500 for a handler that throws, and reports what it threw", async () => {
  const errors: unknown[] = [];
  const outgoing = new FakeOutgoing();
  const fault = new Error("secret");
  const server = answering(() => Promise.reject(fault));
  await toNodeHandler(server, { onError: (error) => void errors.push(error) })(
    new FakeIncoming("GET", "/mcp"),
    outgoing,
  );
  assertEquals([outgoing.statusCode, outgoing.sent, errors[0] === fault], [500, ["end"], true]);
});

Deno.test("toNodeHandler() reports nothing of a client that left, whatever fails then", async () => {
  const errors: unknown[] = [];
  const outgoing = new FakeOutgoing();
  const server = answering(() => {
    outgoing.emit("error", new Error("ECONNRESET"));
    outgoing.leave();
    throw new DOMException("The client left", "AbortError");
  });
  await toNodeHandler(server, { onError: (error) => void errors.push(error) })(
    new FakeIncoming("GET", "/mcp"),
    outgoing,
  );
  assertEquals(errors, []);
});

Deno.test("toNodeHandler() breaks the connection off when a body fails on its way", async () => {
  const errors: unknown[] = [];
  const { body, push, fail } = pieces();
  const outgoing = new FakeOutgoing();
  const done = toNodeHandler(answering(new Response(body)), { onError: (error) => void errors.push(error) })(
    new FakeIncoming("GET", "/mcp"),
    outgoing,
  );
  await settle();
  push("one");
  await settle();
  fail(new Error("lost"));
  await done;
  assertEquals([outgoing.sent, errors.length], [["headers", "one", "destroyed"], 1]);
});

Deno.test("toNodeHandler() answers 400 for what no Request can be", async () => {
  for (
    const incoming of [
      new FakeIncoming("TRACE", "/mcp"),
      new FakeIncoming("GET", "/mcp", ["Host", "127.0.0.1", "bad name", "x"]),
    ]
  ) {
    const outgoing = new FakeOutgoing();
    const server = answering(new Response("reached"));
    await toNodeHandler(server)(incoming, outgoing);
    assertEquals([outgoing.statusCode, outgoing.sent, server.seen.length], [400, ["end"], 0]);
  }
});

Deno.test("toNodeHandler() gives a URL whatever the request line and the Host are", async () => {
  for (
    const [url, raw, expected] of [
      ["//evil/x", ["Host", "h:1"], "http://h:1//evil/x"],
      ["http://proxied/x", ["Host", "h:1"], "http://proxied/x"],
      ["*", ["Host", "h:1"], "http://h:1/*"],
      ["/x", ["Host", "a b"], "http://localhost/x"],
      ["/x", [], "http://localhost/x"],
      ["/x", [":authority", "two:2", ":path", "/x"], "http://two:2/x"],
    ] as const
  ) {
    const server = answering(new Response(null));
    await toNodeHandler(server)(new FakeIncoming("GET", url, raw), new FakeOutgoing());
    assertEquals(server.seen[0]!.request.url, expected);
  }
});

Deno.test("toNodeHandler() knows the path before a framework cut it, and TLS", async () => {
  const incoming = Object.assign(new FakeIncoming("GET", "/"), {
    originalUrl: "/mcp/",
    socket: { encrypted: true },
  });
  const server = answering(new Response(null));
  await toNodeHandler(server)(incoming, new FakeOutgoing());
  assertEquals(server.seen[0]!.request.url, "https://127.0.0.1:8000/mcp/");
});

Deno.test("toNodeHandler() refuses a request without Host, whose URL is invented", async () => {
  const { server } = createTestServer({ allowAnonymous: true });
  const outgoing = new FakeOutgoing();
  await toNodeHandler(server)(new FakeIncoming("GET", "/mcp", []), outgoing);
  assertEquals(outgoing.statusCode, 403);
});

Deno.test("toNodeHandler() passes waitUntil on", async () => {
  const kept: Promise<unknown>[] = [];
  const server = answering(new Response(null));
  const waitUntil = (work: Promise<unknown>) => void kept.push(work);
  await toNodeHandler(server, { waitUntil })(new FakeIncoming("GET", "/mcp"), new FakeOutgoing());
  const [platform] = server.seen[0]!.platform as [{ waitUntil: typeof waitUntil }];
  platform.waitUntil(Promise.resolve());
  assertEquals(kept.length, 1);
});

Deno.test("toNodeHandler() fits the server of node:http", async () => {
  const { server } = createTestServer({ allowAnonymous: true });
  server.registerTool("greet", {}, () => "Hello");
  const http = createServer(toNodeHandler(server));
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const { port } = http.address() as AddressInfo;
  const response = await fetch(`http://127.0.0.1:${port}/mcp`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": "tools/call",
      "mcp-name": "greet",
    },
    body: JSON.stringify({
      jsonrpc: "2.0",
      id: 1,
      method: "tools/call",
      params: {
        name: "greet",
        _meta: {
          "io.modelcontextprotocol/protocolVersion": "2026-07-28",
          "io.modelcontextprotocol/clientCapabilities": {},
        },
      },
    }),
  });
  assertEquals((await response.json()).result.content, [{ type: "text", text: "Hello" }]);
  await new Promise((resolve) => http.close(resolve));
  await server.close();
});
