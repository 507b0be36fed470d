/** For a first look. */
import { generate } from "./generate.ts";
import { simulate } from "./simulate.ts";

const first = Number(Deno.args[0] ?? 1);
const count = Number(Deno.args[1] ?? 1);
setTimeout(() => {
  const started = performance.now();
  const counters = new Map<string, number>();
  const seen = new Map<string, number[]>();
  let events = 0;
  for (let seed = first; seed < first + count; seed++) {
    const outcome = simulate(generate(seed), { trace: count === 1 });
    events += outcome.events;
    for (const [name, n] of outcome.counters) counters.set(name, (counters.get(name) ?? 0) + n);
    if (count === 1) console.log(outcome.lines!.join("\n"), outcome.traceHash);
    if (outcome.violation) {
      const what = outcome.violation.invariant + ": " +
        outcome.violation.message.replaceAll(/[0-9A-Z]{30,}|\d+/g, "_").slice(0, 150);
      seen.set(what, [...seen.get(what) ?? [], seed]);
    }
  }
  console.log([...counters].sort().map(([name, n]) => `${name}=${n}`).join(" "));
  for (const [what, seeds] of seen) console.log(seeds.length, seeds.slice(0, 5), what);
  const s = (performance.now() - started) / 1000;
  console.log(`${count} schedules, ${events} events, ${(count / s).toFixed(1)}/s`);
}, 0);
