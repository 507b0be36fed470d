/**
 * Promises that nobody has to await.
 *
 * @module
 */

/**
 * Lets nobody hear of a rejection: without this, a call that is not awaited and fails would end the process, and with it
 * every other task. A task that is cancelled makes all calls of its handler fail, so any client could do that. Whoever
 * awaits the promise hears of the rejection as ever.
 */
export function mayGoUnheard<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}
