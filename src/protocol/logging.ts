/**
 * Severities of log messages (RFC 5424), alike in both revisions.
 *
 * @module
 */

/** Severities, least severe first. */
export const LOGGING_LEVELS = [
  "debug",
  "info",
  "notice",
  "warning",
  "error",
  "critical",
  "alert",
  "emergency",
] as const;

/** A severity. */
export type LoggingLevel = (typeof LOGGING_LEVELS)[number];

/** Whether `value` names a severity. */
export function isLoggingLevel(value: unknown): value is LoggingLevel {
  return LOGGING_LEVELS.some((level) => level === value);
}

/** Whether a message of `level` passes a threshold: it is as severe or more so. */
export function isAtLeast(level: LoggingLevel, threshold: LoggingLevel): boolean {
  return LOGGING_LEVELS.indexOf(level) >= LOGGING_LEVELS.indexOf(threshold);
}
