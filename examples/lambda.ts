/**
 * A server as an AWS Lambda function behind a function URL, with a small adapter.
 *
 * In Lambda the last line of such a program is `export const handler = awslambda.streamifyResponse(toStreamHandler(
 * server, awslambda.HttpResponseStream))`, the tasks are in DynamoDB or Redis, and a schedule calls `server.recover()`.
 * Here the adapter is given events of the same shape and a stream that keeps what is written.
 *
 * Run: `deno run -A examples/lambda.ts`. It prints what happens and ends with 1 if something is not as it should be.
 *
 * @module
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { McpServer } from "@perdure/mcp-tasks";
import { memory } from "@perdure/mcp-tasks/memory";
import { type OutgoingStream, type ResponseStreams, toStreamHandler } from "./lambda/stream_handler.ts";
import { pause } from "./support/pause.ts";

const DOMAIN = "abc123.lambda-url.eu-central-1.on.aws";
const VERSION = "2026-07-28";

const server = new McpServer({ name: "lambda", version: "1.0.0" }, {
  allowAnonymous: true,
  allowedHosts: [DOMAIN],
  autoRecover: false, // no timer lives between two requests
  backend: memory(),
});
server.registerTool("count", { description: "Counts to three." }, async (_args, ctx) => {
  for (let i = 1; i <= 3; i++) await ctx.progress(i, 3);
  return "counted";
});
server.registerTool(
  "print",
  { description: "Prints.", task: { support: "required" } },
  async (_args, ctx) => {
    await pause(200, ctx.signal);
    console.log("function: printed, after its response was sent");
    return "printed";
  },
);

/** What came out of one invocation: status and headers go out with the first piece, as in Lambda. */
class Recorder implements OutgoingStream {
  status: number | undefined;
  text = "";
  readonly #status: number;
  readonly #onEnd: (recorder: Recorder) => void;

  constructor(status: number, onEnd: (recorder: Recorder) => void) {
    this.#status = status;
    this.#onEnd = onEnd;
  }

  write(chunk: Uint8Array | string): boolean {
    this.status = this.#status;
    this.text += typeof chunk === "string" ? chunk : new TextDecoder().decode(chunk);
    return true;
  }

  once(): void {}

  end(): void {
    this.#onEnd(this);
  }
}

/** Invokes the function with a message; gives the response once it has ended, which the invocation may outlast. */
async function invoke(
  method: string,
  params: object,
  name?: string,
): Promise<{ readonly response: Recorder; readonly ended: Promise<void> }> {
  const { promise, resolve } = Promise.withResolvers<Recorder>();
  const streams: ResponseStreams = { from: (_stream, { statusCode }) => new Recorder(statusCode, resolve) };
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": VERSION,
    "io.modelcontextprotocol/clientCapabilities": { extensions: { "io.modelcontextprotocol/tasks": {} } },
    progressToken: "p",
  };
  const isNotification = method.startsWith("notifications/");
  const message = {
    jsonrpc: "2.0",
    method,
    params: { ...params, _meta },
    ...(isNotification ? {} : { id: 1 }),
  };
  const event = {
    rawPath: "/mcp",
    rawQueryString: "",
    headers: {
      "host": DOMAIN,
      "content-type": "application/json",
      "accept": "application/json, text/event-stream",
      "mcp-protocol-version": VERSION,
      "mcp-method": method,
      ...(name === undefined ? {} : { "mcp-name": name }),
    },
    requestContext: { domainName: DOMAIN, http: { method: "POST" } },
    body: btoa(JSON.stringify(message)),
    isBase64Encoded: true,
  };
  const ended = toStreamHandler(server, streams)(event, new Recorder(0, () => {}));
  return { response: await promise, ended };
}

const counted = await invoke("tools/call", { name: "count" }, "count");
await counted.ended;
assertEquals(counted.response.status, 200);
assertStringIncludes(counted.response.text, "data: ");
assertStringIncludes(counted.response.text, "counted");
console.log("client: the progress of a plain call was streamed");

const noted = await invoke("notifications/cancelled", { requestId: 7 });
assertEquals([noted.response.status, noted.response.text], [202, ""]);

const printing = await invoke("tools/call", { name: "print" }, "print");
const { taskId, status } = JSON.parse(printing.response.text).result;
console.log(`client: task ${status}`);
await printing.ended;
const read = await invoke("tasks/get", { taskId }, taskId);
assertEquals(JSON.parse(read.response.text).result.status, "completed");
console.log("client: the task is completed");
await server.close();
