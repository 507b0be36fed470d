/**
 * One sample of everything the types let us send, judged by schemas that others wrote.
 *
 * The samples are typed: a type that asked for a wrong member, or allowed one, would show here.
 */
import type * as shared from "../../src/protocol/mod.ts";
import type * as v2025 from "../../src/protocol/v2025_11_25/mod.ts";
import { relatedTaskMeta } from "../../src/protocol/v2025_11_25/mod.ts";
import type * as v2026 from "../../src/protocol/v2026_07_28/mod.ts";
import { TASKS_CAPABILITY } from "../../src/protocol/v2026_07_28/mod.ts";
import { assertEquals } from "@std/assert";
import {
  assertValid2025,
  assertValid2026,
  assertValidTasksExt,
  missingJsonSchemas,
} from "../support/official_schemas.ts";
import { testIfThere } from "../support/not_run.ts";
import { verifies } from "../support/requirements.ts";

const AT = "2026-01-01T00:00:00.000Z";
const meta = { "com.example/key": [1] };
const annotations: shared.Annotations = { audience: ["user", "assistant"], priority: 0.5, lastModified: AT };
const icons: shared.Icon[] = [
  { src: "https://example.com/i.png", mimeType: "image/png", sizes: ["48x48"], theme: "dark" },
];
const text: shared.TextContent = { type: "text", text: "Hi", annotations, _meta: meta };
const content: shared.ContentBlock[] = [
  text,
  { type: "image", data: "aGk=", mimeType: "image/png", annotations, _meta: meta },
  { type: "audio", data: "aGk=", mimeType: "audio/wav", annotations, _meta: meta },
  {
    type: "resource_link",
    uri: "file:///a",
    name: "a",
    title: "A",
    size: 5,
    mimeType: "text/plain",
    icons,
    annotations,
  },
  {
    type: "resource",
    resource: { uri: "file:///a", mimeType: "text/plain", text: "a", _meta: meta },
    annotations,
  },
  { type: "resource", resource: { uri: "file:///a", blob: "aGk=" } },
];
const implementation: shared.Implementation = {
  name: "s",
  version: "1",
  title: "S",
  description: "d",
  icons,
  websiteUrl: "https://example.com",
};
const prompt: shared.Prompt = {
  name: "p",
  title: "P",
  description: "d",
  icons,
  arguments: [{ name: "a", title: "A", description: "d", required: true }],
  _meta: meta,
};
const messages: shared.PromptMessage[] = content.map((block) => ({ role: "user", content: block }));
const resource: shared.Resource = {
  uri: "file:///a",
  name: "a",
  title: "A",
  description: "d",
  mimeType: "text/plain",
  size: 5,
  icons,
  annotations,
  _meta: meta,
};
const template: shared.ResourceTemplate = {
  uriTemplate: "file:///{a}",
  name: "a",
  title: "A",
  description: "d",
  mimeType: "text/plain",
  icons,
  annotations,
  _meta: meta,
};
const contents: shared.ResourceContents[] = [{ uri: "file:///a", text: "a" }, {
  uri: "file:///b",
  blob: "aGk=",
}];
const completion: shared.Completion = { values: ["a"], total: 2, hasMore: true };
const hints: shared.ToolAnnotations = {
  title: "T",
  readOnlyHint: true,
  destructiveHint: false,
  idempotentHint: true,
  openWorldHint: false,
};
const tool2025: v2025.Tool = {
  name: "t",
  title: "T",
  description: "d",
  icons,
  inputSchema: { type: "object", properties: { a: { type: "string" } }, required: ["a"] },
  outputSchema: { type: "object" },
  annotations: hints,
  execution: { taskSupport: "optional" },
  _meta: meta,
};
const task2025: v2025.Task = {
  taskId: "a",
  status: "input_required",
  statusMessage: "m",
  createdAt: AT,
  lastUpdatedAt: AT,
  ttl: null,
  pollInterval: 1000,
};

