/**
 * Requests of 2025-11-25 that are refused for what they ask.
 *
 * @module
 */
import { type BadInput, legacy } from "./bad_input.ts";

const HELLO = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "c", version: "1" } };
const NONE = [200, -32602] as const;
const NOT_FOUND = [200, -32602, "not_found"] as const;
const call = (params: Record<string, unknown>) => legacy("tools/call", params);

/** The handshake. */
export const HANDSHAKES: readonly BadInput[] = [
  ["initialize without params", NONE, legacy("initialize", undefined)],
  ["initialize without a version", NONE, legacy("initialize", { ...HELLO, protocolVersion: undefined })],
  [
    "initialize with a version that is a number",
    NONE,
    legacy("initialize", { ...HELLO, protocolVersion: 2025 }),
  ],
  [
    "initialize with an endless version",
    NONE,
    legacy("initialize", { ...HELLO, protocolVersion: "x".repeat(65) }),
  ],
  ["initialize without capabilities", NONE, legacy("initialize", { ...HELLO, capabilities: undefined })],
  [
    "initialize with capabilities that are a list",
    NONE,
    legacy("initialize", { ...HELLO, capabilities: [] }),
  ],
  [
    "initialize with sampling that is a switch",
    NONE,
    legacy("initialize", { ...HELLO, capabilities: { sampling: true } }),
  ],
  ["initialize without a name", NONE, legacy("initialize", { ...HELLO, clientInfo: { version: "1" } })],
  [
    "initialize with a name of half a character",
    NONE,
    legacy("initialize", {
      ...HELLO,
      clientInfo: { name: "\ud800", version: "1" },
    }),
  ],
];

/** Calls of tools. */
export const CALLS: readonly BadInput[] = [
  ["a tool without a name", NONE, call({})],
  ["a tool that is not there", NONE, call({ name: "nothing" })],
  ["a tool named like what every object has", NONE, call({ name: "__proto__" })],
  ["a tool name of 129 characters", NONE, call({ name: "x".repeat(129) })],
  ["arguments that are a list", NONE, call({ name: "plain", arguments: [] })],
  ["arguments of null", NONE, call({ name: "plain", arguments: null })],
  ["a task that is null", NONE, call({ name: "work", task: null })],
  ["a task that is a switch", NONE, call({ name: "work", task: true })],
  ["a negative ttl", NONE, call({ name: "work", task: { ttl: -1 } })],
  ["a ttl with a fraction", NONE, call({ name: "work", task: { ttl: 0.5 } })],
  ["a ttl beyond safe integers", NONE, call({ name: "work", task: { ttl: 1e300 } })],
  ["a ttl that is a text", NONE, call({ name: "work", task: { ttl: "1000" } })],
  [
    "arguments of a task that do not fit",
    NONE,
    call({ name: "checked", arguments: { number: "1" }, task: {} }),
  ],
  [
    "a task of a tool that has none",
    [200, -32601],
    call({ name: "plain", arguments: { number: 1 }, task: {} }),
  ],
  ["a plain call of a tool that is always a task", [200, -32601], call({ name: "work" })],
  [
    "a progress token that is an object",
    NONE,
    call({ name: "work", task: {}, _meta: { progressToken: {} } }),
  ],
  [
    "a progress token of 257 characters",
    NONE,
    call({
      name: "work",
      task: {},
      _meta: { progressToken: "x".repeat(257) },
    }),
  ],
  [
    "an empty idempotency key",
    NONE,
    call({ name: "work", task: {}, _meta: { "io.perdure/idempotencyKey": "" } }),
  ],
  [
    "an idempotency key of 129 characters",
    NONE,
    call({
      name: "work",
      task: {},
      _meta: { "io.perdure/idempotencyKey": "x".repeat(129) },
    }),
  ],
  [
    "an idempotency key used for other arguments",
    [200, -32602, "idempotency_conflict"],
    call({
      name: "keyed",
      arguments: { text: "other" },
      task: {},
      _meta: { "io.perdure/idempotencyKey": "taken" },
    }),
  ],
  ["_meta that is a list", NONE, call({ name: "work", task: {}, _meta: [] })],
];

