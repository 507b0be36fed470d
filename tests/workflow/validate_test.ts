import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { z } from "zod";
import {
  argument,
  constant,
  field,
  fromJsonSchema,
  InvalidWorkflowError,
  output,
  variable,
  workflow,
  WorkflowBuilder,
  type WorkflowDefinition,
  type WorkflowFaultKind,
  type WorkflowStep,
} from "../../mod.ts";
import { createTestServer, type TestServer } from "../support/test_server.ts";

/** A server with tools to build upon. */
function withTools(): TestServer {
  const parts = createTestServer();
  parts.server.registerTool(
    "open",
    { inputSchema: z.object({ a: z.string(), n: z.number().int().min(1) }) },
    () => "",
  );
  parts.server.registerTool("closed", {
    inputSchema: fromJsonSchema({ type: "object", properties: { a: {} }, additionalProperties: false }),
  }, () => "");
  parts.server.registerTool("none", {}, () => "");
  return parts;
}

const STEP: WorkflowStep = {
  name: "s",
  tool: "open",
  args: [],
  resources: [],
  templateBindings: [],
  retryable: false,
};

function definition(change: Partial<WorkflowDefinition>): WorkflowDefinition {
  return { name: "w", description: "do things", arguments: [], steps: [STEP], ...change };
}

function faultsOf(source: WorkflowDefinition): [WorkflowFaultKind, string | undefined, string][] {
  try {
    withTools().server.registerWorkflow(source);
    return [];
  } catch (error) {
    assert(error instanceof InvalidWorkflowError, String(error));
    return error.faults.map(({ kind, step, message }) => [kind, step, message]);
  }
}

function faultsOfStep(change: Partial<WorkflowStep>, rest: Partial<WorkflowDefinition> = {}) {
  return faultsOf(definition({ steps: [{ ...STEP, ...change }], ...rest })).map((
    [kind, , message],
  ) => [kind, message]);
}

Deno.test("a workflow without faults is registered", () => {
  const { server } = withTools();
  server.registerWorkflow(
    workflow("all", "use everything")
      .title("All of it").instructions("Mind {who}.").scopes(["a:b"])
      .argument("who", "Who").argument("how-many", "Number", { required: false, type: "integer" })
      .step("first step", "open").arg("a", argument("who")).arg("n", constant(1)).bind("one")
      .guidance("Greet {who}, not {{who}}.")
      .step("second", "open").arg("a", constant("for {who}")).arg("n", field("one", "a.0.b")).bind("two")
      .retryable()
      .resource("docs://{doc}/{own}").template("doc", output("one")).template("own", output("two"))
      .step("third").resource("docs://fixed")
      .step("fourth", "none"),
  );
  assertThrows(
    () => server.registerWorkflow(workflow("all", "again").step("s", "none")),
    TypeError,
    'Cannot register prompt "all": the name is taken',
  );
  assertThrows(
    () => server.registerWorkflow(workflow("", "x").step("s", "none")),
    TypeError,
    "1 to 256 characters",
  );
});

Deno.test("registration names every fault at once", () => {
  const source = workflow("broken", "break")
    .argument("a", "A").argument("a", "A")
    .step("s", "nobody")
    .step("s", "open").arg("a", argument("nope" as "a")).arg("n", constant(0)).bind("x")
    .step("t", "closed").arg("b", output("y" as "x")).bind("x")
    .step("u").resource("docs");
  const error = assertThrows(() => withTools().server.registerWorkflow(source), InvalidWorkflowError);
  assertEquals(
    error.message,
    [
      'Cannot register workflow "broken": it has 9 faults',
      '  - the argument "a" is declared twice',
      '  - step "s": there is no tool "nobody"; register tools before the workflows that call them',
      '  - step "s": another step has the same name',
      '  - step "s": the argument "a" takes the prompt argument "nope", which is not declared',
      '  - step "s": the argument "n" of tool "open" is below 1',
      '  - step "t": the argument "b" takes the output "y", which no step gives',
      '  - step "t": tool "closed" takes no argument "b"',
      '  - step "t": another step binds "x" as well',
      '  - step "u": the resource "docs" is not an absolute URI',
    ].join("\n"),
  );
});

Deno.test("a workflow that was refused leaves nothing behind", async () => {
  const { server, modern } = withTools();
  assertThrows(() => server.registerWorkflow(workflow("w", "x").step("s", "nobody")), InvalidWorkflowError);
  assertEquals((await modern({ subject: "ada" }).request("prompts/list")).error.code, -32601);
  server.registerWorkflow(workflow("w", "x").step("s", "none"));
});

