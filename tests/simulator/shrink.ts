/**
 * Makes a failing plan smaller for as long as it keeps breaking the same promise.
 *
 * @module
 */
import type { Plan } from "./plan.ts";
import { simulate } from "./simulate.ts";

/** The smallest plan found that breaks the same invariant. Runs plans: see {@linkcode simulate}. */
export function shrink(plan: Plan, maxRuns = 1500): Plan {
  const first = simulate(plan);
  const broken = first.violation?.invariant;
  if (broken === undefined) return plan;
  let runs = 0;
  const fails = (candidate: Plan) => runs++ < maxRuns && simulate(candidate).violation?.invariant === broken;
  let smallest: Plan = { ...plan, faults: first.faults };
  // Chance is decided by names, so the same faults by name give the same run; if not, leave chance as it is.
  if (!fails(smallest)) smallest = plan;
  for (let before = ""; before !== JSON.stringify(smallest) && runs < maxRuns;) {
    before = JSON.stringify(smallest);
    smallest = leaveOut(smallest, smallest.faults ?? [], (faults) => ({ faults }), fails);
    smallest = leaveOut(smallest, smallest.incidents, (incidents) => ({ incidents }), fails);
    smallest = leaveOut(smallest, smallest.ops, (ops) => ({ ops }), fails);
    smallest = shortenScripts(smallest, fails);
    smallest = simplify(smallest, fails);
  }
  return smallest;
}

/** Leaves out as many items as possible: halves first, then ever smaller parts. */
function leaveOut<T>(
  plan: Plan,
  items: readonly T[],
  change: (items: readonly T[]) => Partial<Plan>,
  fails: (plan: Plan) => boolean,
): Plan {
  let smallest = plan;
  let kept = items;
  for (let size = Math.ceil(kept.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let start = 0; start < kept.length;) {
      const fewer = [...kept.slice(0, start), ...kept.slice(start + size)];
      const candidate = { ...smallest, ...change(fewer) };
      if (fails(candidate)) [smallest, kept] = [candidate, fewer];
      else start += size;
    }
  }
  return smallest;
}

function shortenScripts(plan: Plan, fails: (plan: Plan) => boolean): Plan {
  let smallest = plan;
  for (const index of plan.tasks.keys()) {
    const withScript = (script: Plan["tasks"][number]["script"]) => ({
      tasks: smallest.tasks.map((task, i) => i === index ? { ...task, script } : task),
    });
    smallest = leaveOut(smallest, smallest.tasks[index]!.script, withScript, fails);
  }
  return smallest;
}

/** The plainest world in which it still fails. */
function simplify(plan: Plan, fails: (plan: Plan) => boolean): Plan {
  let smallest = plan;
  const plainer: readonly Partial<Plan>[] = [
    { skews: plan.skews.map(() => 0) },
    { shards: 1 },
    { indexLagMs: 0 },
    { hasPurge: false },
    { lacksTool: false },
    { hintRate: 0 },
    { limit: 100 },
    { tasks: plan.tasks.map((task) => ({ ...task, argBytes: 10 })) },
  ];
  for (const change of plainer) {
    const candidate = { ...smallest, ...change };
    if (JSON.stringify(candidate) !== JSON.stringify(smallest) && fails(candidate)) smallest = candidate;
  }
  return smallest;
}
