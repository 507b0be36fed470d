/**
 * The conversation a host's model is to go on with: uses of tools and their results come in pairs.
 *
 * @module
 * @see both revisions, Sampling, Message Content Constraints (T25-271, T26-280)
 */
import type { SamplingContent, SamplingMessage } from "./input.ts";

/**
 * Makes sure that every use of a tool is answered in the next message, by a message that holds nothing but results.
 *
 * @throws {TypeError} Naming the message at fault. It is the author's mistake, not the client's.
 */
export function assertToolPairs(messages: readonly SamplingMessage[]): void {
  let open: readonly string[] = [];
  messages.forEach((message, index) => {
    const blocks = blocksOf(message);
    const uses = blocks.flatMap((block) => block.type === "tool_use" ? [block.id] : []);
    const results = blocks.flatMap((block) => block.type === "tool_result" ? [block.toolUseId] : []);
    const fail = (reason: string) => {
      throw new TypeError(`Cannot ask the model: messages[${index}] ${reason}`);
    };
    if (uses.length > 0 && message.role !== "assistant") fail("uses a tool and is not the assistant's");
    if (results.length > 0 && message.role !== "user") {
      fail("holds the result of a tool and is not the user's");
    }
    if (results.length > 0 && results.length < blocks.length) {
      fail("holds results of tools and something else besides");
    }
    if (new Set(uses).size < uses.length) fail("uses two tools under one id");
    if (!isSame(open, results)) {
      fail(
        open.length === 0
          ? "holds the result of a tool that was not used in the message before"
          : "does not answer each use of a tool in the message before, and nothing else",
      );
    }
    open = uses;
  });
  if (open.length === 0) return;
  throw new TypeError("Cannot ask the model: the last message uses a tool, and nothing answers it");
}

function blocksOf({ content }: SamplingMessage): readonly SamplingContent[] {
  return Array.isArray(content) ? content : [content as SamplingContent];
}

function isSame(uses: readonly string[], results: readonly string[]): boolean {
  const answered = new Set(results);
  return results.length === uses.length && answered.size === uses.length &&
    uses.every((id) => answered.has(id));
}
