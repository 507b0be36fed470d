import { assertEquals, assertThrows } from "@std/assert";
import { z } from "zod";
import { elicit, fromJsonSchema, type JsonObject, sample, type SamplingMessage } from "../../mod.ts";
import { verifies } from "../support/requirements.ts";

const SECRETS = [
  "password",
  "newPassword",
  "PASSWORD",
  "pass_phrase",
  "API key",
  "openai_api_key",
  "githubAccessToken",
  "client-secret",
  "secret",
  "private.key",
  "creditCard",
  "card_number",
  "cvv",
  "PIN",
  "iban",
];
const HARMLESS = [
  "name",
  "passwordless",
  "tokens",
  "maxTokens",
  "secretary",
  "pinned",
  "keyword",
  "card",
  "opinion",
  "session",
  "token",
];

function form(name: string, field: JsonObject) {
  const schema = fromJsonSchema({ type: "object", properties: { [name]: field } });
  return () => elicit({ message: "?", schema });
}

verifies(["T25-253", "T26-271"], "a form never asks for what goes by the name of a secret", () => {
  for (const name of SECRETS) {
    for (const type of ["string", "number", "integer"]) {
      assertThrows(form(name, { type }), TypeError, "asks for a secret");
      assertThrows(form("field", { type, title: name }), TypeError, "asks for a secret");
    }
    assertThrows(
      () => elicit({ message: "?", schema: z.object({ [name]: z.string() }) }),
      TypeError,
      "secret",
    );
    form(name, { type: "boolean" })();
    form(name, { type: "string", enum: ["keep", "change"] })();
  }
  for (const name of HARMLESS) form(name, { type: "string", title: name })();
});

verifies(["T25-264", "T26-276"], "the address of a page holds no login and no secret", () => {
  const ask = (url: string) => () => elicit({ message: "?", url });
  const refused = [
    "https://ada@example.com/",
    "https://ada:hunter2@example.com/",
    "https://:hunter2@example.com/",
    "https://example.com/?access_token=x",
    "https://example.com/?a=1&API_KEY=x",
    "https://example.com/#id_token=x&b=2",
    "https://example.com/login?token=x",
    "https://example.com/?session=x",
    "https://example.com/?jwt=x",
  ];
  for (const url of refused) {
    const { message } = assertThrows(ask(url), TypeError, "its URL holds");
    assertEquals(/hunter2|=x/.test(message), false, message);
  }
  for (
    const url of [
      "https://example.com/pay?order=7",
      "http://localhost:8000/a#part",
      "https://example.com/?state=x",
    ]
  ) {
    ask(url)();
  }
  assertThrows(ask("login"), TypeError, "not an absolute URL");
});

const text = (value: string) => ({ type: "text", text: value }) as const;
const use = (id: string) => ({ type: "tool_use", id, name: "look_up", input: {} }) as const;
const result = (toolUseId: string) => ({ type: "tool_result", toolUseId, content: [text("found")] }) as const;
const user = (content: SamplingMessage["content"]) => ({ role: "user", content }) as const;
const assistant = (content: SamplingMessage["content"]) => ({ role: "assistant", content }) as const;

verifies(["T25-271", "T26-280"], "uses of tools and their results come in pairs", () => {
  const ask = (...messages: SamplingMessage[]) => () => sample({ messages, maxTokens: 10 });
  const start = user(text("Where?"));
  ask(start, assistant([text("Let me see"), use("a"), use("b")]), user([result("b"), result("a")]))();
  ask(start, assistant(use("a")), user(result("a")), assistant(use("a")), user([result("a")]))();
  ask(start, assistant(text("There")), user([text("Sure?"), text("Really?")]))();
  ask()();
  const refused = [
    ask(start, assistant(use("a"))),
    ask(start, assistant(use("a")), user(text("Well?"))),
    ask(start, assistant(use("a")), assistant(text("hm")), user(result("a"))),
    ask(start, assistant([use("a"), use("b")]), user(result("a"))),
    ask(start, assistant([use("a"), use("b")]), user(result("a")), user(result("b"))),
    ask(start, assistant(use("a")), user([result("a"), result("a")])),
    ask(start, assistant(use("a")), user(result("b"))),
    ask(start, assistant(use("a")), user([result("a"), text("and?")])),
    ask(start, assistant(use("a")), assistant(result("a"))),
    ask(start, assistant([use("a"), use("a")]), user([result("a"), result("a")])),
    ask(user(use("a")), user(result("a"))),
    ask(user(result("a"))),
  ];
  for (const refusal of refused) assertThrows(refusal, TypeError, "Cannot ask the model");
});
