/**
 * Room for copies of bytes, cut from blocks: for small values a buffer of its own costs more than the copy.
 *
 * @module
 */

const STEP_BYTES = 256;
const MAX_POOLED_BYTES = 4096;
const BLOCK_BYTES = 16 * 1024;
/** Free cells of one size that are kept even if fewer are taken. */
const MIN_KEPT = 256;

/** Cells of one size. */
interface CellSize {
  readonly bytes: number;
  free: Uint8Array[];
  taken: number;
  block: Uint8Array;
  /** Where the rest of the block begins. */
  cutAt: number;
}

/** Hands out cells and takes them back. Only their holder knows how much of a cell it has written. */
export class BytePool {
  readonly #sizes: readonly CellSize[] = Array.from({ length: MAX_POOLED_BYTES / STEP_BYTES }, (_, i) => ({
    bytes: (i + 1) * STEP_BYTES,
    free: [],
    taken: 0,
    block: new Uint8Array(),
    cutAt: 0,
  }));

  /** A cell with room for `length` bytes, and any bytes in it. */
  take(length: number): Uint8Array {
    if (length > MAX_POOLED_BYTES) return new Uint8Array(length);
    const size = this.#sizes[Math.max(0, Math.ceil(length / STEP_BYTES) - 1)]!;
    size.taken++;
    return size.free.pop() ?? cut(size);
  }

  /** Takes a cell back that nobody reads any more. */
  giveBack(cell: Uint8Array): void {
    if (cell.length > MAX_POOLED_BYTES) return;
    const size = this.#sizes[cell.length / STEP_BYTES - 1]!;
    size.taken--;
    size.free.push(cell);
    // What is not kept goes with its block, as soon as no other cell of that block is taken.
    if (size.free.length > MIN_KEPT && size.free.length > size.taken) size.free = [];
  }
}

function cut(size: CellSize): Uint8Array {
  if (size.cutAt + size.bytes > size.block.length) {
    size.block = new Uint8Array(BLOCK_BYTES);
    size.cutAt = 0;
  }
  const cell = size.block.subarray(size.cutAt, size.cutAt + size.bytes);
  size.cutAt += size.bytes;
  return cell;
}
