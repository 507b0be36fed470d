import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { readSse } from "./sse.ts";

function responseOf(...chunks: string[]): Response {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(new TextEncoder().encode(chunk));
      controller.close();
    },
  });
  return new Response(body, { headers: { "content-type": "text/event-stream; charset=utf-8" } });
}

Deno.test("SseReader reads every field and keeps comments", async () => {
  const text =
    'id: a.0\ndata:\n\n: alive\n\nevent: message\nid: a.1\ndata: {"x":\ndata: 1}\n\nretry: 1000\n\n';
  const expected = [
    { id: "a.0", data: "", comments: [] },
    { comments: ["alive"] },
    { event: "message", id: "a.1", data: '{"x":\n1}', comments: [] },
    { retry: "1000", comments: [] },
  ];
  assertEquals(await readSse(responseOf(text)).all(), expected);
  assertEquals(await readSse(responseOf(...text)).all(), expected);
  assertEquals(await readSse(responseOf(...text.replaceAll("\n", "\r\n"))).all(), expected);
  assertEquals(await readSse(responseOf(...text.replaceAll("\n", "\r"))).all(), expected);
});

Deno.test("SseReader drops a block that was not finished", async () => {
  assertEquals(await readSse(responseOf("data: 1\n\ndata: 2\n")).all(), [{ data: "1", comments: [] }]);
});

Deno.test("SseReader.nextMessage() skips what carries no text", async () => {
  const reader = readSse(responseOf('id: 1\ndata:\n\n: alive\n\ndata: {"a":1}\n\ndata: {"a":2}\n\n'));
  assertEquals([await reader.nextMessage(), await reader.nextMessage()], [{ a: 1 }, { a: 2 }]);
  assertEquals(await reader.nextMessage(), undefined);
});

Deno.test("SseReader.stop() cancels the body and ends the iteration", async () => {
  let cancelled = false;
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new TextEncoder().encode("data: 1\n\n")),
    cancel: () => void (cancelled = true),
  });
  const reader = readSse(new Response(body, { headers: { "content-type": "text/event-stream" } }));
  for await (const block of reader) {
    assertEquals(block.data, "1");
    break;
  }
  assertEquals(cancelled, true);
  assertEquals(await reader.next(), { done: true, value: undefined });
});

Deno.test("SseReader refuses what is no event stream", async () => {
  assertThrows(() => readSse(Response.json({})), TypeError, "application/json");
  await assertRejects(() => readSse(responseOf("dta: 1\n\n")).all(), SyntaxError, "dta");
});
