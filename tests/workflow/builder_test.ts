import { assertEquals } from "@std/assert";
import {
  argument,
  constant,
  type DataSource,
  field,
  output,
  StepBuilder,
  variable,
  workflow,
  type WorkflowBuilder,
  type WorkflowDefinition,
} from "../../mod.ts";
import { verifies } from "../support/requirements.ts";

verifies("INTG-01", "a chain builds the definition that it reads like", () => {
  const complete = () => [];
  const built: WorkflowDefinition = workflow("w", "do it")
    .title("Title").instructions("Mind it.").scopes(["a:b"]).task({ ttlMs: 1000 })
    .argument("who", "Who").argument("n", "Number", { required: false, type: "integer", complete })
    .step("one", "tool").arg("a", argument("who")).arg("b", constant([1])).bind("out").guidance("Go.")
    .retryable()
    .step("two").resource("docs://{x}").template("x", field("out", "a.0"))
    .step("three", "tool").arg("a", variable("v", "w")).arg("b", output("out")).arg("c", variable("u"))
    .build();
  assertEquals(built, {
    name: "w",
    description: "do it",
    title: "Title",
    instructions: "Mind it.",
    scopes: ["a:b"],
    task: { ttlMs: 1000 },
    arguments: [
      { name: "who", description: "Who", required: true, type: "string" },
      { name: "n", description: "Number", required: false, type: "integer", complete },
    ],
    steps: [
      {
        name: "one",
        tool: "tool",
        args: [["a", { from: "argument", name: "who" }], ["b", { from: "constant", value: [1] }]],
        binding: "out",
        guidance: "Go.",
        resources: [],
        templateBindings: [],
        retryable: true,
      },
      {
        name: "two",
        args: [],
        resources: [{ uri: "docs://{x}" }],
        templateBindings: [["x", { from: "output", binding: "out", path: "a.0" }]],
        retryable: false,
      },
      {
        name: "three",
        tool: "tool",
        args: [
          ["a", { from: "variable", name: "v", path: "w" }],
          ["b", { from: "output", binding: "out" }],
          ["c", { from: "variable", name: "u" }],
        ],
        resources: [],
        templateBindings: [],
        retryable: false,
      },
    ],
  });
});

Deno.test("every call gives a builder of its own", () => {
  const base = workflow("w", "x").argument("a", "A");
  const first = base.step("one", "t").arg("p", argument("a"));
  const [left, right] = [first.arg("q", constant(1)), first.bind("b")];
  assertEquals(base.build().steps, []);
  assertEquals(first.build().steps[0]?.args.length, 1);
  assertEquals([left.build().steps[0]?.args.length, left.build().steps[0]?.binding], [2, undefined]);
  assertEquals([right.build().steps[0]?.args.length, right.build().steps[0]?.binding], [1, "b"]);
  assertEquals(right.retryable(false).build().steps[0]?.retryable, false);
  assertEquals(right instanceof StepBuilder, true);
});

// What follows is judged by the compiler: each `@ts-expect-error` fails the check if the line beneath it compiles.

Deno.test("a reference to what is not there does not compile", () => {
  const base = workflow("w", "x").argument("source", "S");
  const step = base.step("one", "t");

  step.arg("a", argument("source"));
  // @ts-expect-error: no such argument.
  step.arg("a", argument("sauce"));
  // @ts-expect-error: arguments declared on another builder do not count.
  workflow("w", "x").step("one", "t").arg("a", argument("source"));
  // @ts-expect-error: nothing is bound yet.
  step.arg("a", output("raw"));
  // @ts-expect-error: a step cannot take its own output.
  step.bind("raw").arg("a", output("raw"));
  // @ts-expect-error: nor a field of it.
  step.bind("raw").arg("a", field("raw", "x"));

  const bound = step.bind("raw").step("two", "t");
  bound.arg("a", output("raw")).arg("b", field("raw", "x")).arg("c", argument("source"));
  // @ts-expect-error: no such binding.
  bound.arg("a", output("rwa"));
  // @ts-expect-error: a binding is no argument.
  bound.arg("a", argument("raw"));
  // @ts-expect-error: an argument is no binding.
  bound.arg("a", output("source"));

  step.bind("raw").template("x", output("raw"));
  // @ts-expect-error: placeholders cannot take what is not bound either.
  step.template("x", output("raw"));
  // @ts-expect-error: what a builder bound elsewhere is not bound here.
  base.step("two", "t").arg("a", output("raw"));
  // @ts-expect-error: constants are JSON.
  constant(() => 1);
  // @ts-expect-error: there are four types of arguments.
  base.argument("x", "X", { type: "date" });
  // @ts-expect-error: only steps have arguments for tools.
  assertEquals(base.arg, undefined);

  // Names that are not literals are checked when the workflow is registered.
  const dynamic: string = "source";
  // @ts-expect-error: here a text of any kind could be meant.
  step.arg("a", argument(dynamic));
  const loose: WorkflowBuilder<string, string> = workflow("w", "x").argument(dynamic, "S") as never;
  loose.step("one", "t").arg("a", argument(dynamic)).arg("b", output(dynamic));
});

Deno.test("sources can be written and kept by themselves", () => {
  const sources: DataSource[] = [argument("a"), constant(null), output("b"), field("b", "c"), variable("d")];
  assertEquals(sources.map(({ from }) => from), ["argument", "constant", "output", "output", "variable"]);
  const frozen = Object.freeze({ a: [1] as const });
  assertEquals(constant(frozen), { from: "constant", value: { a: [1] } });
});
