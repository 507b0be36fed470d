/**
 * FNV-1a of the UTF-16 units of a text, 32 bits: stable, and it spreads hashes as well as names.
 *
 * What lies where in a store depends on it: it must never change.
 */
export function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
