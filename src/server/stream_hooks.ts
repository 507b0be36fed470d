/**
 * What an inline 2026-07-28 call pushes while it runs.
 *
 * @module
 */
import type { RequestMeta } from "../protocol/v2026_07_28/mod.ts";
import type { RunHooks } from "../execution/mod.ts";
import type { Exchange } from "./exchange.ts";
import { isLoggedAt } from "./log_level.ts";

/** Progress and log messages go to the stream of the call, for as long as it is one (T26-094, T26-260, T26-266). */
export function streamHooks(meta: RequestMeta, exchange: Exchange): RunHooks {
  const { progressToken, logLevel } = meta;
  return {
    onProgress: (progress, run) => {
      if (progressToken === undefined || run.isTask) return;
      exchange.send({
        jsonrpc: "2.0",
        method: "notifications/progress",
        params: { progressToken, ...progress },
      });
    },
    onLog: (level, data, logger, run) => {
      if (run.isTask || !isLoggedAt(level, logLevel)) return;
      exchange.send({ jsonrpc: "2.0", method: "notifications/message", params: { level, logger, data } });
    },
  };
}
