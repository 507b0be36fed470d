import { assertEquals } from "@std/assert";
import type { LegacyClient, SessionStream } from "../support/legacy_client.ts";
import { verifies } from "../support/requirements.ts";
import { createTestServer, type TestServer, user } from "../support/test_server.ts";

type Json = Record<string, unknown>;

const ADA = user("ada");

function withResources(): TestServer {
  const parts = createTestServer();
  parts.server.registerResource("a", "test://a", {}, () => "");
  parts.server.registerResource("row", "test://rows/{id}", {}, () => "");
  return parts;
}

/** What came on a stream until now; the server is closed. */
async function heard({ server }: TestServer, stream: SessionStream): Promise<unknown[]> {
  await server.close();
  const messages: unknown[] = [];
  for (let message = await stream.next(); message !== undefined; message = await stream.next()) {
    messages.push((message.params as Json | undefined)?.uri ?? message.method);
  }
  return messages;
}

function subscribe(client: LegacyClient, uri: unknown, how = "subscribe"): Promise<{ readonly error: Json }> {
  return client.request(`resources/${how}`, { uri }) as never;
}

verifies(["T25-207", "T25-212", "T25-219"], "a session hears of every changed list, unasked", async () => {
  const parts = withResources();
  const client = await parts.legacy(ADA);
  const stream = await client.listen();
  parts.server.registerTool("t", {}, () => "");
  parts.server.registerPrompt("p", {}, () => "");
  parts.server.registerResource("b", "test://b", {}, () => "");
  assertEquals(await heard(parts, stream), [
    "notifications/tools/list_changed",
    "notifications/prompts/list_changed",
    "notifications/resources/list_changed",
  ]);
});

verifies(["T25-172", "T25-207"], "of two streams of a session one hears of a change", async () => {
  const parts = withResources();
  const client = await parts.legacy(ADA);
  const streams = [await client.listen(), await client.listen()];
  parts.server.sendListChanged("resources");
  const all = await Promise.all(streams.map((stream) => heard(parts, stream)));
  assertEquals(all.flat(), ["notifications/resources/list_changed"]);
});

verifies(
  ["T25-217", "T25-218"],
  "updates go to the sessions that subscribed, until they unsubscribe",
  async () => {
    const parts = withResources();
    const subscriber = await parts.legacy(ADA);
    const other = await parts.legacy(ADA);
    const streams = [await subscriber.listen(), await other.listen()];
    for (const uri of ["test://a", "test://rows/7"]) {
      assertEquals(
        (await subscribe(subscriber, uri)).error,
        undefined,
      );
    }
    for (const uri of ["test://a", "test://rows/7", "test://rows/8"]) parts.server.sendResourceUpdated(uri);
    assertEquals((await subscribe(subscriber, "test://a", "unsubscribe")).error, undefined);
    parts.server.sendResourceUpdated("test://a");
    assertEquals(await heard(parts, streams[0]!), ["test://a", "test://rows/7"]);
    assertEquals(await heard(parts, streams[1]!), []);
  },
);

verifies("T25-218", "a subscription outlives the stream it was made beside", async () => {
  const parts = withResources();
  const client = await parts.legacy(ADA);
  await subscribe(client, "test://a");
  const first = await client.listen();
  await first.stop();
  parts.server.sendResourceUpdated("test://a");
  const second = await client.listen();
  parts.server.sendResourceUpdated("test://a");
  assertEquals(await heard(parts, second), ["test://a"]);
});

verifies(
  ["T25-220", "T25-223"],
  "nobody subscribes to what is not there, and nothing is kept of it",
  async () => {
    const parts = withResources();
    const client = await parts.legacy(ADA);
    await parts.unchanged(async () => {
      for (const uri of ["test://b", "test://rows/%2e%2e", "../a", "__proto__"]) {
        const { error } = await subscribe(client, uri);
        assertEquals([error.code, error.data], [-32002, { uri }]);
      }
      for (const uri of [undefined, 7, "", ["test://a"]]) {
        assertEquals((await subscribe(client, uri)).error.code, -32602);
        assertEquals((await subscribe(client, uri, "unsubscribe")).error.code, -32602);
      }
      assertEquals((await subscribe(client, "test://a", "unsubscribe")).error, undefined);
    });
  },
);

Deno.test("subscriptions that do not fit into a session are refused, and the session lives on", async () => {
  const parts = withResources();
  const client = await parts.legacy(ADA);
  const long = (i: number) => `test://rows/${String(i).padStart(4, "0")}${"x".repeat(4000)}`;
  let refused: Json | undefined;
  for (let i = 0; i < 20 && refused === undefined; i++) refused = (await subscribe(client, long(i))).error;
  assertEquals([refused?.code, refused?.data], [-32603, {
    reason: "limit",
    limit: "subscriptions",
    retryAfterMs: 1000,
  }]);
  assertEquals((await subscribe(client, long(0), "unsubscribe")).error, undefined);
  assertEquals((await subscribe(client, "test://a")).error, undefined);
});
