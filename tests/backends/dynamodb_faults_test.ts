import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DescribeTableCommand,
  type DynamoDBClient,
  PutItemCommand,
} from "@aws-sdk/client-dynamodb";
import { createTable, type DynamoClientLike, dynamodb } from "../../backends/dynamodb.ts";
import { StorageUnavailableError } from "../../src/store/backend.ts";
import type { RecordKey, StorageBackend } from "../../src/testing/mod.ts";
import { connectDynamo } from "../contract/fixtures/dynamodb.ts";

const TABLE = "perdure-faults";

function dynamoTest(name: string, fn: () => Promise<void>): void {
  // The server in this process outlives the test that started it.
  Deno.test({ name, fn, sanitizeOps: false, sanitizeResources: false });
}

function task(id: string): RecordKey {
  return { owner: "owner", kind: "task", id };
}

function create(backend: StorageBackend, id: string): ReturnType<StorageBackend["put"]> {
  return backend.put({ key: task(id), value: new TextEncoder().encode(id), dueAt: 1 }, { absent: true });
}

/** A client that does something else with some requests. */
function intercepting(
  client: DynamoClientLike,
  intercept: (command: object, send: () => Promise<unknown>) => Promise<unknown>,
): DynamoClientLike {
  return {
    send: (command, options) => intercept(command, () => client.send(command, options)),
    destroy: () => client.destroy(),
  };
}

function awsError(name: string, httpStatusCode: number | undefined, attempts = 1): Error {
  return Object.assign(new Error(`${name} happened`), { name, $metadata: { httpStatusCode, attempts } });
}

async function openTable(): Promise<{ client: DynamoDBClient; namespace: string }> {
  const client = await connectDynamo();
  await createTable(client, TABLE);
  return { client, namespace: crypto.randomUUID() };
}

dynamoTest("createTable() leaves a table that is there as it is", async () => {
  const { client } = await openTable();
  await createTable(client, TABLE);
  client.destroy();
});

dynamoTest("dynamodb() names a table that does not exist", async () => {
  const { client } = await openTable();
  const backend = dynamodb("no-such-table", { client });
  await assertRejects(() => create(backend, "a"), StorageUnavailableError, 'table "no-such-table"');
  await assertRejects(() => backend.get([task("a")]), StorageUnavailableError, "create the table");
  client.destroy();
});

