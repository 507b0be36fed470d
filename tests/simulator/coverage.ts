/**
 * Paths that a campaign must have taken, each many times less likely than a plain success.
 *
 * @module
 */

/** What each counter means. */
export const RARE_PATHS: Readonly<Record<string, string>> = {
  "unknown.known.found": "a lost put is found by the version it would have stored",
  "unknown.unknown.found": "a lost put is found by its write nonce",
  "unknown.conflict.found": "a conflict turns out to be the put's own",
  "unknown.known.overwritten": "a lost put of known version is overwritten before it is looked for",
  "unknown.unknown.overwritten": "a lost put is overwritten before it is looked for",
  "unknown.unknown.repeat": "a put that did not arrive is repeated",
  "unknown.unknown.lost": "a put that did not arrive has lost the race",
  "unknown.unknown.gone": "the record of a lost put is gone",
  "claim.lost": "two processes claim at once, and one has it",
  "op.claim": "a queued task is claimed",
  "op.claim.lapsed": "a lapsed lease is taken over",
  "op.give_up": "a task is given up",
  "op.postpone": "a lost attempt is postponed",
  "op.hand_back": "a drained process hands its task back",
  "op.park": "a task leaves its process",
  "op.wake": "a parked task is woken by time",
  "op.requeue": "an answer queues a parked task",
  "op.cancel": "a task is cancelled",
  "op.finish": "a task finishes",
  "event.worker_lost": "a once-tool loses its process",
  "event.attempts_exhausted": "a repeatable tool uses up its attempts",
  "event.outcome_dropped": "a loser drops its outcome",
  "event.outcome_delayed": "an outcome waits for the store",
  "event.claims_paused": "a tool that keeps losing its process is left alone",
  "input.timeout": "a question ends without an answer",
  "input.timeout.holder": "the holder ends a question in time",
  "input.timeout.scanner": "a scanner ends a question in time",
  "ask.timeout": "a tool is told that nobody answered",
  "answer.accepted": "an answer counts",
  "answer.ignored": "an answer to nothing, or a second one, is ignored",
  "zombie.put_refused": "a put of a former holder is refused by the store",
  "payload.discarded": "payloads of a write that lost are removed",
  "payload.swept": "payloads that nothing names are swept",
  "outcome.large": "an outcome is spread over payloads",
  "journal.sealed": "old journal entries are sealed",
  "create.limit": "the limit of active tasks is reached",
  "create.landed_after_death": "a create takes effect after its process died",
  "create.after_removal": "a create takes effect after its task was removed",
  "call.promoted": "a slow call becomes a task",
  "call.not_promoted": "a slow call cannot become a task",
  "once.made": "a call with a key makes its task",
  "once.found": "a call with a key finds its task",
  "once.joined": "a call with a key makes the task of another one",
  "once.replaced": "a key is used again",
  "once.released": "a key is let go",
  "once.conflict": "a key is used with other arguments",
  "cancel.late": "a cancel comes too late",
  "get.attended": "a read of a lapsed task recovers it",
  "outside.finished": "an engine outside finishes a task",
  "engine.purged": "the engine removes a record by itself",
  "put.on_gone": "a put meets a record that was removed",
  "reap.running": "a task expires while it runs",
  "reap.queued": "a task expires in the queue",
  "reap.parked": "a task expires while it is parked",
  "reap.ended": "an ended task expires",
  "node.drained": "a node closes in order",
  "tool.died": "a tool takes its process down",
  "rest.expired_alive": "tasks expire in the hands of living processes",
};

/** Paths that were not taken. */
export function untaken(counters: ReadonlyMap<string, number>): string[] {
  return Object.keys(RARE_PATHS).filter((name) => !counters.has(name));
}