interface Samples2025 {
  CallToolResult: shared.CallToolResult;
  Task: v2025.Task;
  CreateTaskResult: v2025.CreateTaskResult;
  GetTaskResult: v2025.GetTaskResult;
  CancelTaskResult: v2025.CancelTaskResult;
  ListTasksResult: v2025.ListTasksResult;
  TaskStatusNotification: v2025.TaskStatusNotification;
  InitializeResult: v2025.InitializeResult;
  ListToolsResult: v2025.ListToolsResult;
  ListPromptsResult: v2025.ListPromptsResult;
  GetPromptResult: v2025.GetPromptResult;
  ListResourcesResult: v2025.ListResourcesResult;
  ListResourceTemplatesResult: v2025.ListResourceTemplatesResult;
  ReadResourceResult: v2025.ReadResourceResult;
  CompleteResult: v2025.CompleteResult;
  ElicitRequestURLParams: v2025.ElicitUrlParams2025;
  ProgressNotification: v2025.ProgressNotification;
  LoggingMessageNotification: v2025.LoggingMessageNotification;
  ResourceUpdatedNotification: v2025.ResourceUpdatedNotification;
  CancelledNotification: v2025.CancelledNotification;
}

const SAMPLES_2025: Samples2025 = {
  CallToolResult: { content, structuredContent: { a: 1 }, isError: false, _meta: relatedTaskMeta("a") },
  Task: task2025,
  CreateTaskResult: { task: { ...task2025, status: "working", ttl: 1000 }, _meta: meta },
  GetTaskResult: { ...task2025, status: "failed", _meta: meta },
  CancelTaskResult: { ...task2025, status: "cancelled" },
  ListTasksResult: { tasks: [task2025, { ...task2025, _meta: meta }], nextCursor: "c", _meta: meta },
  TaskStatusNotification: { jsonrpc: "2.0", method: "notifications/tasks/status", params: task2025 },
  InitializeResult: {
    protocolVersion: "2025-11-25",
    capabilities: {
      tools: { listChanged: true },
      prompts: { listChanged: true },
      resources: { subscribe: true, listChanged: true },
      completions: {},
      logging: {},
      experimental: { x: {} },
      tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } },
    },
    serverInfo: implementation,
    instructions: "i",
    _meta: meta,
  },
  ListToolsResult: { tools: [tool2025], nextCursor: "c", _meta: meta },
  ListPromptsResult: { prompts: [prompt], nextCursor: "c", _meta: meta },
  GetPromptResult: { description: "d", messages, _meta: meta },
  ListResourcesResult: { resources: [resource], nextCursor: "c", _meta: meta },
  ListResourceTemplatesResult: { resourceTemplates: [template], nextCursor: "c", _meta: meta },
  ReadResourceResult: { contents, _meta: meta },
  CompleteResult: { completion, _meta: meta },
  ElicitRequestURLParams: { mode: "url", message: "m", url: "https://example.com", elicitationId: "e" },
  ProgressNotification: {
    jsonrpc: "2.0",
    method: "notifications/progress",
    params: { progressToken: 1, progress: 0.5, total: 1, message: "m", _meta: relatedTaskMeta("a") },
  },
  LoggingMessageNotification: {
    jsonrpc: "2.0",
    method: "notifications/message",
    params: { level: "emergency", logger: "l", data: null, _meta: relatedTaskMeta("a") },
  },
  ResourceUpdatedNotification: {
    jsonrpc: "2.0",
    method: "notifications/resources/updated",
    params: { uri: "file:///a", _meta: meta },
  },
  CancelledNotification: {
    jsonrpc: "2.0",
    method: "notifications/cancelled",
    params: { requestId: "r", reason: "late", _meta: meta },
  },
};

verifies(
  ["T25-027", "T25-042", "T25-082", "T25-088", "T25-255"],
  "what 2025-11-25 types let us send is valid",
  () => {
    for (const [definition, sample] of Object.entries(SAMPLES_2025)) assertValid2025(definition, sample);
  },
);

