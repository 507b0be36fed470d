/** What every assertion throws when its claim does not hold. */
export class AssertionError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "AssertionError";
  }
}

/** Throws an {@linkcode AssertionError}; `message`, when given, goes behind the finding. */
export function refuse(finding: string, message?: string): never {
  throw new AssertionError(message ? `${finding}: ${message}` : finding);
}
