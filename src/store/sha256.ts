/**
 * SHA-256 at once, for short inputs.
 *
 * Web Crypto answers on another thread: for the hundred bytes of an owner or a key the way there and back costs twenty
 * times the work, and every call of a tool needs some.
 *
 * @module
 * @see FIPS 180-4, sections 4.1.2, 4.2.2, 5 and 6.2
 */

/** The first 32 bits of the fractional parts of the cube roots of the first 64 primes. */
const ROUND_CONSTANTS = fractionsOfRoots(64, Math.cbrt);
/** The same of the square roots of the first eight. */
const INITIAL_HASH = fractionsOfRoots(8, Math.sqrt);
const BLOCK_BYTES = 64;

// Nothing here waits, so one hash at a time is under way.
const schedule = new Int32Array(64);
const hash = new Int32Array(8);
let scratch = new DataView(new ArrayBuffer(8 * BLOCK_BYTES));

/** The 32 bytes of the hash. */
export function sha256AtOnce(message: Uint8Array): Uint8Array<ArrayBuffer> {
  const length = pad(message);
  hash.set(INITIAL_HASH);
  for (let offset = 0; offset < length; offset += BLOCK_BYTES) mix(scratch, offset);
  const view = new DataView(new ArrayBuffer(32));
  for (let i = 0; i < 8; i++) view.setInt32(i * 4, hash[i]!);
  return new Uint8Array(view.buffer);
}

/** Behind the message a one bit, zeros, and its length in bits. Returns the length of it all. */
function pad(message: Uint8Array): number {
  const length = Math.ceil((message.length + 1 + 8) / BLOCK_BYTES) * BLOCK_BYTES;
  if (length > scratch.byteLength) scratch = new DataView(new ArrayBuffer(length));
  const bytes = new Uint8Array(scratch.buffer, 0, length);
  bytes.set(message);
  bytes[message.length] = 0x80;
  bytes.fill(0, message.length + 1);
  scratch.setUint32(length - 8, Math.floor(message.length / 2 ** 29));
  scratch.setUint32(length - 4, message.length * 8 >>> 0);
  return length;
}

function mix(block: DataView, offset: number): void {
  const w = schedule;
  for (let t = 0; t < 16; t++) w[t] = block.getInt32(offset + t * 4);
  for (let t = 16; t < 64; t++) {
    const early = w[t - 15]!;
    const late = w[t - 2]!;
    const s0 = rotate(early, 7) ^ rotate(early, 18) ^ early >>> 3;
    const s1 = rotate(late, 17) ^ rotate(late, 19) ^ late >>> 10;
    w[t] = (w[t - 16]! + s0 | 0) + (w[t - 7]! + s1 | 0);
  }
  let a = hash[0]!;
  let b = hash[1]!;
  let c = hash[2]!;
  let d = hash[3]!;
  let e = hash[4]!;
  let f = hash[5]!;
  let g = hash[6]!;
  let h = hash[7]!;
  for (let t = 0; t < 64; t++) {
    const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const choice = e & f ^ ~e & g;
    // Kept within 32 bits at each step, which engines add fastest.
    const first = (h + s1 | 0) + (choice + (ROUND_CONSTANTS[t]! + w[t]! | 0) | 0) | 0;
    const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
    const majority = a & b ^ a & c ^ b & c;
    h = g;
    g = f;
    f = e;
    e = d + first | 0;
    d = c;
    c = b;
    b = a;
    a = first + (s0 + majority | 0) | 0;
  }
  hash[0]! += a;
  hash[1]! += b;
  hash[2]! += c;
  hash[3]! += d;
  hash[4]! += e;
  hash[5]! += f;
  hash[6]! += g;
  hash[7]! += h;
}

function rotate(word: number, by: number): number {
  return word >>> by | word << 32 - by;
}

function fractionsOfRoots(count: number, root: (value: number) => number): Int32Array {
  const words = new Int32Array(count);
  for (let candidate = 2, found = 0; found < count; candidate++) {
    if (!isPrime(candidate)) continue;
    words[found++] = Math.floor(root(candidate) % 1 * 2 ** 32);
  }
  return words;
}

function isPrime(value: number): boolean {
  for (let divisor = 2; divisor * divisor <= value; divisor++) if (value % divisor === 0) return false;
  return true;
}
