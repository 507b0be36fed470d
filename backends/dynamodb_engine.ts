/**
 * Calls to DynamoDB: retried while it throttles, with errors that say what to fix.
 *
 * @module
 */
import { StorageUnavailableError, type Version } from "../src/store/backend.ts";
import type { Runtime } from "../src/runtime.ts";
import { messageOf, Retrier } from "./shared/retry.ts";
import type { DynamoClientLike } from "./dynamodb_client.ts";

/** Faults that pass by themselves. */
const TRANSIENT = new Set([
  "InternalServerError",
  "ItemCollectionBusy",
  "LimitExceededException",
  "ProvisionedThroughputExceededException",
  "RequestLimitExceeded",
  "ServiceUnavailable",
  "ThrottlingException",
  "TransactionConflictException",
]);
/** Faults that nothing but a change of configuration cures, with what to change. */
const REMEDIES: readonly (readonly [RegExp, string])[] = [
  [/^ResourceNotFoundException$/, "create the table, or name the region it is in"],
  [
    /^(?:UnrecognizedClientException|InvalidSignatureException|IncompleteSignature|InvalidClientTokenId|MissingAuthenticationToken\w*|ExpiredTokenException|CredentialsProviderError)$/,
    "check the credentials",
  ],
  [
    /^AccessDeniedException$/,
    "allow GetItem, BatchGetItem, PutItem, BatchWriteItem and Query on table and indexes",
  ],
  [
    /^ValidationException$/,
    "the table or its indexes have another key schema: lay it out as docs/backends.md says",
  ],
  [/^ItemCollectionSizeLimitExceededException$/, "the owner's records have reached 10 GB: delete some"],
];

/** What the SDK throws, as far as it is looked at. */
interface Fault {
  readonly name?: string;
  readonly $fault?: string;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly attempts?: number };
}

/** A table. */
export class DynamoEngine {
  readonly #client: DynamoClientLike;
  readonly #table: string;
  readonly #retrier: Retrier;

  constructor(client: DynamoClientLike, table: string, runtime: Runtime, timeoutMs: number) {
    this.#client = client;
    this.#table = table;
    this.#retrier = new Retrier({
      runtime,
      timeoutMs,
      minPauseMs: 25,
      maxPauseMs: 1000,
      isTransient,
      toError: (action, error, attempted) => this.#toError(action, error, attempted),
    });
  }

  /** Sends a command, again while the service throttles or is away. */
  async send<T>(action: string, command: object, options: SendOptions = {}): Promise<T> {
    const { attempted, signal, beforeAttempt, onLost } = options;
    return await this.#retrier.run(action, async () => {
      beforeAttempt?.();
      try {
        return await this.#client.send(command, { abortSignal: signal }) as T;
      } catch (error) {
        if (mayHaveRun(error)) onLost?.();
        throw error;
      }
    }, attempted);
  }

  #toError(action: string, error: unknown, attempted?: Version): Error {
    if (isConditionFailure(error)) return error as Error;
    const name = nameOf(error);
    const remedy = REMEDIES.find(([pattern]) => pattern.test(name));
    const what = `DynamoDB table "${this.#table}" answered ${name}: ${messageOf(error)}`;
    const message = `Cannot ${action}: ${what}${remedy === undefined ? "" : `; ${remedy[1]}`}`;
    return new StorageUnavailableError(message, { cause: error, attempted });
  }
}

/** Options of {@linkcode DynamoEngine.send}. */
export interface SendOptions {
  /** Version a put would store. */
  readonly attempted?: Version;
  /** Ends an attempt under way. */
  readonly signal?: AbortSignal;
  /** Called before each attempt; refuses it by throwing. */
  readonly beforeAttempt?: () => void;
  /** Called when an attempt ended in a way that does not say whether it was in effect. */
  readonly onLost?: () => void;
}

/** Whether the condition of a put did not hold. */
export function isConditionFailure(error: unknown): boolean {
  return nameOf(error) === "ConditionalCheckFailedException";
}

/** Whether the SDK itself sent the command more than once. */
export function wasResent(error: unknown): boolean {
  return ((error as Fault).$metadata?.attempts ?? 1) > 1;
}

function nameOf(error: unknown): string {
  return String((error as Fault | undefined)?.name ?? "an error");
}

/** An answer of the service says that nothing was done, unless it is the service's own failure. */
function mayHaveRun(error: unknown): boolean {
  const status = (error as Fault).$metadata?.httpStatusCode;
  return status === undefined || status >= 500;
}

function isTransient(error: unknown): boolean {
  const name = nameOf(error);
  if (error instanceof StorageUnavailableError || name === "CredentialsProviderError") return false;
  const status = (error as Fault).$metadata?.httpStatusCode;
  return TRANSIENT.has(name) || status === undefined || status >= 500;
}
