/**
 * What a 2025-11-25 task pushes while it runs: progress and log messages on its session's stream, tagged.
 *
 * @module
 */
import type { JsonObject, RequestId } from "../protocol/mod.ts";
import type { LoggingLevel } from "../protocol/logging.ts";
import { relatedTaskMeta } from "../protocol/v2025_11_25/mod.ts";
import type { Run, RunHooks } from "../execution/mod.ts";
import { isTerminal } from "../tasks/mod.ts";
import { isLoggedAt } from "./log_level.ts";
import type { SessionStreams } from "./session_streams.ts";

/** Hooks of a task that belongs to a session (T25-091, T25-093). */
export function sessionHooks(
  { streams }: { readonly streams: SessionStreams },
  session: { readonly id: string; readonly logLevel?: LoggingLevel },
  progressToken: RequestId | undefined,
): RunHooks {
  const push = (method: string, params: JsonObject, run: Run) => {
    // A handler that goes on after its task has ended talks to nobody (T25-092).
    if (run.signal.aborted || isTerminal(run.head.status)) return;
    streams.send(session.id, {
      jsonrpc: "2.0",
      method,
      params: { ...params, _meta: relatedTaskMeta(run.head.id) },
    });
  };
  return {
    onProgress: (progress, run) => {
      if (progressToken !== undefined) push("notifications/progress", { progressToken, ...progress }, run);
    },
    onLog: (level, data, logger, run) => {
      // A level set while the task runs counts from then on.
      if (isLoggedAt(level, streams.logLevelOf(session.id) ?? session.logLevel ?? "info")) {
        push("notifications/message", { level, logger, data }, run);
      }
    },
  };
}
