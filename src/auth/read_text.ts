/**
 * Bodies of servers that are trusted, but not without bounds.
 *
 * @module
 */

/**
 * Reads a body as text.
 *
 * @param maxBytes Longest body that is read.
 * @param signal Ends the reading; what was read so far is all there is.
 * @throws {RangeError} If the body is longer.
 * @throws {TypeError} If it is not UTF-8.
 */
export async function readText(response: Response, maxBytes: number, signal: AbortSignal): Promise<string> {
  if (response.body === null) return "";
  const reader = response.body.getReader();
  const onAbort = (): void => void reader.cancel(signal.reason).catch(() => {});
  signal.addEventListener("abort", onAbort, { once: true });
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  let bytes = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return text + decoder.decode();
      bytes += value.length;
      if (bytes > maxBytes) throw new RangeError(`Cannot read the body: it is longer than ${maxBytes} bytes`);
      text += decoder.decode(value, { stream: true });
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
    await reader.cancel().catch(() => {});
  }
}
