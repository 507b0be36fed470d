/**
 * The answer to a prompt of a workflow that is a task.
 *
 * @module
 */
import type { JsonObject } from "../protocol/mod.ts";
import {
  isTerminal,
  type PauseReason,
  type TaskHead,
  UndecodableRecordError,
  workflowOf,
} from "../tasks/mod.ts";
import {
  type ArgumentValues,
  reportWorkflow,
  StepStore,
  type WorkflowDefinition,
  type WorkflowReport,
  type WorkflowRunner,
} from "../workflow/mod.ts";
import type { Services } from "./services.ts";

/** What is to be told. */
export interface ReportRequest {
  readonly definition: WorkflowDefinition;
  readonly args: ArgumentValues;
  /** The task. */
  readonly head: TaskHead;
  /** What finished steps came to, as far as it is known. */
  readonly steps?: StepStore;
  /** What runs the workflow here. */
  readonly runner?: WorkflowRunner;
  /** Why it stopped, where that is not stored. */
  readonly pauseReason?: PauseReason;
}

/** How often a report is begun anew that a client's calls have overtaken. */
const MAX_REPORTS = 5;

/**
 * Tells a workflow from its record.
 *
 * @throws {TaskNotFoundError} If it is gone.
 */
export async function toReport(services: Services, request: ReportRequest): Promise<WorkflowReport> {
  const { store, workflowHost } = services;
  const { definition, args, pauseReason, runner, steps = new StepStore(store) } = request;
  let { head } = request;
  for (let attempt = 1;; attempt++) {
    try {
      return await reportWorkflow({
        definition,
        args,
        head,
        steps,
        variables: await variablesFor(services, definition, head),
        describe: (tool) => workflowHost.tool(tool)?.description,
        underWay: stepUnderWay(head, runner),
        unfinished: runner?.unfinished,
        pauseReason,
      });
    } catch (error) {
      if (!(error instanceof UndecodableRecordError) || attempt >= MAX_REPORTS) throw error;
      const fresh = await store.get(head.owner, head.id);
      if (fresh.head.rev === head.rev) throw error;
      head = fresh.head;
    }
  }
}

/** A run that has left does not know it: its record does. */
function stepUnderWay(head: TaskHead, runner: WorkflowRunner | undefined): string | undefined {
  if (head.exec.phase !== "running" || isTerminal(head.status)) return undefined;
  return runner?.underWay ?? workflowOf(head).steps.find(({ status }) => status === "running")?.name;
}

async function variablesFor(
  { store }: Services,
  { steps }: WorkflowDefinition,
  head: TaskHead,
): Promise<JsonObject> {
  const isUsed = steps.some(({ args }) => args.some(([, source]) => source.from === "variable"));
  return isUsed ? await store.loadVariables(head) : {};
}
