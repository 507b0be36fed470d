/**
 * How long tasks stood still after their process was lost.
 *
 * @module
 */
import type { Loss } from "./fleet.ts";
import type { NodeWrite } from "./logs.ts";

/** From each loss to the first write of another process, for every task the lost process held; milliseconds. */
export function recoveryTimes(writes: readonly NodeWrite[], losses: readonly Loss[]): number[] {
  const stored = writes.filter(({ outcome }) => outcome === "stored");
  const times: number[] = [];
  for (const ofTask of Map.groupBy(stored, ({ id }) => id).values()) {
    ofTask.sort((a, b) => a.rev - b.rev);
    for (const { node, at } of losses) {
      const last = ofTask.findLast((write) => write.at <= at);
      if (last?.node !== node || last.phase !== "running") continue;
      const next = ofTask[ofTask.indexOf(last) + 1];
      // A cancel or an answer of a client is no recovery, and neither is a write of the process once it goes on.
      if (
        next === undefined || next.node === node || next.status === "cancelled" || next.point === "answer"
      ) continue;
      times.push(next.at - at);
    }
  }
  return times;
}