Deno.test("faults of a workflow as a whole", () => {
  const steps = Array.from({ length: 51 }, (_, i) => ({ ...STEP, name: `s${i}` }));
  const args = Array.from(
    { length: 65 },
    (_, i) => ({ name: `a${i}`, required: true, type: "string" } as const),
  );
  const cases: [Partial<WorkflowDefinition>, WorkflowFaultKind, string][] = [
    [{ steps: [] }, "bad_step", "it has no steps"],
    [{ steps }, "limit", "it has 51 steps, at most 50 are allowed"],
    [{ arguments: args }, "limit", "it has 65 arguments, at most 64 are allowed"],
    [{ description: " " }, "limit", "its description is empty"],
    [{ description: "x".repeat(4001) }, "limit", '"description" is over 4000 characters'],
    [{ instructions: "x".repeat(4001) }, "limit", '"instructions" is over 4000 characters'],
    [{ title: "x".repeat(4001) }, "limit", '"title" is over 4000 characters'],
    [
      { instructions: "{who}" },
      "unknown_argument",
      'its instructions name the prompt argument "who", which is not declared; write {{who}} for the plain text',
    ],
  ];
  for (const [change, kind, message] of cases) {
    assertEquals(faultsOf(definition(change)), [[kind, undefined, message]]);
  }
  for (
    const name of ["", "1a", "a b", "-a", "a#", "__proto__", "constructor", "prototype", "ü", "a".repeat(65)]
  ) {
    const found = faultsOf(definition({ arguments: [{ name, required: true, type: "string" }] }));
    assertEquals(found.map(([kind]) => kind), ["limit"], name);
  }
});

Deno.test("names of steps are fit for the journal", () => {
  for (const name of ["a", "a b", "Ärger 2.1", "x".repeat(64), "a-b_c:d", "数"]) {
    assertEquals(faultsOfStep({ name }), [], name);
  }
  const bad = [
    "",
    " a",
    "a ",
    "a#2",
    "a/b",
    "a\nb",
    'a"b',
    "x".repeat(65),
    "\ud800",
    "__proto__",
    "constructor",
    "{a}",
  ];
  for (const name of bad) assertEquals(faultsOfStep({ name }).map(([kind]) => kind), ["limit"], name);
});

Deno.test("faults of a step that does nothing, or too much", () => {
  const only = { tool: undefined };
  assertEquals(faultsOfStep({ ...only, binding: "b", args: [["a", constant(1)]] }), [
    ["bad_step", "it has neither a tool nor a resource"],
    ["bad_step", "it has arguments and no tool to take them"],
    ["bad_step", "it binds an output and has no tool to give one"],
  ]);
  assertEquals(faultsOfStep({ ...only, resources: [{ uri: "a://b" }] }), []);
  const resources = Array.from({ length: 17 }, () => ({ uri: "a://b" }));
  assertEquals(faultsOfStep({ resources }), [["limit", "it has 17 resources, at most 16 are allowed"]]);
  const args = Array.from({ length: 65 }, (_, i) => [`a${i}`, constant(1)] as const);
  assertEquals(faultsOfStep({ args }), [["limit", "it has 65 arguments, at most 64 are allowed"]]);
  assertEquals(faultsOfStep({ guidance: "x".repeat(4001) }), [[
    "limit",
    "its guidance is over 4000 characters",
  ]]);
  assertEquals(faultsOfStep({ binding: "a b" }), [[
    "limit",
    'its binding "a b" is not 1 to 64 of A-Z a-z 0-9 _ -',
  ]]);
});

Deno.test("faults of references", () => {
  const unknown = (what: string, verb = "takes") =>
    `${what} ${verb} the prompt argument "x", which is not declared`;
  const hint = "; write {{x}} for the plain text";
  assertEquals(faultsOfStep({ args: [["a", argument("x")]] }), [[
    "unknown_argument",
    unknown('the argument "a"'),
  ]]);
  assertEquals(faultsOfStep({ args: [["a", constant("{x}")]] }), [
    ["unknown_argument", unknown('the argument "a"', "names") + hint],
  ]);
  assertEquals(faultsOfStep({ guidance: "{x} {x}" }), [[
    "unknown_argument",
    unknown("its guidance", "names") + hint,
  ]]);
  const uri = { resources: [{ uri: "d://{p}" }] };
  assertEquals(faultsOfStep({ ...uri, templateBindings: [["p", argument("x")]] }), [
    ["unknown_argument", unknown('the placeholder "p"')],
  ]);
  assertEquals(faultsOfStep({ args: [["a", output("x")]] }), [
    ["unknown_binding", 'the argument "a" takes the output "x", which no step gives'],
  ]);
  const own: WorkflowFaultKind = "later_binding";
  assertEquals(faultsOfStep({ binding: "x", args: [["a", output("x")]] }), [
    [own, 'the argument "a" takes the output "x", which no earlier step gives'],
  ]);
  assertEquals(faultsOfStep({ binding: "x", ...uri, templateBindings: [["p", output("x")]] }), []);
  const later = faultsOf(definition({
    steps: [{ ...STEP, args: [["a", field("x", "y")]] }, { ...STEP, name: "t", binding: "x" }],
  }));
  assertEquals(later.map(([kind, step]) => [kind, step]), [["later_binding", "s"]]);
});

