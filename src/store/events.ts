/**
 * What operators want to know: one callback for everything that is not an answer to anybody.
 *
 * @module
 */

/** Something worth a log line. No event carries arguments, results or tokens. */
export interface PerdureEvent {
  /** Stable word, such as `record_undecodable`. */
  readonly type: string;
  /** Task concerned. */
  readonly taskId?: string;
  /** Tool or workflow concerned. */
  readonly name?: string;
  /** One sentence for people. */
  readonly message: string;
  /** What was thrown, if anything was. */
  readonly error?: unknown;
}

/** Takes events. It must not throw; what it throws is dropped. */
export type EventSink = (event: PerdureEvent) => void;

/** A sink that cannot disturb its caller. */
export function guardSink(sink: EventSink | undefined): EventSink {
  if (sink === undefined) return () => {};
  return (event) => {
    try {
      sink(event);
    } catch {
      // An observer's fault must not change what happens to a task.
    }
  };
}
