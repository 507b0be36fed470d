/**
 * Counts the Web Crypto calls that are under way.
 *
 * Web Crypto works on other threads, so no number of turns of the event loop is known to be enough for it.
 * With the count, a fake clock can wait until everything that can run has run. Importing the module is enough.
 *
 * @module
 */

const METHODS = [
  "decrypt",
  "deriveBits",
  "deriveKey",
  "digest",
  "encrypt",
  "exportKey",
  "generateKey",
  "importKey",
  "sign",
  "unwrapKey",
  "verify",
  "wrapKey",
] as const;

let pending = 0;

for (const method of METHODS) {
  const original = SubtleCrypto.prototype[method];
  Reflect.set(SubtleCrypto.prototype, method, async function (this: SubtleCrypto, ...args: unknown[]) {
    pending++;
    try {
      return await Reflect.apply(original, this, args);
    } finally {
      pending--;
    }
  });
}

/** How many Web Crypto calls have not settled yet. */
export function pendingCrypto(): number {
  return pending;
}
