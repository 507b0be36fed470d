/**
 * Reading header values that may have been sent more than once.
 *
 * `Headers` joins repeated fields with a comma. One well-known client sends some of its headers twice, so the same
 * value repeated counts as that value; different values stay joined and match nothing.
 *
 * @module
 */

/**
 * The ways to read a header: as it is and, where it is one value repeated, as that value; fewest repeats first.
 *
 * A value may itself hold commas, which is why one header can have several readings.
 */
export function readings(raw: string): readonly string[] {
  if (!raw.includes(",")) return [raw];
  const parts = raw.split(/, ?/);
  const found = [raw];
  for (let size = Math.floor(parts.length / 2); size >= 1; size--) {
    if (parts.length % size !== 0) continue;
    if (parts.every((part, index) => part === parts[index % size])) {
      found.push(parts.slice(0, size).join(", "));
    }
  }
  return found;
}

/** The value of a header that never holds a comma; `undefined` if it is absent or empty. */
export function soleValue(headers: Headers, name: string): string | undefined {
  const raw = headers.get(name);
  return raw === null || raw === "" ? undefined : readings(raw).at(-1);
}