/** Tasks. */
export const TASKS: readonly BadInput[] = [
  ...(["tasks/get", "tasks/result", "tasks/cancel"] as const).flatMap((method): BadInput[] => [
    [`${method} without an id`, NONE, legacy(method, {})],
    [`${method} of a number`, NONE, legacy(method, { taskId: 7 })],
    [`${method} of an empty id`, NONE, legacy(method, { taskId: "" })],
    [`${method} of an id of 129 characters`, NONE, legacy(method, { taskId: "x".repeat(129) })],
    [`${method} of an id with a line end`, NONE, legacy(method, { taskId: "a\nb" })],
    [`${method} of a path`, NOT_FOUND, legacy(method, { taskId: "../../task" })],
    [`${method} of an unknown task`, NOT_FOUND, legacy(method, ({ unknown }) => ({ taskId: unknown }))],
    [`${method} of another caller's task`, NOT_FOUND, legacy(method, ({ foreign }) => ({ taskId: foreign }))],
    [`${method} of an expired task`, NOT_FOUND, legacy(method, ({ expired }) => ({ taskId: expired }))],
  ]),
  ...(["completed", "failed", "cancelled"] as const).map((status): BadInput => [
    `tasks/cancel of a task that is ${status}`,
    [200, -32602, "terminal"],
    legacy("tasks/cancel", (ids) => ({ taskId: ids[status] })),
  ]),
  ["tasks/list with a cursor that is none", NONE, legacy("tasks/list", { cursor: "abc" })],
  ["tasks/list with a number for a cursor", NONE, legacy("tasks/list", { cursor: 1 })],
  ["tasks/list with an endless cursor", NONE, legacy("tasks/list", { cursor: "x".repeat(2049) })],
  [
    "tasks/list with another caller's cursor",
    NONE,
    legacy("tasks/list", (ids) => ({ cursor: ids.foreignCursor })),
  ],
  [
    "tasks/list with another list's cursor",
    NONE,
    legacy("tasks/list", (ids) => ({ cursor: ids.toolsCursor })),
  ],
  [
    "tools/list with another list's cursor",
    NONE,
    legacy("tools/list", (ids) => ({ cursor: ids.tasksCursor })),
  ],
  [
    "tools/list with a cursor that was changed",
    NONE,
    legacy("tools/list", (ids) => ({ cursor: `${ids.toolsCursor}A` })),
  ],
];

/** Everything else. */
export const OTHERS: readonly BadInput[] = [
  ["a method that is none", [200, -32601], legacy("nothing/here", {})],
  ["a method like what every object has", [200, -32601], legacy("constructor", {})],
  ["a level that is none", NONE, legacy("logging/setLevel", { level: "loud" })],
  ["no level", NONE, legacy("logging/setLevel", {})],
  ["a prompt that is not there", NONE, legacy("prompts/get", { name: "nothing" })],
  ["a prompt without a name", NONE, legacy("prompts/get", {})],
  [
    "a prompt argument that is a number",
    NONE,
    legacy("prompts/get", { name: "greet", arguments: { who: 7 } }),
  ],
  ["a prompt without an argument it needs", NONE, legacy("prompts/get", { name: "greet" })],
  ["a resource that is not there", [200, -32002], legacy("resources/read", { uri: "test://nothing" })],
  ["a resource without a URI", NONE, legacy("resources/read", {})],
  ["a resource outside of a template", [200, -32002], legacy("resources/read", { uri: "test://rows/../a" })],
  ["a file", [200, -32002], legacy("resources/read", { uri: "file:///etc/passwd" })],
  ["a subscription to nothing", [200, -32002], legacy("resources/subscribe", { uri: "test://nothing" })],
  ["a subscription without a URI", NONE, legacy("resources/subscribe", { uri: 7 })],
  [
    "suggestions for no prompt",
    NONE,
    legacy("completion/complete", {
      ref: { type: "ref/prompt", name: "nothing" },
      argument: { name: "who", value: "" },
    }),
  ],
  ["suggestions for nothing", NONE, legacy("completion/complete", { argument: { name: "who", value: "" } })],
  [
    "suggestions without an argument",
    NONE,
    legacy("completion/complete", { ref: { type: "ref/prompt", name: "greet" } }),
  ],
];
