import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { BytePool } from "../../backends/shared/byte_pool.ts";
import { seededRandom } from "../support/seeded_random.ts";

Deno.test("BytePool never hands out bytes that are taken", () => {
  const pool = new BytePool();
  const random = seededRandom(7);
  const taken: { cell: Uint8Array; mark: number }[] = [];
  const checkAll = () => taken.forEach(({ cell, mark }) => assert(cell.every((byte) => byte === mark)));
  for (let step = 0; step < 6000; step++) {
    // Grows, shrinks far below what is kept free, and grows again.
    const isGrowing = step < 2000 || step >= 4000;
    if (random() < (isGrowing ? 0.8 : 0.1) || taken.length === 0) {
      const length = Math.floor(random() * (random() < 0.9 ? 700 : 9000));
      const cell = pool.take(length);
      assert(cell.length >= length);
      const mark = step & 255;
      cell.fill(mark);
      taken.push({ cell, mark });
    } else {
      const [given] = taken.splice(Math.floor(random() * taken.length), 1);
      pool.giveBack(given!.cell);
    }
    if (step % 500 === 0) checkAll();
  }
  checkAll();
});

Deno.test("BytePool uses a cell again that was given back, for every length of its size", () => {
  const pool = new BytePool();
  for (const [length, other] of [[0, 256], [256, 1], [257, 512], [4096, 3841]] as const) {
    const cell = pool.take(length);
    pool.giveBack(cell);
    assertStrictEquals(pool.take(other), cell);
  }
});

Deno.test("BytePool leaves at most 255 bytes of a cell unused", () => {
  const pool = new BytePool();
  for (const length of [1, 255, 256, 257, 1200, 4096, 4097, 50_000]) {
    assert(pool.take(length).length - length < 256);
  }
});

Deno.test("BytePool lets go of free cells when few are taken any more", () => {
  const pool = new BytePool();
  const cells = Array.from({ length: 1000 }, () => pool.take(1000));
  for (const cell of cells) pool.giveBack(cell);
  const again = Array.from({ length: 1000 }, () => pool.take(1000));
  const reused = again.filter((cell) => cells.includes(cell)).length;
  assertEquals(reused <= 500, true, `${reused} of 1000 cells were kept`);
});
