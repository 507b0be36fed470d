/**
 * Plays batches on a thread of its own.
 *
 * @module
 */
/// <reference lib="webworker" />
import type { Batch } from "../simulator/batch.ts";

self.onmessage = async ({ data }: MessageEvent<Batch>) => {
  // A module that is loaded ahead and awaits something loses the messages that come meanwhile.
  const { runBatch } = await import("./batch.ts");
  self.postMessage(await runBatch(data));
};
