/**
 * Keys under `_meta`.
 *
 * @module
 */

const LABEL = "[A-Za-z](?:[A-Za-z0-9-]*[A-Za-z0-9])?";
const KEY = new RegExp(
  `^(?:${LABEL}(?:\\.${LABEL})*/)?[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$`,
);

/**
 * Whether `text` can be a key under `_meta`: a name, behind labels and a slash if there is a prefix.
 *
 * @see both revisions, Overview, `_meta` (T25-129)
 */
export function isMetaKey(text: string): boolean {
  return KEY.test(text);
}

/**
 * Makes sure that names of the author's can be keys under `_meta`.
 *
 * @param what What they belong to, for the message: `tool "report"`.
 * @throws {TypeError} Naming the first that cannot.
 */
export function assertMetaKeys(what: string, names: Iterable<string>): void {
  for (const name of names) {
    if (isMetaKey(name)) continue;
    throw new TypeError(
      `Cannot register ${what}: "${name}" cannot be a key of "_meta", which is letters, digits, "-", "_" and "." ` +
        'between letters or digits, with a prefix of dotted labels before a "/" if need be',
    );
  }
}
