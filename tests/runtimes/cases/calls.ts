/**
 * Plain calls: listing, calling, streaming, questions by round trips.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { Case } from "../target.ts";

const TEXT = "Grüße, 世界 🌍";
const FORMS = { elicitation: { form: {} } };
/** Callers that call at the same moment. */
const CROWD = 32;

export const callCases: readonly Case[] = [
  {
    name: "tools are listed in both revisions",
    async run({ modern, legacy }) {
      const newer = (await modern().request("tools/list")).result.tools as { name: string }[];
      const older = (await (await legacy()).request("tools/list")).result.tools as { name: string }[];
      assertEquals(newer.map(({ name }) => name), older.map(({ name }) => name));
      assert(newer.some(({ name }) => name === "greet"));
    },
  },
  {
    name: "a plain call is answered in both revisions, whatever letters it has",
    async run({ modern, legacy }) {
      for (const client of [modern(), await legacy()]) {
        const { result } = await client.call("greet", { name: TEXT });
        assertEquals(result.content, [{ type: "text", text: `Hello, ${TEXT}` }]);
      }
    },
  },
  {
    name: "progress of a plain call is streamed ahead of its answer",
    async run({ modern, legacy }) {
      const newer = await modern().call("steps", { count: 3 }, { meta: { progressToken: "p" } });
      const older = await (await legacy()).call("steps", { count: 3 }, { _meta: { progressToken: "p" } });
      for (const { result, sent } of [newer, older]) {
        assertEquals(result.content, [{ type: "text", text: "3 steps" }]);
        const progress = sent.map(({ params }) => (params as { progress: number }).progress);
        assertEquals(progress, [1, 2, 3]);
      }
    },
  },
  {
    name: "a plain call of 2026-07-28 asks by input_required, and its state comes back sealed",
    async run({ modern }) {
      const client = modern();
      const asked = await client.call("ask", {}, { capabilities: FORMS });
      assertEquals(asked.result.resultType, "input_required");
      const answered = await client.call("ask", {}, {
        capabilities: FORMS,
        params: {
          requestState: asked.result.requestState,
          inputResponses: { name: { action: "accept", content: { name: "Ada" } } },
        },
      });
      assertEquals(answered.result.content, [{ type: "text", text: "Hello, Ada" }]);
    },
  },
  {
    name: "many calls at the same moment each get their own answer",
    async run({ modern }) {
      const names = Array.from({ length: CROWD }, (_, i) => `number ${i}`);
      const answers = await Promise.all(names.map((name) => modern().call("greet", { name })));
      assertEquals(
        answers.map(({ result }) => result.content),
        names.map((name) => [{ type: "text", text: `Hello, ${name}` }]),
      );
    },
  },
];