async function createOtherTable(
  client: DynamoDBClient,
  keys: Readonly<Record<string, "HASH" | "RANGE">>,
): Promise<string> {
  const TableName = `other-${crypto.randomUUID()}`;
  const input: CreateTableCommandInput = {
    TableName,
    BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: Object.keys(keys).map((AttributeName) => ({ AttributeName, AttributeType: "S" })),
    KeySchema: Object.entries(keys).map(([AttributeName, KeyType]) => ({ AttributeName, KeyType })),
  };
  await client.send(new CreateTableCommand(input));
  const describe = new DescribeTableCommand({ TableName });
  while ((await client.send(describe)).Table?.TableStatus !== "ACTIVE") {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return TableName;
}

dynamoTest("dynamodb() names a table with another key schema", async () => {
  const { client } = await openTable();
  const backend = dynamodb(await createOtherTable(client, { id: "HASH" }), { client });
  await assertRejects(() => backend.get([task("a")]), StorageUnavailableError, "another key schema");
  await assertRejects(() => create(backend, "a"), StorageUnavailableError, "another key schema");
  client.destroy();
});

dynamoTest("dynamodb() names a table without its indexes", async () => {
  const { client } = await openTable();
  const backend = dynamodb(await createOtherTable(client, { pk: "HASH", sk: "RANGE" }), { client });
  const query = { before: 1, shard: 0, limit: 1 };
  await assertRejects(() => backend.due(query), StorageUnavailableError, "indexes have another key schema");
  const write = { key: task("a"), value: new Uint8Array(), active: true };
  await assertRejects(
    () => backend.put(write, { absent: true, activeLimit: 1 }),
    StorageUnavailableError,
    "indexes have another key schema",
  );
  client.destroy();
});

dynamoTest("dynamodb() asks for a region at once where none is set", async () => {
  const backend = dynamodb(TABLE, {
    connection: {
      region: () => Promise.reject(new Error("Region is missing")),
      credentials: { accessKeyId: "a", secretAccessKey: "b" },
    } as never,
  });
  await assertRejects(() => create(backend, "a"), StorageUnavailableError, "name it in connection.region");
  await backend.close();
});

dynamoTest("dynamodb() names an unreachable service", async () => {
  const backend = dynamodb(TABLE, {
    timeoutMs: 200,
    connection: {
      endpoint: "http://127.0.0.1:1",
      region: "eu-central-1",
      credentials: { accessKeyId: "a", secretAccessKey: "b" },
    },
  });
  await assertRejects(
    () => create(backend, "a"),
    StorageUnavailableError,
    "did not answer: connect ECONNREFUSED 127.0.0.1:1",
  );
  await backend.close();
});

dynamoTest("dynamodb() does not try again what credentials forbid", async () => {
  const { client } = await openTable();
  const refusals = {
    UnrecognizedClientException: "check the credentials",
    CredentialsProviderError: "check the credentials",
    AccessDeniedException: "allow GetItem, BatchGetItem, PutItem, BatchWriteItem and Query",
  };
  for (const [name, remedy] of Object.entries(refusals)) {
    let calls = 0;
    const backend = dynamodb(TABLE, {
      client: intercepting(client, () => {
        calls++;
        return Promise.reject(awsError(name, name === "CredentialsProviderError" ? undefined : 400));
      }),
    });
    const error = await assertRejects(() => create(backend, "a"), StorageUnavailableError, name);
    assertStringIncludes(error.message, remedy);
    assertEquals(calls, 1);
  }
  client.destroy();
});

dynamoTest("dynamodb() recognises its own put when the answer was lost", async () => {
  const { client, namespace } = await openTable();
  let losses = 1;
  const backend = dynamodb(TABLE, {
    namespace,
    client: intercepting(client, async (command, send) => {
      const answer = await send();
      if (!(command instanceof PutItemCommand) || losses-- <= 0) return answer;
      throw awsError("TimeoutError", undefined);
    }),
  });
  assert((await create(backend, "a")).ok);
  assertEquals(await create(backend, "a"), { ok: false, reason: "conflict" });
  client.destroy();
});

dynamoTest("dynamodb() recognises its own put when the driver sent it again", async () => {
  const { client, namespace } = await openTable();
  const backend = dynamodb(TABLE, {
    namespace,
    client: intercepting(client, async (command, send) => {
      const answer = await send();
      if (command instanceof PutItemCommand) throw awsError("ConditionalCheckFailedException", 400, 2);
      return answer;
    }),
  });
  assert((await create(backend, "a")).ok);
  client.destroy();
});

dynamoTest("dynamodb() does not guess when its lost put may have been overwritten", async () => {
  const { client, namespace } = await openTable();
  const other = dynamodb(TABLE, { client, namespace });
  let losses = 1;
  const backend = dynamodb(TABLE, {
    namespace,
    client: intercepting(client, async (command, send) => {
      const answer = await send();
      if (!(command instanceof PutItemCommand) || losses-- <= 0) return answer;
      const [record] = await other.get([task("a")]);
      await other.put({ key: task("a"), value: new Uint8Array() }, { version: record!.version });
      throw awsError("TimeoutError", undefined);
    }),
  });
  const error = await assertRejects(
    () => create(backend, "a"),
    StorageUnavailableError,
    "the answer was lost",
  );
  assert(error.attempted !== undefined);
  client.destroy();
});

dynamoTest("dynamodb() reads what the service left out of a batch", async () => {
  const { client, namespace } = await openTable();
  let calls = 0;
  const backend = dynamodb(TABLE, {
    namespace,
    client: intercepting(client, async (command, send) => {
      const { input } = command as { input: { RequestItems?: Record<string, { Keys?: object[] }> } };
      const keys = input.RequestItems?.[TABLE]?.Keys;
      if (keys === undefined || keys.length < 2) return await send();
      calls++;
      const rest = keys.splice(1);
      const answer = await send() as object;
      return { ...answer, UnprocessedKeys: { [TABLE]: { Keys: rest } } };
    }),
  });
  for (const id of ["a", "b", "c"]) await create(backend, id);
  const records = await backend.get(["c", "a", "b"].map(task));
  assertEquals(records.map((record) => record?.key.id), ["c", "a", "b"]);
  assertEquals(calls, 2);
  client.destroy();
});

dynamoTest("dynamodb() spreads payloads of one owner over partitions, and lists them in order", async () => {
  const { client, namespace } = await openTable();
  const backend = dynamodb(TABLE, { client, namespace });
  const ids = Array.from({ length: 40 }, (_, i) => `task${String(i).padStart(3, "0")}/1.x/0`);
  for (const id of ids) {
    await backend.put({ key: { owner: "o", kind: "payload", id }, value: new Uint8Array(2) }, {
      absent: true,
    });
  }
  for (const reverse of [false, true]) {
    const seen: string[] = [];
    let after: string | undefined;
    do {
      const page = await backend.list({ owner: "o", kind: "payload", limit: 7, after, reverse });
      assert(page.records.length <= 7);
      seen.push(...page.records.map(({ key }) => key.id));
      after = page.after;
    } while (after !== undefined);
    assertEquals(seen, reverse ? [...ids].reverse() : ids);
  }
  client.destroy();
});
