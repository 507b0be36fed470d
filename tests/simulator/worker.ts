/**
 * Runs batches on a thread of its own.
 *
 * @module
 */
/// <reference lib="webworker" />
import { type Batch, runBatch } from "./batch.ts";

self.onmessage = async ({ data }: MessageEvent<Batch>) => {
  self.postMessage(await runBatch(data));
};
