import { assertEquals } from "@std/assert";
import type { RedisClientLike, RedisSubscriberLike } from "../../backends/redis.ts";
import { RedisLayout } from "../../backends/redis_layout.ts";
import { RedisSubscriber } from "../../backends/redis_subscriber.ts";
import { settle } from "../support/settle.ts";

/** A connection of a driver without an offline queue: it refuses commands until it is ready. */
class Connection implements RedisSubscriberLike {
  readonly channels = new Set<string>();
  #isReady = false;
  #onReady: () => void = () => {};

  subscribe(...channels: string[]): Promise<unknown> {
    if (!this.#isReady) return Promise.reject(new Error("Stream isn't writeable"));
    for (const channel of channels) this.channels.add(channel);
    return Promise.resolve(this.channels.size);
  }

  unsubscribe(...channels: string[]): Promise<unknown> {
    for (const channel of channels) this.channels.delete(channel);
    return Promise.resolve(this.channels.size);
  }

  on(event: string, listener: () => void): void {
    if (event === "ready") this.#onReady = listener;
  }

  disconnect(): void {
    this.channels.clear();
    this.#isReady = false;
  }

  becomeReady(): void {
    this.#isReady = true;
    this.#onReady();
  }
}

function subscribe(): {
  connection: Connection;
  subscriber: RedisSubscriber;
  heard: string[];
  channel(name: string): string;
} {
  const connection = new Connection();
  const client: RedisClientLike = { callBuffer: () => Promise.resolve(null), duplicate: () => connection };
  const layout = new RedisLayout("test:", 1);
  const heard: string[] = [];
  const subscriber = new RedisSubscriber(client, layout, (name) => heard.push(name), () => heard.push("gap"));
  return { connection, subscriber, heard, channel: (name) => layout.channelOfName(name) };
}

Deno.test("RedisSubscriber listens for what was watched before its connection was ready", async () => {
  const { connection, subscriber, heard, channel } = subscribe();
  subscriber.opened("task|owner|first");
  subscriber.opened("task|owner|left");
  await settle();
  subscriber.closed("task|owner|left");
  assertEquals([connection.channels.size, heard], [0, []]);
  connection.becomeReady();
  await settle();
  assertEquals([...connection.channels], [channel("task|owner|first")]);
  assertEquals(heard, ["gap"]);
});

Deno.test("RedisSubscriber listens again for all that is watched after a lost connection", async () => {
  const { connection, subscriber, channel } = subscribe();
  subscriber.opened("task|owner|a");
  connection.becomeReady();
  connection.disconnect();
  subscriber.opened("task|owner|b");
  connection.becomeReady();
  await settle();
  assertEquals([...connection.channels].toSorted(), [channel("task|owner|a"), channel("task|owner|b")]);
});
