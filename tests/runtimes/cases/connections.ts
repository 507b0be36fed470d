/**
 * What becomes of connections: silence, departures, streams that break, bodies that are too large.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { postMessage } from "../../support/http_client.ts";
import { readSse } from "../../support/sse.ts";
import { type Case, until } from "../target.ts";

/** Longer than the strictest runtime, Bun, lets a connection be idle: ten seconds, seen to take up to twelve. */
const SILENCE_MS = 14_000;
const TEN_MIB = 10 * 1024 * 1024;
/** Above the bound that the fixture sets. */
const TOO_LARGE = 3 * 1024 * 1024;

const textOf = ({ result }: { readonly result: Readonly<Record<string, unknown>> }): string =>
  (result.content as { text: string }[])[0]!.text;

export const connectionCases: readonly Case[] = [
  {
    name: "a call that is silent for long keeps its connection",
    async run({ modern, legacy }) {
      const older = await legacy();
      const answers = [modern().call("silent", { ms: SILENCE_MS }), older.call("silent", { ms: SILENCE_MS })];
      for (const answer of await Promise.all(answers)) assertEquals(textOf(answer), "spoke at last");
    },
  },
  {
    name: "a subscription that is silent for long is still told",
    async run({ modern }) {
      const client = modern();
      const taskId = await client.createTask("later", { ms: SILENCE_MS });
      const params = { notifications: { taskIds: [taskId] } };
      const reader = readSse(await client.send("s1", "subscriptions/listen", params));
      let status: unknown;
      while (status !== "completed") {
        const message = await reader.nextMessage();
        assert(message !== undefined, "the stream ended before its task");
        status = (message.params as { status?: unknown }).status;
      }
      await reader.stop();
    },
  },
  {
    name: "the stream of a session stays open, and is told of tasks",
    async run({ legacy }) {
      const client = await legacy();
      const stream = await client.listen();
      const taskId = await client.createTask("later", { ms: 300 });
      let params: Readonly<Record<string, unknown>> = {};
      while (params.status !== "completed") {
        const message = await stream.next();
        assert(message !== undefined, "the stream ended before its task");
        params = message.params as typeof params;
      }
      assertEquals(params.taskId, taskId);
      await stream.stop();
    },
  },
  {
    name: "a client that leaves is noticed by the tool that works for it",
    async run({ modern }) {
      const client = modern();
      const departures = async (): Promise<number> =>
        JSON.parse(textOf(await client.call("noticed"))).departures;
      const before = await departures();
      const streaming = readSse(
        await client.send("h1", "tools/call", { name: "hold" }, { meta: { progressToken: "p" } }),
      );
      await streaming.nextMessage();
      await streaming.stop();
      await until(departures, (count) => count === before + 1);
      // Before there is anything to read, too.
      const leaving = new AbortController();
      const answer = client.send("h2", "tools/call", { name: "hold" }, { signal: leaving.signal }).catch(
        () => {},
      );
      await client.call("greet", { name: "meanwhile" });
      leaving.abort();
      await answer;
      await until(departures, (count) => count === before + 2);
    },
  },
  {
    name: "a stream of 2025-11-25 that was closed is taken up again with Last-Event-ID",
    async run({ legacy, fetch }) {
      const { sessionId } = await legacy();
      const headers = { "mcp-session-id": sessionId, "mcp-protocol-version": "2025-11-25" };
      const params = { name: "breaks", _meta: { progressToken: "p" } };
      const call = { jsonrpc: "2.0", id: "call", method: "tools/call", params };
      const blocks = await readSse(await postMessage(fetch, call, headers)).all();
      const isAnswered = blocks.some(({ data }) => data?.includes('"result"'));
      assertEquals(
        [isAnswered, blocks.at(-1)?.retry],
        [false, "1000"],
        "the stream is cut off ahead of the answer",
      );
      const lastEventId = blocks.findLast(({ id }) => id !== undefined)?.id ?? "";
      const answer = await readSse(
        await fetch(
          new Request("http://127.0.0.1/mcp", {
            headers: { ...headers, "accept": "text/event-stream", "last-event-id": lastEventId },
          }),
        ),
      ).nextMessage();
      assertEquals([answer?.id, textOf(answer as never)], ["call", "kept"]);
    },
  },
  {
    name: "ten mebibytes of result arrive whole, plainly and through a task",
    async run({ modern, legacy }) {
      assertEquals(textOf(await modern().call("big", { bytes: TEN_MIB })).length, TEN_MIB);
      const client = await legacy();
      const taskId = await client.createTask("big", { bytes: TEN_MIB });
      assertEquals(textOf(await client.request("tasks/result", { taskId })).length, TEN_MIB);
    },
  },
  {
    name: "a body that is too large is refused, whether it says so or not, and the server goes on",
    async run({ origin, modern }) {
      const bytes = new Uint8Array(TOO_LARGE).fill(0x20);
      for (const body of [bytes, new Blob([bytes]).stream()]) {
        const status = await fetch(`${origin}/mcp`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body,
        }).then(async (response) => {
          await response.body?.cancel();
          return response.status;
          // A server that does not read on may close the connection under a client that still sends.
        }, () => 413);
        assertEquals(status, 413);
      }
      assertEquals(textOf(await modern().call("greet", { name: "you" })), "Hello, you");
    },
  },
  {
    name: "a host that is not served is refused, however the runtime spells it",
    async run({ origin }) {
      const { hostname, port } = new URL(origin);
      const connection = await Deno.connect({ hostname, port: Number(port) });
      const request = "GET /mcp HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n";
      await connection.write(new TextEncoder().encode(request));
      const answer = await new Response(connection.readable).text();
      assertEquals(answer.split(" ")[1], "403", answer);
    },
  },
  {
    name: "methods that are not served are refused",
    async run({ origin }) {
      for (const method of ["HEAD", "PUT"]) {
        const response = await fetch(`${origin}/mcp`, { method });
        await response.body?.cancel();
        assertEquals([response.status, response.headers.get("allow")], [405, "GET, POST, DELETE"], method);
      }
    },
  },
];
