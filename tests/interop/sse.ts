/**
 * Reads the JSON-RPC messages of an event stream.
 *
 * @module
 */

/** The JSON of every event that carries data; ends with the stream. */
export async function* readSseMessages(response: Response): AsyncGenerator<Record<string, unknown>> {
  if (response.body === null) return;
  let rest = "";
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    const events = (rest + chunk.replaceAll("\r\n", "\n")).split("\n\n");
    rest = events.pop() ?? "";
    for (const event of events) {
      const data = dataOf(event);
      if (data !== "") yield JSON.parse(data);
    }
  }
}

function dataOf(event: string): string {
  return event.split("\n").filter((line) => line.startsWith("data:"))
    .map((line) => line.slice("data:".length).trimStart()).join("\n");
}
