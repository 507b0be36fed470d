import { assertThrows } from "@std/assert";
import { verifies } from "./requirements.ts";

Deno.test("verifies() refuses unknown ids and none at all", () => {
  assertThrows(() => verifies("T25-999", "claim", () => {}), RangeError, "T25-999");
  assertThrows(() => verifies(["T25-001", "T27-001"], "claim", () => {}), RangeError, "T27-001");
  assertThrows(() => verifies([], "claim", () => {}), RangeError, "no requirement");
});
