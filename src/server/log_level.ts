/**
 * Which log messages a client wants to see.
 *
 * @module
 */
import { isAtLeast, isLoggingLevel, type LoggingLevel } from "../protocol/logging.ts";

/** Whether a message of `level` is at least as severe as `wanted`. Without a wish there are none (T26-265). */
export function isLoggedAt(level: string, wanted: LoggingLevel | undefined): boolean {
  return wanted !== undefined && isLoggingLevel(level) && isAtLeast(level, wanted);
}
