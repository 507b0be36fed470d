/**
 * A server of idle event streams: bare, or Perdure's subscriptions. Prints its port, then obeys lines on stdin:
 * `measure` collects garbage and prints the memory of the process and its used heap, in bytes.
 *
 * @module
 */
import { McpServer } from "@perdure/mcp-tasks";
import { memory } from "@perdure/mcp-tasks/memory";

const KEEP_ALIVE_MS = 8000;

/** Streams as a server without any library would write them: a first comment, and one every eight seconds. */
function bare(): Response {
  let timer: ReturnType<typeof setInterval> | undefined;
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(encoder.encode(": open\n\n"));
      timer = setInterval(() => controller.enqueue(encoder.encode(": keep-alive\n\n")), KEEP_ALIVE_MS);
    },
    cancel: () => clearInterval(timer),
  });
  return new Response(body, { headers: { "content-type": "text/event-stream" } });
}

async function perdure(): Promise<(request: Request) => Response | Promise<Response>> {
  const server = new McpServer({ name: "bench", version: "1.0.0" }, {
    allowAnonymous: true,
    limits: { anonymousStreams: 1_000_000 },
    backend: memory(),
    keepAliveMs: KEEP_ALIVE_MS,
  });
  server.registerTool("forever", { task: { support: "required" } }, () => new Promise(() => {}));
  await Promise.resolve();
  return (request) => server.fetch(request);
}

const handler = Deno.args[0] === "bare" ? bare : await perdure();
const server = Deno.serve(
  { port: 0, hostname: "127.0.0.1", onListen: ({ port }) => console.log(port) },
  handler,
);
const lines = Deno.stdin.readable.pipeThrough(new TextDecoderStream());
for await (const line of lines) {
  if (!line.includes("measure")) continue;
  for (let i = 0; i < 3; i++) (globalThis as { readonly gc?: () => void }).gc?.();
  const usage = Deno.memoryUsage();
  console.log(`${usage.rss} ${usage.heapUsed}`);
}
await server.shutdown();
