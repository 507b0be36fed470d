/**
 * The handler behind a real server on a loopback port: what only sockets show.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { JsonRpcResponse } from "../../src/protocol/mod.ts";
import { systemRuntime } from "../../src/runtime.ts";
import type { Exchange, Listener } from "../../src/server/exchange.ts";
import { verifies } from "../support/requirements.ts";
import { until } from "../support/settle.ts";
import { readSse } from "../support/sse.ts";
import { emptyResult, type FakeDispatcher, type FakeDispatcherOptions } from "./fake_dispatcher.ts";
import { createTestHandler, legacy, LEGACY_HEADERS, modern, post } from "./requests.ts";

interface TestServer {
  readonly port: number;
  readonly dispatcher: FakeDispatcher;
  /** Sends a request made for the handler to the server instead. */
  send(request: Request, signal?: AbortSignal): Promise<Response>;
}

/** Serves for the time of one test. */
async function withServer(
  server: FakeDispatcherOptions,
  options: { readonly keepAliveMs?: number; readonly maxBodyBytes?: number },
  test: (server: TestServer) => Promise<void>,
): Promise<void> {
  const { fetch: handle, dispatcher } = createTestHandler(server, { runtime: systemRuntime, ...options });
  const listening = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, handle);
  const { port } = listening.addr;
  try {
    await test({
      port,
      dispatcher,
      async send(request, signal) {
        const { method, headers } = request;
        headers.delete("host");
        const body = request.body === null ? undefined : await request.arrayBuffer();
        return await fetch(`http://127.0.0.1:${port}/mcp`, { method, headers, body, signal });
      },
    });
  } finally {
    await listening.shutdown();
  }
}

/** Sends bytes and reads until the server closes, or the answer holds `enough`. */
async function sendRaw(port: number, text: string, enough: string): Promise<string> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  try {
    await connection.write(new TextEncoder().encode(text));
    let received = "";
    for await (const chunk of connection.readable.pipeThrough(new TextDecoderStream())) {
      received += chunk;
      if (received.includes(enough)) break;
    }
    return received;
  } catch (error) {
    if (error instanceof Deno.errors.BadResource) return "";
    throw error;
  }
}

/** Requests that hang until the test ends, and what they were given. */
function createHanging() {
  const exchanges: Exchange[] = [];
  const end = Promise.withResolvers<void>();
  return {
    exchanges,
    end: end.resolve,
    answer: async (
      request: Parameters<typeof emptyResult>[0],
      exchange: Exchange,
    ): Promise<JsonRpcResponse> => {
      exchanges.push(exchange);
      await end.promise;
      return emptyResult(request);
    },
  };
}

Deno.test("createFetchHandler() behind a socket answers both revisions, one connection after the other", async () => {
  await withServer({}, {}, async ({ send, dispatcher }) => {
    for (const request of [modern("tools/list"), legacy("tools/list")]) {
      const response = await send(request);
      assertEquals([response.status, await response.json()], [200, { jsonrpc: "2.0", id: 7, result: {} }]);
    }
    assertEquals(dispatcher.calls.map(({ via }) => via), ["dispatchModern", "dispatchLegacy"]);
  });
});

Deno.test("createFetchHandler() behind a socket refuses a request without Host and one for another host", async () => {
  await withServer({}, {}, async ({ port, dispatcher }) => {
    const rest = "\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}";
    for (const start of ["POST / HTTP/1.1", "POST / HTTP/1.0", "POST / HTTP/1.1\r\nHost: evil.example"]) {
      const received = await sendRaw(port, start + rest, '"Host');
      assert(/^HTTP\/1\.[01] 403 /.test(received), received);
    }
    const absolute = "POST http://evil.example/ HTTP/1.1\r\nHost: localhost";
    assert((await sendRaw(port, absolute + rest, "jsonrpc")).startsWith("HTTP/1.1 400 "));
    assertEquals(dispatcher.calls, []);
  });
});

Deno.test("createFetchHandler() behind a socket leaves a refused connection usable", async () => {
  await withServer({}, { maxBodyBytes: 1000 }, async ({ port }) => {
    const long =
      `POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 200000\r\n\r\n`;
    const ping = '{"jsonrpc":"2.0","id":"after","method":"ping"}';
    const short =
      `POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\n` +
      `Content-Length: ${ping.length}\r\n\r\n${ping}`;
    const received = await sendRaw(port, long + " ".repeat(200_000) + short, '"after"');
    assert(received.startsWith("HTTP/1.1 413 "), received);
    assert(received.includes('{"jsonrpc":"2.0","id":"after","result":{}}'), received);
  });
});

