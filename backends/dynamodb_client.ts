/**
 * The part of a DynamoDB client that the adapter calls.
 *
 * @module
 */

/** A `DynamoDBClient` of `npm:@aws-sdk/client-dynamodb`. */
export interface DynamoClientLike {
  /** Sends one command. */
  send(command: object, options?: { readonly abortSignal?: AbortSignal }): Promise<unknown>;
  /** Ends its connections. */
  destroy(): void;
}

/** How to reach the service, as the AWS SDK names it. Further options of the SDK pass through. */
export interface DynamoConnectionOptions {
  /** Region. Absent: as the environment says. */
  readonly region?: string;
  /** URL of another service than AWS, such as a local server. */
  readonly endpoint?: string;
  /** Key pair. Absent: as the environment says. */
  readonly credentials?: {
    /** Id of the key. */
    readonly accessKeyId: string;
    /** The key. */
    readonly secretAccessKey: string;
    /** Token of a temporary key. */
    readonly sessionToken?: string;
  };
  /** Everything else the SDK understands. */
  readonly [option: string]: unknown;
}
