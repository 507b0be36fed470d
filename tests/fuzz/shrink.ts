/**
 * Makes a failing plan smaller for as long as the same oracle speaks.
 *
 * @module
 */
import type { Plan, RequestSketch, SendStep, Step } from "./plan.ts";
import { play, type PlayOptions } from "./play.ts";

/** The smallest plan found in `maxPlays` plays. */
export async function shrink(plan: Plan, options: PlayOptions = {}, maxPlays = 600): Promise<Plan> {
  const { violation } = await play(plan, options);
  if (violation === undefined) return plan;
  let plays = 0;
  const fails = async (candidate: Plan): Promise<boolean> => {
    if (plays++ >= maxPlays) return false;
    return (await play(candidate, options)).violation?.oracle === violation.oracle;
  };
  let smallest: Plan = { ...plan, steps: plan.steps.slice(0, violation.step + 1) };
  if (!await fails(smallest)) smallest = plan;
  for (let before = ""; before !== JSON.stringify(smallest) && plays < maxPlays;) {
    before = JSON.stringify(smallest);
    smallest = await leaveOutSteps(smallest, fails);
    smallest = await simplifySteps(smallest, fails);
    smallest = await plainWorld(smallest, fails);
  }
  return smallest;
}

type Fails = (plan: Plan) => Promise<boolean>;

async function leaveOutSteps(plan: Plan, fails: Fails): Promise<Plan> {
  let kept = plan.steps;
  for (let size = Math.ceil(kept.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let start = 0; start < kept.length;) {
      const steps = [...kept.slice(0, start), ...kept.slice(start + size)];
      if (await fails({ ...plan, steps })) kept = steps;
      else start += size;
    }
  }
  return { ...plan, steps: kept };
}

async function simplifySteps(plan: Plan, fails: Fails): Promise<Plan> {
  let smallest = plan;
  for (let i = 0; i < smallest.steps.length; i++) {
    const candidates = simplerSteps(smallest.steps[i]!);
    for (const step of candidates) {
      const candidate = { ...smallest, steps: smallest.steps.with(i, step) };
      if (!await fails(candidate)) continue;
      smallest = candidate;
      i--;
      break;
    }
  }
  return smallest;
}

function* simplerSteps(step: Step): Generator<Step> {
  if (step.do !== "send") return;
  const { isHasty: _, leaves: __, isSound: ___, ...plain } = step;
  if (Object.keys(plain).length < Object.keys(step).length) yield plain;
  const asIt = (request: RequestSketch): SendStep => ({ ...step, request });
  const { bytes: ____, cuts: _____, breaksOff: ______, ...whole } = step.request;
  if (Object.keys(whole).length < Object.keys(step.request).length) yield asIt(whole);
  for (let i = 0; i < step.request.headers.length; i++) {
    yield asIt({ ...step.request, headers: step.request.headers.toSpliced(i, 1) });
  }
  if (step.request.path !== "/mcp") yield asIt({ ...step.request, path: "/mcp" });
  for (const body of simplerBodies(step.request.body)) yield asIt({ ...step.request, body });
}

/** Texts with less in them: of JSON every member or item left out, of anything else its halves. */
function* simplerBodies(body: string | undefined): Generator<string> {
  if (body === undefined) return;
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    if (body.length < 2) return;
    const half = body.length >> 1;
    yield body.slice(0, half);
    yield body.slice(half);
    return;
  }
  for (const smaller of simplerValues(value)) yield JSON.stringify(smaller);
}

function* simplerValues(value: unknown): Generator<unknown> {
  if (typeof value === "string" && value.length > 40 && !value.includes("⟦")) yield value.slice(0, 20);
  if (typeof value !== "object" || value === null) return;
  const isList = Array.isArray(value);
  for (const name of Object.keys(value)) {
    const without = isList ? value.toSpliced(Number(name), 1) : omit(value as Record<string, unknown>, name);
    yield without;
    for (const smaller of simplerValues((value as Record<string, unknown>)[name])) {
      yield isList ? value.with(Number(name), smaller) : { ...value, [name]: smaller };
    }
  }
}

function omit(object: Record<string, unknown>, name: string): Record<string, unknown> {
  const { [name]: _, ...rest } = object;
  return rest;
}

async function plainWorld(plan: Plan, fails: Fails): Promise<Plan> {
  let smallest = plan;
  for (const name of ["twin", "pages", "tight", "anonymous"] as const) {
    const candidate = { ...smallest, world: { ...smallest.world, [name]: false } };
    if (smallest.world[name] && await fails(candidate)) smallest = candidate;
  }
  return smallest;
}
