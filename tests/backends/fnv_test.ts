import { assertEquals } from "@std/assert";
import { fnv1a } from "../../backends/shared/fnv.ts";

Deno.test("fnv1a() gives the published values: what is stored lies where they say", () => {
  assertEquals(["", "a", "foobar"].map(fnv1a), [0x811c9dc5, 0xe40c292c, 0xbf9cf968]);
});
