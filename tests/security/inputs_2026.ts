/**
 * Requests of 2026-07-28 that are refused.
 *
 * @module
 */
import { ALL, type BadInput, legacy, modern, raw } from "./bad_input.ts";

const PREFIX = "io.modelcontextprotocol/";
const NONE = [200, -32602] as const;
const NOT_FOUND = [200, -32602, "not_found"] as const;
const STATE = [200, -32602, "state"] as const;
const NO_TASKS = { meta: { [`${PREFIX}clientCapabilities`]: { elicitation: {} } } };
const NO_FORMS = { meta: { [`${PREFIX}clientCapabilities`]: { extensions: ALL.extensions } } };
const named = (value: string) => ({ headers: { "mcp-name": value } });
const call = (params: Record<string, unknown>, meta = {}) => modern("tools/call", params, { meta });

/** Metadata and the headers that mirror a request. */
export const METADATA: readonly BadInput[] = [
  [
    "no _meta under the header of this revision",
    [400, -32602],
    legacy("tools/list", {}, {
      headers: { "mcp-protocol-version": "2026-07-28" },
    }),
  ],
  ["no _meta of a method that only this revision has", [400, -32602], legacy("server/discover", {})],
  ["no _meta of tasks/update", [400, -32602], legacy("tasks/update", (ids) => ({ taskId: ids.asking }))],
  [
    "a version that is a number",
    [400, -32602],
    modern("tools/list", {}, { meta: { [`${PREFIX}protocolVersion`]: 2026 } }),
  ],
  [
    "no capabilities",
    [400, -32602],
    modern("tools/list", {}, { meta: { [`${PREFIX}clientCapabilities`]: undefined } }),
  ],
  [
    "capabilities that are a list",
    [400, -32602],
    modern("tools/list", {}, {
      meta: { [`${PREFIX}clientCapabilities`]: [] },
    }),
  ],
  [
    "a client without a version",
    NONE,
    modern("tools/list", {}, { meta: { [`${PREFIX}clientInfo`]: { name: "c" } } }),
  ],
  ["a log level that is none", NONE, modern("tools/list", {}, { meta: { [`${PREFIX}logLevel`]: "loud" } })],
  ["a progress token that is a list", NONE, modern("tools/list", {}, { meta: { progressToken: [] } })],
  [
    "no version header",
    [400, -32020],
    modern("tools/list", {}, { headers: { "mcp-protocol-version": undefined } }),
  ],
  [
    "a version header that differs",
    [400, -32020],
    modern("tools/list", {}, {
      headers: { "mcp-protocol-version": "2025-11-25" },
    }),
  ],
  [
    "a version that is not served",
    [400, -32022],
    modern("tools/list", {}, {
      headers: { "mcp-protocol-version": "2027-01-01" },
      meta: { [`${PREFIX}protocolVersion`]: "2027-01-01" },
    }),
  ],
  [
    "an older version in _meta",
    [400, -32022],
    modern("tools/list", {}, {
      headers: { "mcp-protocol-version": "2025-11-25" },
      meta: { [`${PREFIX}protocolVersion`]: "2025-11-25" },
    }),
  ],
  ["no Mcp-Method", [400, -32020], modern("tools/list", {}, { headers: { "mcp-method": undefined } })],
  [
    "an Mcp-Method that differs",
    [400, -32020],
    modern("tools/list", {}, { headers: { "mcp-method": "tools/call" } }),
  ],
  [
    "an Mcp-Method in capitals",
    [400, -32020],
    modern("tools/list", {}, { headers: { "mcp-method": "TOOLS/LIST" } }),
  ],
  [
    "no Mcp-Name",
    [400, -32020],
    modern("tools/call", { name: "plain" }, { headers: { "mcp-name": undefined } }),
  ],
  ["an Mcp-Name that differs", [400, -32020], modern("tools/call", { name: "plain" }, named("work"))],
  ["two Mcp-Names", [400, -32020], modern("tools/call", { name: "plain" }, named("plain, work"))],
  [
    "an Mcp-Name that is marked as Base64 and is not",
    [400, -32020],
    modern(
      "tools/call",
      { name: "plain" },
      named("=?base64?***?="),
    ),
  ],
  [
    "an Mcp-Name of another alphabet",
    [400, -32020],
    modern("tools/call", { name: "plain" }, named("pl\u00e4in")),
  ],
  ["an Mcp-Name for a body without a name", [400, -32020], modern("tools/call", {}, named("plain"))],
  [
    "an Mcp-Name that names another task",
    [400, -32020],
    modern(
      "tasks/get",
      (ids) => ({ taskId: ids.working }),
      named("other"),
    ),
  ],
  [
    "no header for a mirrored argument",
    [400, -32020],
    modern("tools/call", {
      name: "mirrored",
      arguments: { region: "eu" },
    }),
  ],
  [
    "a header that differs from its argument",
    [400, -32020],
    modern(
      "tools/call",
      { name: "mirrored", arguments: { region: "eu" } },
      { headers: { "mcp-param-region": "us" } },
    ),
  ],
  [
    "a header without its argument",
    [400, -32020],
    modern("tools/call", { name: "mirrored" }, {
      headers: { "mcp-param-region": "us" },
    }),
  ],
  ["a batch", [400, -32600], (ids) => ({
    ...raw(`[${String(modern("tools/list")(ids).body)}]`)(ids),
    headers: modern("tools/list")(ids).headers,
  })],
];

