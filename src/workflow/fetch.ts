/**
 * The resources of a step: read in order, until one cannot be had.
 *
 * @module
 */
import type { PromptMessage } from "../protocol/mod.ts";
import type { NamedSource, WorkflowStep } from "./definition.ts";
import type { StepSurroundings } from "./perform.ts";
import { resolveAll, type Unresolved } from "./resolve.ts";
import { expandUri } from "./resource_uri.ts";
import { placeholdersOf } from "./substitute.ts";
import { resourceErrorMessage, resourceMessage } from "./trace.ts";

/** A resource that could not be had. */
export type ResourceStop = {
  readonly kind: "resource";
  /** Its URI; the template as written where no URI could be made of it. */
  readonly uri: string;
  /** Why, for people. */
  readonly error: string;
  /** Values of the URI that are not there. */
  readonly missing: readonly Unresolved[];
};

/** What came of reading. */
export interface FetchedResources {
  /** What is told of them, in order. */
  readonly messages: readonly PromptMessage[];
  /** The first that could not be had; later ones were not tried. */
  readonly stop?: ResourceStop;
}

/** Whether a resource waits for the step's own output: it is read after the tool was run, all others before. */
export function isLate(step: WorkflowStep, uri: string): boolean {
  if (step.binding === undefined) return false;
  return sourcesOf(step, uri).some(([, source]) =>
    source.from === "output" && source.binding === step.binding
  );
}

/** Reads those resources of a step that `isWanted` picks. */
export async function fetchResources(
  step: WorkflowStep,
  env: Pick<StepSurroundings, "definition" | "known" | "read">,
  isWanted: (uri: string) => boolean,
): Promise<FetchedResources> {
  const messages: PromptMessage[] = [];
  for (const { uri: template } of step.resources) {
    if (!isWanted(template)) continue;
    const fetched = await fetchOne(step, template, env);
    if ("stop" in fetched) {
      const { uri, error } = fetched.stop;
      return { messages: [...messages, resourceErrorMessage(uri, error)], stop: fetched.stop };
    }
    messages.push(fetched.message);
  }
  return { messages };
}

async function fetchOne(
  step: WorkflowStep,
  template: string,
  { definition, known, read }: Pick<StepSurroundings, "definition" | "known" | "read">,
): Promise<{ readonly message: PromptMessage } | { readonly stop: ResourceStop }> {
  const stop = (uri: string, error: string, missing: readonly Unresolved[] = []) => ({
    stop: { kind: "resource", uri, error, missing } as const,
  });
  const { values, missing } = resolveAll(sourcesOf(step, template), definition.arguments, known);
  if (missing.length > 0) return stop(template, missing.map(({ message }) => message).join("; "), missing);
  const expanded = expandUri(template, Object.fromEntries(values));
  if (!expanded.ok) return stop(template, expanded.message);
  const { uri } = expanded;
  const outcome = await read(uri);
  if (!outcome.ok) return stop(uri, outcome.error);
  const message = resourceMessage(uri, outcome.contents);
  return message === undefined ? stop(uri, "it holds no text") : { message };
}

/** Sources of the placeholders that a URI has. */
function sourcesOf(step: WorkflowStep, uri: string): readonly NamedSource[] {
  const names = new Set(placeholdersOf(uri));
  return step.templateBindings.filter(([name]) => names.has(name));
}
