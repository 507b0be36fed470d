import { assertEquals } from "@std/assert";
import { LineStream } from "./line_stream.ts";

Deno.test("LineStream cuts at line feeds wherever the chunks end", async () => {
  const lines = async (chunks: string[]) =>
    await Array.fromAsync(ReadableStream.from(chunks).pipeThrough(new LineStream()));
  assertEquals(await lines(["a\nb", "c\n", "\nd"]), ["a", "bc", "", "d"]);
  assertEquals(await lines(["a\n"]), ["a"]);
});