/** Methods and capabilities. */
export const METHODS: readonly BadInput[] = [
  ...[
    "nothing/here",
    "__proto__",
    "initialize",
    "ping",
    "logging/setLevel",
    "resources/subscribe",
    "resources/unsubscribe",
    "tasks/result",
    "tasks/list",
    "notifications/initialized",
  ].map((method): BadInput => [`the method ${method}`, [404, -32601], modern(method)]),
  [
    "tasks/get without the extension",
    [400, -32021],
    modern("tasks/get", (ids) => ({ taskId: ids.working }), NO_TASKS),
  ],
  [
    "tasks/cancel without the extension",
    [400, -32021],
    modern("tasks/cancel", (ids) => ({ taskId: ids.asking }), NO_TASKS),
  ],
  [
    "tasks/update without the extension",
    [400, -32021],
    modern("tasks/update", (ids) => ({ taskId: ids.asking }), NO_TASKS),
  ],
  [
    "tasks/get of an unknown task without the extension",
    [400, -32021],
    modern(
      "tasks/get",
      (ids) => ({ taskId: ids.unknown }),
      NO_TASKS,
    ),
  ],
  [
    "a tool that is always a task without the extension",
    [400, -32021],
    modern("tools/call", { name: "work" }, NO_TASKS),
  ],
  [
    "a tool that asks what the client cannot answer",
    [400, -32021],
    modern("tools/call", { name: "ask" }, NO_FORMS),
  ],
  [
    "listening for tasks without the extension",
    [400, -32021],
    modern("subscriptions/listen", {
      notifications: { taskIds: ["a"] },
    }, NO_TASKS),
  ],
];

