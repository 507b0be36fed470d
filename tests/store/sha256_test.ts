import { assertEquals } from "@std/assert";
import { sha256OfShortTexts, sha256OfTexts } from "../../src/store/mod.ts";
import { sha256AtOnce } from "../../src/store/sha256.ts";

const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

Deno.test("sha256AtOnce() gives the published hashes", () => {
  const hash = (text: string) => hex(sha256AtOnce(new TextEncoder().encode(text)));
  assertEquals(hash(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  assertEquals(hash("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  assertEquals(
    hash("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
  );
});

Deno.test("sha256AtOnce() hashes every length as Web Crypto does", async () => {
  // Longer ones first: what one leaves behind must not show in the next.
  for (let length = 1100; length >= 0; length -= 1) {
    const bytes = Uint8Array.from({ length }, (_, i) => i * 31 + length);
    const expected = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    assertEquals(sha256AtOnce(bytes), expected, `${length} bytes`);
  }
});

Deno.test("sha256OfShortTexts() and sha256OfTexts() agree, whichever way a text is hashed", async () => {
  for (const length of [0, 100, 500, 512, 600, 5000]) {
    const texts = ["é", "x".repeat(length)];
    assertEquals(await sha256OfTexts(texts), sha256OfShortTexts(texts));
  }
});
