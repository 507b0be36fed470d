/**
 * Sends one call over and over on raw connections that are kept open, and checks every answer.
 *
 * Arguments: port, milliseconds, connections. The call comes as JSON on stdin. Prints how many were answered.
 *
 * @module
 */
import { ACCEPT, type Call, EXPECTED } from "./calls.ts";

const [port = "", milliseconds = "", connections = ""] = Deno.args;
const { headers, body }: Call = JSON.parse(await new Response(Deno.stdin.readable).text());
const lines = Object.entries({
  host: `127.0.0.1:${port}`,
  "content-type": "application/json",
  accept: ACCEPT,
  "content-length": String(body.length),
  ...headers,
}).map(([name, value]) => `${name}: ${value}\r\n`);
const request = new TextEncoder().encode(`POST /mcp HTTP/1.1\r\n${lines.join("")}\r\n${body}`);
const decoder = new TextDecoder();
const end = performance.now() + Number(milliseconds);
let count = 0;

/** Whether `text` holds a whole response, which must be the expected one. */
function isWhole(text: string): boolean {
  const head = text.indexOf("\r\n\r\n");
  if (head < 0) return false;
  const length = /^content-length: (\d+)/im.exec(text.slice(0, head))?.[1];
  const isComplete = length === undefined
    ? text.endsWith("\r\n0\r\n\r\n")
    : text.length >= head + 4 + Number(length);
  if (isComplete && !text.includes(EXPECTED)) throw new Error(`Cannot count this answer: ${text}`);
  return isComplete;
}

async function run(): Promise<void> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port: Number(port) });
  const buffer = new Uint8Array(65_536);
  while (performance.now() < end) {
    await connection.write(request);
    let text = "";
    while (!isWhole(text)) {
      const length = await connection.read(buffer);
      if (length === null) throw new Error(`Cannot go on: the server closed the connection after "${text}"`);
      text += decoder.decode(buffer.subarray(0, length));
    }
    count++;
  }
  connection.close();
}

await Promise.all(Array.from({ length: Number(connections) }, run));
console.log(count);
