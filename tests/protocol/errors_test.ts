import { assertEquals, assertInstanceOf } from "@std/assert";
import { internalError, invalidParams, methodNotFound, ProtocolError } from "../../src/protocol/mod.ts";
import { assertValid2025 } from "../support/official_schemas.ts";

Deno.test("ProtocolError.toJsonRpc() is the error member, with data only if there is some", () => {
  const cause = new Error("inner");
  const error = new ProtocolError(-32603, "No", { reason: "limit" }, {
    cause,
    requestId: 3,
    httpStatus: 400,
  });
  assertInstanceOf(error, Error);
  assertEquals([error.name, error.message, error.cause, error.requestId, error.httpStatus], [
    "ProtocolError",
    "No",
    cause,
    3,
    400,
  ]);
  assertEquals(error.toJsonRpc(), { code: -32603, message: "No", data: { reason: "limit" } });
  assertEquals(Object.keys(new ProtocolError(1, "x").toJsonRpc()), ["code", "message"]);
  assertEquals(new ProtocolError(1, "x", null).toJsonRpc(), { code: 1, message: "x", data: null });
  assertValid2025("JSONRPCErrorResponse", { jsonrpc: "2.0", id: 3, error: error.toJsonRpc() });
});

Deno.test("the short forms have the numbers of JSON-RPC", () => {
  assertEquals([invalidParams("a").code, methodNotFound("b").code, internalError("c").code], [
    -32602,
    -32601,
    -32603,
  ]);
});
