/**
 * A server with workflows that have tasks, for tests of running, handing over and going on.
 *
 * @module
 */
import { z } from "zod";
import { argument, output, workflow } from "../../mod.ts";
import type { Answer } from "../support/http_client.ts";
import type { TestServerOptions } from "../support/test_server.ts";
import { ADA, type Json, type Toolbox, withTools } from "./pipeline.ts";

/** `_meta` that names a task. */
export function naming(taskId: string): Json {
  return { "io.perdure/taskId": taskId };
}

/** A server whose tools fail when a test says so. */
export interface TaskToolbox extends Toolbox {
  /** Names of steps whose next calls of `work` fail; each failure takes one out. */
  readonly failing: string[];
}

/**
 * Tools `work` (once) and `redo` (repeatable): they note their text and give it back, or fail as told.
 *
 * `pipeline` is a workflow of three steps, each working on what the one before gave; the first is retryable.
 */
export function withPipeline(options?: TestServerOptions): TaskToolbox {
  const parts = withTools({ secrets: ["s".repeat(32)], ...options });
  const { server, calls } = parts;
  const failing: string[] = [];
  const work = (kind: string) => ({ text }: { text: string }) => {
    calls.push(`${kind} ${text}`);
    const index = failing.indexOf(text);
    if (index < 0) return `${text}!`;
    failing.splice(index, 1);
    return { content: [{ type: "text", text: `${text} is out of order` }], isError: true };
  };
  const inputSchema = z.object({ text: z.string() });
  server.registerTool("work", { description: "Works.", inputSchema }, work("work"));
  server.registerTool("redo", {
    inputSchema,
    task: { support: "optional", repeatable: true },
  }, work("redo"));
  server.registerWorkflow(
    workflow("pipeline", "copy the rows").task().argument("source", "Where from")
      .step("fetch", "work").arg("text", argument("source")).bind("raw").retryable().guidance(
        "Mind {source}.",
      )
      .step("transform", "work").arg("text", output("raw")).bind("made")
      .step("store", "redo").arg("text", output("made")),
  );
  return { ...parts, failing };
}

/** The id of the task that a prompt tells of. */
export function taskOf({ result, error }: Answer): string {
  if (result === undefined) throw new Error(JSON.stringify(error));
  return (result._meta as { task_id: string }).task_id;
}

/** `_meta` of an answer without what every answer has. */
export function metaOf({ result }: Answer): Json {
  const { "io.modelcontextprotocol/serverInfo": _info, ...meta } = result._meta as Json;
  return meta;
}

/** Statuses of the steps that an answer tells of, by their names. */
export function stepsOf(answer: Answer): Json {
  const steps = metaOf(answer).steps as { name: string; status: string }[];
  return Object.fromEntries(steps.map(({ name, status }) => [name, status]));
}

/** Gets the prompt of a workflow as a 2026-07-28 client. */
export function getModern(
  parts: Toolbox,
  name: string,
  args?: Json,
  options: { readonly task?: string; readonly capabilities?: Json; readonly params?: Json } = {},
): Promise<Answer> {
  const { task, capabilities, params } = options;
  return parts.modern(ADA).request("prompts/get", { name, ...(args && { arguments: args }), ...params }, {
    ...(capabilities && { capabilities }),
    ...(task && { meta: naming(task) }),
  });
}
