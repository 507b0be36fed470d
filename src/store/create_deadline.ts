/**
 * How long a create may be under way.
 *
 * @module
 */

/** Time after which the engine refuses a delayed create, in milliseconds. */
export const CREATE_DEADLINE_MS = 10_000;
