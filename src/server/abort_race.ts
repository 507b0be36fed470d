/**
 * Listening to several abort signals at once, without a signal of its own for each wait.
 *
 * @module
 */

/** Calls back when the first of the signals aborts, at once if one has. Returns how to stop listening. */
export function onFirstAbort(signals: readonly AbortSignal[], callback: () => void): () => void {
  const stop = () => {
    for (const signal of signals) signal.removeEventListener("abort", onAbort);
  };
  const onAbort = () => {
    stop();
    callback();
  };
  for (const signal of signals) signal.addEventListener("abort", onAbort);
  if (signals.some(({ aborted }) => aborted)) onAbort();
  return stop;
}