Deno.test("faults of resources, paths, names and constants", () => {
  assertEquals(faultsOfStep({ resources: [{ uri: "d://{p}" }] }), [
    ["unbound_placeholder", 'the resource "d://{p}" has the placeholder "p", which nothing is bound to'],
  ]);
  assertEquals(faultsOfStep({ templateBindings: [["p", constant(1)]] }), [
    ["bad_name", 'no resource has the placeholder "p"'],
  ]);
  assertEquals(faultsOfStep({ args: [["a", constant("x")], ["a", constant("y")]] }), [
    ["bad_name", 'the argument "a" is given twice'],
  ]);
  for (const name of ["", "__proto__", "x".repeat(257)]) {
    assertEquals(faultsOfStep({ args: [[name, constant("x")]] }).map(([kind]) => kind), ["limit"], name);
  }
  for (const path of ["", "a..b", "."]) {
    const kinds = faultsOfStep({ args: [["a", variable("v", path)]] }).map(([kind]) => kind);
    assertEquals(kinds, ["bad_path"], path);
  }
  assertEquals(faultsOfStep({ args: [["a", variable("")]] }), [
    ["limit", 'the argument "a" takes a variable without a name'],
  ]);
  const cycle: unknown[] = [];
  cycle.push(cycle);
  let deep: unknown = 1;
  for (let i = 0; i < 40; i++) deep = [deep];
  for (
    const value of [
      undefined,
      NaN,
      Infinity,
      1n,
      new Date(),
      () => 1,
      cycle,
      deep,
      [Symbol()],
      new Map(),
    ]
  ) {
    const kinds = faultsOfStep({ args: [["b", constant(value as never)]] }).map(([kind]) => kind);
    assertEquals(kinds, ["bad_constant"], String(typeof value));
  }
  assertEquals(faultsOfStep({ args: [["n", constant("x")]] }), [
    ["bad_constant", 'the argument "n" of tool "open" is not of type integer'],
  ]);
  assertEquals(
    faultsOfStep({ args: [["n", constant("{x}")]] }, {
      arguments: [{ name: "x", required: true, type: "integer" }],
    }),
    [],
    "what arguments are put into is judged when they come",
  );
});

Deno.test("what has not the form of a definition is refused, every member named", () => {
  const { server } = withTools();
  const refusal = (source: unknown) =>
    assertThrows(() => server.registerWorkflow(source as WorkflowDefinition), TypeError).message;
  for (const source of [undefined, null, "w", 7, [], () => definition({})]) {
    assertEquals(
      refusal(source),
      "Cannot register a workflow: it is neither a definition nor what workflow() builds",
    );
  }
  assertEquals(
    refusal({ build: () => 7 }),
    "Cannot register a workflow: what its builder builds is no definition",
  );
  assertEquals(
    refusal({ name: 7, steps: {} }),
    "Cannot register a workflow: name, description, arguments, steps are malformed",
  );
  const argumentsOf = (change: object) => ({
    arguments: [{ name: "a", required: true, type: "string", ...change }],
  });
  const stepsOf = (change: object) => ({ steps: [{ ...STEP, ...change }] });
  const cases: [object, string][] = [
    [{ task: true }, "task"],
    [
      { task: { ttlMs: 0, pollIntervalMs: "1", publicVariables: "x" } },
      "task.ttlMs, task.pollIntervalMs, task.publicVariables",
    ],
    [{ scopes: "a" }, "scopes"],
    [argumentsOf({ type: "date" }), "arguments[0].type"],
    [argumentsOf({ complete: [] }), "arguments[0].complete"],
    [argumentsOf({ required: "yes" }), "arguments[0].required"],
    [stepsOf({ args: [["a"]] }), "steps[0].args"],
    [stepsOf({ args: [["a", { from: "nowhere" }]] }), "steps[0].args"],
    [stepsOf({ args: [["a", { from: "toString" }]] }), "steps[0].args"],
    [stepsOf({ args: [["a", { from: "argument" }]] }), "steps[0].args"],
    [stepsOf({ args: [["a", { from: "output", binding: "b", path: 7 }]] }), "steps[0].args"],
    [stepsOf({ resources: ["docs://a"] }), "steps[0].resources"],
    [stepsOf({ templateBindings: {} }), "steps[0].templateBindings"],
    [stepsOf({ name: undefined, retryable: 1 }), "steps[0].name, steps[0].retryable"],
  ];
  for (const [change, members] of cases) {
    const verb = members.includes(",") ? "are" : "is";
    assertEquals(
      refusal({ ...definition({}), ...change }),
      `Cannot register a workflow: ${members} ${verb} malformed`,
    );
  }
});

Deno.test("a definition made of JSON is checked like a built one, and builders go on from it", () => {
  const built = workflow("w", "do things").argument("x", "X").step("s", "open").arg("a", argument("x"))
    .build();
  assertEquals(built, JSON.parse(JSON.stringify(built)));
  assertEquals(faultsOf(built), []);
  const more = new WorkflowBuilder<"x">(built).step("t", "none").build();
  assertEquals(more.steps.map(({ name }) => name), ["s", "t"]);
  assertEquals(built.steps.map(({ name }) => name), ["s"], "a builder changes nothing that was built");
  assertStringIncludes(
    new InvalidWorkflowError("w", [{ kind: "limit", message: "x" }]).message,
    "it has a fault\n",
  );
});
