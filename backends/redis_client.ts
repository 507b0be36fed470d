/**
 * The part of a Redis driver that the adapter calls.
 *
 * @module
 */

/** A connection, or a cluster of them: a `Redis` or `Cluster` of `npm:ioredis`. */
export interface RedisClientLike {
  /** Sends one command; strings in the answer are bytes. */
  callBuffer(command: string, ...args: (string | number | Uint8Array)[]): Promise<unknown>;
  /** Whether several servers share the keys. */
  readonly isCluster?: boolean;
  /** Opens one more connection of the same kind. */
  duplicate(): RedisSubscriberLike;
}

/** A connection that listens to channels. */
export interface RedisSubscriberLike {
  /** Listens to channels. */
  subscribe(...channels: string[]): Promise<unknown>;
  /** Listens to channels no more. */
  unsubscribe(...channels: string[]): Promise<unknown>;
  /** Calls back with each message, and when the connection is ready, also after it was lost. */
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  /** Ends the connection. */
  disconnect(): void;
}

/** How to reach a server, as `npm:ioredis` names it. Further options of the driver pass through. */
export interface RedisConnectionOptions {
  /** Host name or address. @default {"127.0.0.1"} */
  readonly host?: string;
  /** Port. @default {6379} */
  readonly port?: number;
  /** Path of a Unix socket, instead of host and port. */
  readonly path?: string;
  /** User of an access list. */
  readonly username?: string;
  /** Password. */
  readonly password?: string;
  /** Number of the logical database. @default {0} */
  readonly db?: number;
  /** TLS options of the runtime; `{}` for the defaults. */
  readonly tls?: Readonly<Record<string, unknown>>;
  /** Everything else the driver understands. */
  readonly [option: string]: unknown;
}
