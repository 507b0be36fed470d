/**
 * The table, for those who do not create it by CloudFormation or Terraform.
 *
 * @module
 */
import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DescribeTableCommand,
  UpdateTimeToLiveCommand,
} from "@aws-sdk/client-dynamodb";
import { StorageUnavailableError } from "../src/store/backend.ts";
import { type Runtime, sleep, systemRuntime } from "../src/runtime.ts";
import type { DynamoClientLike } from "./dynamodb_client.ts";
import { ACTIVE_INDEX, DUE_INDEX } from "./dynamodb_layout.ts";

/** Options of {@linkcode createTable}. */
export interface CreateTableOptions {
  /** Longest wait for the table, in milliseconds. @default {60000} */
  readonly timeoutMs?: number;
  /** Clock and timers. @default {systemRuntime} */
  readonly runtime?: Runtime;
}

const POLL_MS = 250;

/**
 * Creates the table with its indexes, billed per request, enables time to live, and waits until it is active.
 *
 * A table of that name that is there already is left as it is. A local server that knows no time to live is
 * left without.
 *
 * @throws {StorageUnavailableError} If the table is not active in time.
 */
export async function createTable(
  client: DynamoClientLike,
  table: string,
  options: CreateTableOptions = {},
): Promise<void> {
  const { timeoutMs = 60_000, runtime = systemRuntime } = options;
  await client.send(new CreateTableCommand({ TableName: table, ...TABLE })).catch(
    unless("ResourceInUseException"),
  );
  const end = runtime.monotonic() + timeoutMs;
  while (!await isActive(client, table)) {
    if (runtime.monotonic() > end) {
      throw new StorageUnavailableError(
        `Cannot create table "${table}": it is not active after ${timeoutMs} ms`,
      );
    }
    await sleep(runtime, POLL_MS);
  }
  const ttl = new UpdateTimeToLiveCommand({
    TableName: table,
    TimeToLiveSpecification: { AttributeName: "ttl", Enabled: true },
  });
  // Enabled already, or a local server that has none.
  await client.send(ttl).catch(unless("ValidationException", "UnknownOperationException", "UnknownError"));
}

const TABLE: Omit<CreateTableCommandInput, "TableName"> = {
  BillingMode: "PAY_PER_REQUEST",
  AttributeDefinitions: [
    { AttributeName: "pk", AttributeType: "S" },
    { AttributeName: "sk", AttributeType: "S" },
    { AttributeName: "dp", AttributeType: "S" },
    { AttributeName: "d", AttributeType: "N" },
    { AttributeName: "a", AttributeType: "N" },
  ],
  KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }, { AttributeName: "sk", KeyType: "RANGE" }],
  LocalSecondaryIndexes: [{
    IndexName: ACTIVE_INDEX,
    KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }, { AttributeName: "a", KeyType: "RANGE" }],
    Projection: { ProjectionType: "KEYS_ONLY" },
  }],
  GlobalSecondaryIndexes: [{
    IndexName: DUE_INDEX,
    KeySchema: [{ AttributeName: "dp", KeyType: "HASH" }, { AttributeName: "d", KeyType: "RANGE" }],
    Projection: { ProjectionType: "KEYS_ONLY" },
  }],
};

async function isActive(client: DynamoClientLike, table: string): Promise<boolean> {
  const { Table: description } = await client.send(new DescribeTableCommand({ TableName: table })) as {
    Table?: { TableStatus?: string };
  };
  return description?.TableStatus === "ACTIVE";
}

function unless(...names: string[]): (error: Error) => void {
  return (error) => {
    if (!names.includes(error.name)) throw error;
  };
}
