/**
 * Which log messages a client wants to see.
 *
 * @module
 */
import type { LoggingLevel } from "../protocol/logging.ts";

const LEVELS: readonly LoggingLevel[] = [
  "debug",
  "info",
  "notice",
  "warning",
  "error",
  "critical",
  "alert",
  "emergency",
];

/** Whether a message of `level` is at least as severe as `wanted`. Without a wish there are none (T26-265). */
export function isLoggedAt(level: string, wanted: LoggingLevel | undefined): boolean {
  return wanted !== undefined && LEVELS.indexOf(level as LoggingLevel) >= LEVELS.indexOf(wanted);
}
