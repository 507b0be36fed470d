/**
 * Runs many schedules on several threads, until their count or their time is used up.
 *
 * @module
 */
import type { Batch, BatchReport, Failure } from "./batch.ts";

/** Options of {@linkcode runCampaign}. */
export interface CampaignOptions {
  /** First seed. */
  readonly from: number;
  /** Schedules at most. */
  readonly schedules: number;
  /** Seconds at most. */
  readonly seconds: number;
  /** Threads. */
  readonly threads: number;
  /** Stop at the first broken promise. */
  readonly stopsAtFailure: boolean;
  /** Schedules that a thread takes at once. @default {25} */
  readonly batchSize?: number;
  /** Makes the batches, where they are not seeds. */
  readonly batchOf?: (from: number, count: number) => Batch;
  /** Module of the threads. @default the simulator's */
  readonly worker?: URL;
  /** Whether it is enough before all schedules have run. */
  readonly isEnough?: (campaign: CampaignReport) => boolean;
  /** Told of each batch. */
  readonly onProgress?: (campaign: CampaignReport) => void;
}

/** What a campaign has come to. */
export interface CampaignReport {
  schedules: number;
  events: number;
  seconds: number;
  readonly counters: Map<string, number>;
  readonly failures: Failure[];
}

/** Runs a campaign. */
export async function runCampaign(options: CampaignOptions): Promise<CampaignReport> {
  const { from, schedules, seconds, threads, batchSize = 25 } = options;
  const started = performance.now();
  const elapsed = () => (performance.now() - started) / 1000;
  const report: CampaignReport = { schedules: 0, events: 0, seconds: 0, counters: new Map(), failures: [] };
  let next = from;
  const take = (): Batch | undefined => {
    const isOver = elapsed() >= seconds || options.stopsAtFailure && report.failures.length > 0 ||
      options.isEnough?.(report);
    const count = Math.min(batchSize, from + schedules - next);
    if (isOver || count <= 0) return undefined;
    const batch = options.batchOf?.(next, count) ?? { from: next, count };
    next += count;
    return batch;
  };
  const work = async () => {
    const worker = new Worker(options.worker ?? new URL("./worker.ts", import.meta.url), { type: "module" });
    try {
      for (let batch = take(); batch !== undefined; batch = take()) {
        add(report, await ask(worker, batch));
        report.seconds = elapsed();
        options.onProgress?.(report);
      }
    } finally {
      worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: threads }, work));
  return report;
}

function ask(worker: Worker, batch: Batch): Promise<BatchReport> {
  const { promise, resolve, reject } = Promise.withResolvers<BatchReport>();
  worker.onmessage = ({ data }: MessageEvent<BatchReport>) => resolve(data);
  worker.onerror = (event) => {
    event.preventDefault();
    reject(new Error(`Cannot simulate schedules from ${batch.from} on: ${event.message}`));
  };
  worker.postMessage(batch);
  return promise;
}

function add(report: CampaignReport, batch: BatchReport): void {
  report.schedules += batch.schedules;
  report.events += batch.events;
  for (const [name, n] of batch.counters) report.counters.set(name, (report.counters.get(name) ?? 0) + n);
  report.failures.push(...batch.failures);
}
