/**
 * The one place that knows which store is used when the author names none: Deno KV, where the runtime has it.
 *
 * @module
 */
import type { StorageBackend } from "../store/mod.ts";

const REMEDY =
  'pass one, for example new McpServer(info, { backend: memory() }) with memory from "@perdure/mcp-tasks/memory"';

const WHERE = "Perdure keeps tasks in the Deno KV file of this program. To pin the place, pass " +
  'backend: denoKv("./tasks.kv") with denoKv from "@perdure/mcp-tasks/deno-kv".';
let hasSaidWhere = false;

/**
 * Opens the default store, and says once per process, on standard error, where it is: standard output may carry messages.
 *
 * @throws {TypeError} Where the runtime has none; the message shows the line to write.
 */
export async function openDefaultBackend(): Promise<StorageBackend> {
  assertDefaultBackend();
  const { denoKv } = await import("../../backends/deno_kv.ts");
  if (!hasSaidWhere) console.warn(WHERE);
  hasSaidWhere = true;
  return denoKv();
}

/** @throws {TypeError} Where the runtime has no default store; the message shows the line to write. */
export function assertDefaultBackend(): void {
  const deno = (globalThis as { readonly Deno?: { readonly openKv?: unknown } }).Deno;
  if (deno === undefined) {
    throw new TypeError(`Cannot keep tasks: this runtime has no default storage; ${REMEDY}`);
  }
  if (typeof deno.openKv !== "function") {
    throw new TypeError(
      `Cannot keep tasks: Deno KV is off; add "unstable": ["kv"] to deno.json or run with --unstable-kv, or ${REMEDY}`,
    );
  }
}
