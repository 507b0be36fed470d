/**
 * Values for property tests of workflows.
 *
 * @module
 */
import fc from "fast-check";

/** Any text, ill-formed ones included. */
export function anyText(maxLength: number): fc.Arbitrary<string> {
  const unit = fc.oneof(fc.nat({ max: 0x7f }), fc.nat({ max: 0xffff }), fc.constantFrom(0xd83d, 0xde00));
  return fc.array(unit, { maxLength }).map((units) => String.fromCharCode(...units));
}