Deno.test("createFetchHandler() behind a socket refuses a chunked body over the limit", async () => {
  await withServer({}, { maxBodyBytes: 1000 }, async ({ port }) => {
    const chunk = `400\r\n${" ".repeat(1024)}\r\n`;
    const head = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
    const received = await sendRaw(
      port,
      `${head}Transfer-Encoding: chunked\r\n\r\n${chunk.repeat(8)}`,
      "1000 bytes",
    );
    assert(received.startsWith("HTTP/1.1 413 "), received);
  });
});

verifies(
  ["T26-154", "T26-156"],
  "a connection dropped before there is a response cancels, and only that request",
  async () => {
    const hanging = createHanging();
    await withServer(hanging, {}, async ({ send }) => {
      const [leaving, staying] = [new AbortController(), new AbortController()];
      const left = send(modern("tools/call", { name: "slow" }), leaving.signal).catch(({ name }) => name);
      await until(() => hanging.exchanges.length === 1);
      const stayed = send(modern("tools/call", { name: "slow" }), staying.signal);
      await until(() => hanging.exchanges.length === 2);
      const [first, second] = hanging.exchanges.map(({ signal }) => signal);
      leaving.abort();
      assertEquals(await left, "AbortError");
      await until(() => first?.aborted === true, { what: "the signal's abort" });
      assertEquals(second?.aborted, false);
      hanging.end();
      assertEquals((await (await stayed).json()).id, 7);
    });
  },
);

verifies("T26-154", "a connection dropped from an open stream cancels", async () => {
  const hanging = createHanging();
  await withServer(hanging, { keepAliveMs: 1 }, async ({ send }) => {
    const reader = readSse(await send(modern("tools/call", { name: "slow" })));
    for (let comments = 0; comments < 3; comments++) {
      assertEquals((await reader.next()).value, { comments: [""] });
    }
    const signal = hanging.exchanges[0]?.signal;
    assertEquals(signal?.aborted, false);
    await reader.stop();
    await until(() => signal?.aborted === true, { what: "the signal's abort" });
    hanging.end();
  });
});

verifies("T25-165", "a dropped connection cancels nothing under 2025-11-25", async () => {
  const hanging = createHanging();
  await withServer(hanging, { keepAliveMs: 1 }, async ({ send }) => {
    const reader = readSse(await send(legacy("tools/call", { name: "slow" })));
    await reader.next();
    await reader.stop();
    const leaving = new AbortController();
    const left = send(legacy("tools/call", { name: "slow" }), leaving.signal);
    await until(() => hanging.exchanges.length === 2);
    await left.then((response) => response.body?.cancel());
    // A request that is served after both connections are gone shows that the server has seen them go.
    assertEquals((await send(post({ jsonrpc: "2.0", id: 1, method: "ping" }))).status, 200);
    assertEquals(hanging.exchanges.map(({ signal }) => signal.aborted), [false, false]);
    hanging.end();
  });
});

Deno.test("createFetchHandler() behind a socket does not take a delivered answer for a client that left", async () => {
  const signals: AbortSignal[] = [];
  const server = {
    answer: (request: Parameters<typeof emptyResult>[0], exchange: Exchange) => {
      signals.push(exchange.signal);
      if (request.params?.name === "streams") {
        exchange.send({ jsonrpc: "2.0", method: "notifications/message" });
      }
      return Promise.resolve(emptyResult(request));
    },
  };
  await withServer(server, {}, async ({ send }) => {
    for (const name of ["plain", "streams", "plain"]) {
      await (await send(modern("tools/call", { name }))).text();
    }
    assertEquals(signals.map(({ aborted }) => aborted), [false, false, false]);
  });
});

verifies("T25-171", "a dropped GET connection tells the server, a closed one ends the stream", async () => {
  const listeners: Listener[] = [];
  await withServer(
    { onListen: (listener) => void listeners.push(listener) },
    { keepAliveMs: 1 },
    async ({ port }) => {
      const listen = () =>
        fetch(`http://127.0.0.1:${port}/`, {
          headers: { ...LEGACY_HEADERS as Record<string, string>, accept: "text/event-stream" },
        });
      const reader = readSse(await listen());
      assertEquals((await reader.next()).value?.data, "");
      assertEquals((await reader.next()).value?.comments, [""]);
      await reader.stop();
      await until(() => listeners[0]?.signal.aborted === true, { what: "the listener's abort" });
      const second = readSse(await listen());
      await second.next();
      listeners[1]?.close();
      for await (const { comments } of second) assertEquals(comments, [""]);
    },
  );
});
