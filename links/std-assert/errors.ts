import { AssertionError, refuse } from "./assertion_error.ts";
import { show } from "./show.ts";

// deno-lint-ignore no-explicit-any
type ErrorClass<E extends Error = Error> = abstract new (...args: any[]) => E;

/** Asserts that `error` is an error, of a class and with a message if these are given. */
export function assertIsError<E extends Error = Error>(
  error: unknown,
  ErrorClass?: ErrorClass<E>,
  msgMatches?: string | RegExp,
  msg?: string,
): asserts error is E {
  if (!(error instanceof Error)) refuse(`Expected an Error, got ${show(error)}`, msg);
  if (ErrorClass && !(error instanceof ErrorClass)) {
    refuse(
      `Expected ${ErrorClass.name}, got ${error.constructor.name} with message ${show(error.message)}`,
      msg,
    );
  }
  if (msgMatches === undefined) return;
  const matches = typeof msgMatches === "string"
    ? error.message.includes(msgMatches)
    : msgMatches.test(error.message);
  if (!matches) {
    refuse(`Expected an error message matching ${show(msgMatches)}, got ${show(error.message)}`, msg);
  }
}

/** Asserts that `fn` throws. Gives back what was thrown. */
export function assertThrows(fn: () => unknown, msg?: string): unknown;
/** Asserts that `fn` throws an error of a class whose message includes a text. Gives back the error. */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  ErrorClass: ErrorClass<E>,
  msgIncludes?: string,
  msg?: string,
): E;
export function assertThrows(
  fn: () => unknown,
  classOrMessage?: ErrorClass | string,
  msgIncludes?: string,
  msg?: string,
): unknown {
  const wanted = wantedOf(classOrMessage, msgIncludes, msg);
  try {
    fn();
  } catch (error) {
    return checked(error, wanted);
  }
  refuse("Expected function to throw", wanted.msg);
}

/** Asserts that `fn` returns a promise that rejects. Gives back the reason. */
export function assertRejects(fn: () => PromiseLike<unknown>, msg?: string): Promise<unknown>;
/** Asserts that `fn` returns a promise that rejects with an error of a class whose message includes a text. */
export function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  ErrorClass: ErrorClass<E>,
  msgIncludes?: string,
  msg?: string,
): Promise<E>;
export async function assertRejects(
  fn: () => PromiseLike<unknown>,
  classOrMessage?: ErrorClass | string,
  msgIncludes?: string,
  msg?: string,
): Promise<unknown> {
  const wanted = wantedOf(classOrMessage, msgIncludes, msg);
  let returned = false;
  try {
    const promise = fn();
    returned = true;
    await promise;
  } catch (error) {
    if (!returned) throw new AssertionError("Function throws when expected to reject", { cause: error });
    return checked(error, wanted);
  }
  refuse("Expected function to reject", wanted.msg);
}

interface Wanted {
  readonly ErrorClass?: ErrorClass;
  readonly msgIncludes?: string;
  readonly msg?: string;
}

function wantedOf(classOrMessage?: ErrorClass | string, msgIncludes?: string, msg?: string): Wanted {
  if (typeof classOrMessage === "string") return { msg: classOrMessage };
  return { ErrorClass: classOrMessage, msgIncludes, msg };
}

function checked(error: unknown, wanted: Wanted): unknown {
  if (wanted.ErrorClass) assertIsError(error, wanted.ErrorClass, wanted.msgIncludes, wanted.msg);
  return error;
}