Deno.test("relatedTaskMeta() names the task under the key of the specification", () => {
  assertEquals(relatedTaskMeta("a"), { "io.modelcontextprotocol/related-task": { taskId: "a" } });
});

const cached: v2026.Cacheable = { resultType: "complete", ttlMs: 0, cacheScope: "private", _meta: meta };
const task2026: v2026.TaskFields = {
  taskId: "a",
  statusMessage: "m",
  createdAt: AT,
  lastUpdatedAt: AT,
  ttlMs: null,
  pollIntervalMs: 1000,
};
const inputRequests: v2026.InputRequests = {
  form: {
    method: "elicitation/create",
    params: {
      mode: "form",
      message: "m",
      requestedSchema: { type: "object", properties: { a: { type: "string" } } },
    },
  },
  page: { method: "elicitation/create", params: { mode: "url", message: "m", url: "https://example.com" } },
  model: {
    method: "sampling/createMessage",
    params: {
      maxTokens: 5,
      messages: [
        { role: "user", content: [text] },
        { role: "assistant", content: { type: "tool_use", id: "1", name: "t", input: {} } },
        {
          role: "user",
          content: { type: "tool_result", toolUseId: "1", content, structuredContent: 1, isError: false },
        },
      ],
      systemPrompt: "s",
      temperature: 0.5,
      stopSequences: ["x"],
      includeContext: "none",
      modelPreferences: {
        hints: [{ name: "m" }],
        costPriority: 0,
        speedPriority: 1,
        intelligencePriority: 0.5,
      },
      tools: [{ name: "t", inputSchema: { type: "object" } }],
      toolChoice: { mode: "required" },
      metadata: {},
    },
  },
  roots: { method: "roots/list" },
};
const result: v2026.CompleteCallToolResult = {
  resultType: "complete",
  content,
  structuredContent: [1],
  isError: true,
};
const tasks: readonly v2026.DetailedTask[] = [
  { ...task2026, status: "working" },
  { ...task2026, status: "cancelled" },
  { ...task2026, status: "input_required", inputRequests },
  { ...task2026, status: "completed", result },
  { ...task2026, status: "failed", error: { code: -32603, message: "m", data: { reason: "limit" } } },
];

interface Samples2026 {
  CallToolResult: v2026.CompleteCallToolResult;
  InputRequiredResult: v2026.InputRequiredResult;
  DiscoverResult: v2026.DiscoverResult;
  ListToolsResult: v2026.ListToolsResult;
  ListPromptsResult: v2026.ListPromptsResult;
  GetPromptResult: v2026.GetPromptResult;
  ListResourcesResult: v2026.ListResourcesResult;
  ListResourceTemplatesResult: v2026.ListResourceTemplatesResult;
  ReadResourceResult: v2026.ReadResourceResult;
  CompleteResult: v2026.CompleteResult;
  SubscriptionFilter: v2026.SubscriptionFilter;
  SubscriptionsAcknowledgedNotification: v2026.SubscriptionAcknowledgedNotification;
  SubscriptionsListenResult: v2026.ListenResult;
  ProgressNotification: v2026.ProgressNotification;
  LoggingMessageNotification: v2026.LoggingMessageNotification;
  CancelledNotification: v2026.CancelledNotification;
}

