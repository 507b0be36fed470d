/**
 * What the handler reports to whoever runs it.
 *
 * @module
 */
import type { Era } from "../protocol/mod.ts";

/** Where in the handling of a request something was thrown. */
export type Stage = "authenticate" | "handle" | "dispatch";

/** Something went wrong that the client was not told about in full. */
export type HandlerEvent =
  | {
    /** Code of the author's or ours threw; the client got a fixed text with the same id. */
    readonly type: "defect";
    readonly correlationId: string;
    readonly during: Stage;
    readonly error: unknown;
  }
  | {
    /** A stream was closed because its reader was too slow. */
    readonly type: "stream_overflow";
    readonly era: Era;
  }
  | {
    /** Progress, log messages or the like were dropped on a pipe, because its reader is too slow. */
    readonly type: "notifications_dropped";
  }
  | {
    /** A pipe could not be read any further; it counts as closed. */
    readonly type: "pipe_failed";
    readonly error: unknown;
  };

/** Takes events. What it throws is dropped. */
export type HandlerEventListener = (event: HandlerEvent) => void;