/** Parameters. */
export const PARAMS: readonly BadInput[] = [
  ["a tool without a name", NONE, call({})],
  ["a tool that is not there", NONE, call({ name: "nothing" })],
  ["a tool named like what every object has", NONE, call({ name: "__proto__" })],
  ["arguments that are a list", NONE, call({ name: "plain", arguments: [] })],
  ["an idempotency key that is a number", NONE, call({ name: "work" }, { "io.perdure/idempotencyKey": 7 })],
  [
    "an idempotency key used for other arguments",
    [200, -32602, "idempotency_conflict"],
    call(
      { name: "keyed", arguments: { text: "other" } },
      { "io.perdure/idempotencyKey": "taken" },
    ),
  ],
  ...(["tasks/get", "tasks/cancel", "tasks/update"] as const).flatMap((method): BadInput[] => {
    const more = method === "tasks/update" ? { inputResponses: { name: { action: "cancel" } } } : {};
    return [
      [`${method} without an id`, NONE, modern(method, more)],
      [`${method} of an object`, NONE, modern(method, { ...more, taskId: {} })],
      [`${method} of an id of 129 characters`, NONE, modern(method, { ...more, taskId: "x".repeat(129) })],
      [
        `${method} of an unknown task`,
        NOT_FOUND,
        modern(method, (ids) => ({ ...more, taskId: ids.unknown })),
      ],
      [
        `${method} of another caller's task`,
        NOT_FOUND,
        modern(method, (ids) => ({ ...more, taskId: ids.foreign })),
      ],
      [
        `${method} of an expired task`,
        NOT_FOUND,
        modern(method, (ids) => ({ ...more, taskId: ids.expired })),
      ],
    ];
  }),
  ...([
    ["no answers", undefined],
    ["answers that are a list", []],
    ["65 answers", Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`k${i}`, {}]))],
    ["an answer under a key of 257 characters", { ["x".repeat(257)]: {} }],
    ["an answer of 33 levels", { name: JSON.parse("[".repeat(33) + "]".repeat(33)) }],
    ["an answer of 70,000 characters", { name: "x".repeat(70_000) }],
    ["an answer that is a text", { name: "Ada" }],
    ["an answer without an action", { name: { content: {} } }],
    ["an answer with an action that is none", { name: { action: "maybe" } }],
    ["an answer that does not fit its form", { name: { action: "accept", content: { name: 7 } } }],
    ["an answer without what its form needs", { name: { action: "accept", content: {} } }],
  ] as const).map(([what, inputResponses]): BadInput => [
    `tasks/update with ${what}`,
    NONE,
    modern("tasks/update", (ids) => ({ taskId: ids.asking, inputResponses })),
  ]),
  ["no filter", NONE, modern("subscriptions/listen")],
  ["a filter that is a list", NONE, modern("subscriptions/listen", { notifications: [] })],
  [
    "a filter with a text for a switch",
    NONE,
    modern("subscriptions/listen", { notifications: { toolsListChanged: "yes" } }),
  ],
  [
    "a filter with task ids that are none",
    NONE,
    modern("subscriptions/listen", { notifications: { taskIds: [""] } }),
  ],
  [
    "a filter with 1,001 task ids",
    NONE,
    modern("subscriptions/listen", {
      notifications: { taskIds: Array.from({ length: 1001 }, (_, i) => `t${i}`) },
    }),
  ],
  ["a cursor that is none", NONE, modern("tools/list", { cursor: "abc" })],
  ["another list's cursor", NONE, modern("tools/list", (ids) => ({ cursor: ids.tasksCursor }))],
  ["a resource that is not there", NONE, modern("resources/read", { uri: "test://nothing" })],
  ["a prompt that is not there", NONE, modern("prompts/get", { name: "nothing" })],
  [
    "suggestions for a resource that is not there",
    NONE,
    modern("completion/complete", {
      ref: { type: "ref/resource", uri: "test://nothing" },
      argument: { name: "id", value: "" },
    }),
  ],
];

const retry = (state: unknown, params: Record<string, unknown> = {}) => ({
  name: "ask",
  arguments: { a: 1 },
  requestState: state,
  inputResponses: { name: { action: "decline" } },
  ...params,
});

/** State of calls that asked. */
export const STATES: readonly BadInput[] = [
  ["a state that is a number", NONE, call(retry(7))],
  ["a state of 70,000 characters", NONE, call(retry("x".repeat(70_000)))],
  ["a state that is none", STATE, call(retry("abc"))],
  ["an empty state", STATE, call(retry(""))],
  ["a state that was changed", STATE, modern("tools/call", ({ state }) => retry(`${state.slice(0, -2)}AA`))],
  ["half a state", STATE, modern("tools/call", ({ state }) => retry(state.split(".")[0]))],
  ["another caller's state", STATE, modern("tools/call", ({ foreignState }) => retry(foreignState))],
  [
    "a state with other arguments",
    STATE,
    modern("tools/call", ({ state }) => retry(state, { arguments: { a: 2 } })),
  ],
  ["another tool's state", STATE, modern("tools/call", ({ state }) => retry(state, { name: "other" }))],
  ["a cursor for a state", STATE, modern("tools/call", ({ toolsCursor }) => retry(toolsCursor))],
  [
    "a state with answers that are a text",
    NONE,
    modern("tools/call", ({ state }) => retry(state, { inputResponses: "x" })),
  ],
];