const SAMPLES_2026: Samples2026 = {
  CallToolResult: result,
  InputRequiredResult: { resultType: "input_required", inputRequests, requestState: "s", _meta: meta },
  DiscoverResult: {
    ...cached,
    supportedVersions: ["2026-07-28"],
    capabilities: {
      tools: { listChanged: true },
      prompts: { listChanged: true },
      resources: { subscribe: true, listChanged: true },
      completions: {},
      logging: {},
      experimental: { x: {} },
      extensions: { "io.modelcontextprotocol/tasks": {} },
    },
    instructions: "i",
    _meta: { "io.modelcontextprotocol/serverInfo": implementation },
  },
  ListToolsResult: {
    ...cached,
    tools: [{
      name: "t",
      title: "T",
      description: "d",
      icons,
      inputSchema: { type: "object" },
      outputSchema: { type: "array" },
      annotations: hints,
      _meta: meta,
    }],
    nextCursor: "c",
  },
  ListPromptsResult: { ...cached, prompts: [prompt], nextCursor: "c" },
  GetPromptResult: { resultType: "complete", description: "d", messages, _meta: meta },
  ListResourcesResult: { ...cached, resources: [resource], nextCursor: "c" },
  ListResourceTemplatesResult: { ...cached, resourceTemplates: [template], nextCursor: "c" },
  ReadResourceResult: { ...cached, cacheScope: "public", contents },
  CompleteResult: { resultType: "complete", completion, _meta: meta },
  SubscriptionFilter: {
    toolsListChanged: true,
    promptsListChanged: false,
    resourcesListChanged: true,
    resourceSubscriptions: ["file:///a"],
    taskIds: ["a"],
  },
  SubscriptionsAcknowledgedNotification: {
    jsonrpc: "2.0",
    method: "notifications/subscriptions/acknowledged",
    params: { notifications: { taskIds: ["a"] }, _meta: { "io.modelcontextprotocol/subscriptionId": 1 } },
  },
  SubscriptionsListenResult: {
    resultType: "complete",
    _meta: { "io.modelcontextprotocol/subscriptionId": 1 },
  },
  ProgressNotification: {
    jsonrpc: "2.0",
    method: "notifications/progress",
    params: { progressToken: "p", progress: 1, total: 2, message: "m", _meta: meta },
  },
  LoggingMessageNotification: {
    jsonrpc: "2.0",
    method: "notifications/message",
    params: { level: "debug", logger: "l", data: { a: 1 }, _meta: meta },
  },
  CancelledNotification: {
    jsonrpc: "2.0",
    method: "notifications/cancelled",
    params: { requestId: 1, reason: "closing", _meta: { "io.modelcontextprotocol/subscriptionId": 1 } },
  },
};

verifies(["T26-135", "T26-217", "T26-228"], "what 2026-07-28 types let us send is valid", () => {
  for (const [definition, sample] of Object.entries(SAMPLES_2026)) assertValid2026(definition, sample);
}, { missing: missingJsonSchemas });

verifies(
  ["T26-036", "T26-037", "T26-039", "T26-057"],
  "what the Tasks extension's types let us send is valid",
  () => {
    for (const task of tasks) {
      const got: v2026.GetTaskResult = { ...task, resultType: "complete", _meta: meta };
      const notified: v2026.TaskNotification = {
        jsonrpc: "2.0",
        method: "notifications/tasks",
        params: { ...task, _meta: { "io.modelcontextprotocol/subscriptionId": 1 } },
      };
      assertValidTasksExt("DetailedTask", task);
      assertValidTasksExt("GetTaskResult", got);
      assertValidTasksExt("TaskStatusNotification", notified);
    }
    const done: v2026.Acknowledgement = { resultType: "complete", _meta: meta };
    assertValidTasksExt("UpdateTaskResult", done);
    assertValidTasksExt("CancelTaskResult", done);
  },
);

verifies(["T26-024", "T26-028"], "a created task is flat and plain", () => {
  const created: v2026.CreateTaskResult = { ...task2026, status: "working", resultType: "task", _meta: meta };
  assertValidTasksExt("CreateTaskResult", created);
});

testIfThere(missingJsonSchemas, "the Tasks extension is declared without settings", () => {
  assertEquals(TASKS_CAPABILITY, { extensions: { "io.modelcontextprotocol/tasks": {} } });
  assertValid2026("ClientCapabilities", TASKS_CAPABILITY);
  assertValidTasksExt("TasksExtensionCapability", {});
});
