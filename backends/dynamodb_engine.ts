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
/** What the SDK says instead of asking, in every call. */
const MISSING_REGION = /^Region is missing/;
/** Faults that nothing but a change of configuration cures, with what to change. */
const REMEDIES: readonly (readonly [RegExp, string])[] = [
  [/^ResourceNotFoundException\b/, "create the table, or name the region it is in"],
  [
    /^(?:UnrecognizedClientException|InvalidSignatureException|IncompleteSignature|InvalidClientTokenId|MissingAuthenticationToken\w*|ExpiredTokenException|CredentialsProviderError)\b/,
    "check the credentials",
  ],
  [
    /^AccessDeniedException\b/,
    "allow GetItem, BatchGetItem, PutItem, BatchWriteItem and Query on table and indexes",
  ],
  [
    /^ValidationException\b/,
    "the table or its indexes have another key schema: lay it out as docs/backends.md says",
  ],
  [MISSING_REGION, "name it in connection.region, or in AWS_REGION"],
  [/^ItemCollectionSizeLimitExceededException\b/, "the owner's records have reached 10 GB: delete some"],
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
    const fault = describe(error);
    const remedy = REMEDIES.find(([pattern]) => pattern.test(fault));
    const answer = statusOf(error) === undefined ? "did not answer" : "answered";
    const message = `Cannot ${action}: DynamoDB table "${this.#table}" ${answer}: ${fault}` +
      (remedy === undefined ? "" : `; ${remedy[1]}`);
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

function describe(error: unknown): string {
  const name = nameOf(error);
  return name === "Error" ? messageOf(error) : `${name}: ${messageOf(error)}`;
}

/** HTTP status of the service's answer; `undefined` if there was none. */
function statusOf(error: unknown): number | undefined {
  return (error as Fault | undefined)?.$metadata?.httpStatusCode;
}

/** An answer of the service says that nothing was done, unless it is the service's own failure. */
function mayHaveRun(error: unknown): boolean {
  const status = statusOf(error);
  return status === undefined || status >= 500;
}

function isTransient(error: unknown): boolean {
  const name = nameOf(error);
  if (error instanceof StorageUnavailableError || name === "CredentialsProviderError") return false;
  if (MISSING_REGION.test(messageOf(error))) return false;
  const status = statusOf(error);
  return TRANSIENT.has(name) || status === undefined || status >= 500;
}
