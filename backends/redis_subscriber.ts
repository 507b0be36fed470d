/**
 * Listens to the channels of watched records, on one connection that is opened with the first watch.
 *
 * @module
 */
import type { RedisClientLike, RedisSubscriberLike } from "./redis_client.ts";
import type { RedisLayout } from "./redis_layout.ts";
import { toText } from "./redis_engine.ts";

/** Passes messages on. A connection that becomes ready, at first or again, subscribes to all that is watched then. */
export class RedisSubscriber {
  readonly #client: RedisClientLike;
  readonly #layout: RedisLayout;
  readonly #onHint: (name: string) => void;
  readonly #onGap: () => void;
  readonly #names = new Set<string>();
  #connection: RedisSubscriberLike | undefined;

  /**
   * Connects to nothing yet.
   *
   * @param onHint Called with the watch name of a record that was put.
   * @param onGap Called when messages may have been missed.
   */
  constructor(
    client: RedisClientLike,
    layout: RedisLayout,
    onHint: (name: string) => void,
    onGap: () => void,
  ) {
    this.#client = client;
    this.#layout = layout;
    this.#onHint = onHint;
    this.#onGap = onGap;
  }

  /** Begins to listen for a record. */
  opened(name: string): void {
    this.#names.add(name);
    // Refused while the connection is not ready: the driver neither queues nor remembers it.
    this.#connected().subscribe(this.#layout.channelOfName(name)).then(() => this.#onHint(name), ignore);
  }

  /** Ends listening for a record. */
  closed(name: string): void {
    this.#names.delete(name);
    this.#connection?.unsubscribe(this.#layout.channelOfName(name)).catch(ignore);
  }

  /** Ends the connection. */
  close(): void {
    this.#connection?.disconnect();
    this.#connection = undefined;
  }

  #connected(): RedisSubscriberLike {
    if (this.#connection !== undefined) return this.#connection;
    const connection = this.#client.duplicate();
    // Whoever watches also polls: a connection that is away only makes the hints late.
    connection.on("error", ignore);
    connection.on("ready", () => this.#subscribeAll(connection));
    connection.on("message", (channel) => this.#onHint(this.#layout.toWatchName(toText(channel))));
    this.#connection = connection;
    return connection;
  }

  #subscribeAll(connection: RedisSubscriberLike): void {
    const channels = Array.from(this.#names, (name) => this.#layout.channelOfName(name));
    const subscribed = channels.length === 0 ? Promise.resolve() : connection.subscribe(...channels);
    subscribed.then(() => this.#onGap(), ignore);
  }
}

function ignore(): void {}
