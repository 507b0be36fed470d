/**
 * The server's tools: how they are listed in each revision, and how their calls are run.
 *
 * @module
 */
import { isJsonObject, type JsonObject, type JsonValue } from "../protocol/mod.ts";
import { assertMetaKeys } from "../protocol/meta_key.ts";
import type { Tool as Tool2025 } from "../protocol/v2025_11_25/mod.ts";
import type { Tool as Tool2026 } from "../protocol/v2026_07_28/mod.ts";
import {
  type ExecutableTool,
  type ReadValue,
  readValue,
  type Schema,
  toJsonSchema,
} from "../execution/mod.ts";
import type { MirroredParam } from "./exchange.ts";
import { assertFunction } from "./given_function.ts";
import { findMirroredParams } from "./mirrored_params.ts";
import type { TaskOptions, TaskSupport, ToolConfig, ToolHandler } from "./tool_config.ts";

/** What a call runs. */
export interface CallableTool extends ExecutableTool {
  /** How its calls become tasks. */
  readonly task: TaskOptions;
}

/** A registered tool. */
export interface RegisteredTool extends CallableTool {
  readonly listing2025: Tool2025;
  readonly listing2026: Tool2026;
  readonly mirroredParams: readonly MirroredParam[];
  /** Scopes that its callers need. */
  readonly scopes: readonly string[];
}

/** How tools wait that do not say it themselves. */
export interface WaitDefaults {
  /** Wait after which a repeatable task leaves the process, in milliseconds. */
  readonly parkAfterMs: number;
  /** Wait for an answer, in milliseconds. Absent: the task's time to live. */
  readonly inputTimeoutMs?: number;
}

const TOOL_NAME = /^[A-Za-z0-9_.-]{1,128}$/;
const TASK_SUPPORT: readonly TaskSupport[] = ["forbidden", "optional", "required"];
const DEFAULT_MAX_ATTEMPTS = 3;
const DURATIONS = ["ttlMs", "pollIntervalMs", "inlineMs", "parkAfterMs", "inputTimeoutMs"] as const;
const NO_ARGUMENTS: JsonObject & { readonly type: "object" } = {
  type: "object",
  additionalProperties: false,
};

/** Tools by name, in the order of their registration. */
export class ToolRegistry {
  readonly #tools = new Map<string, RegisteredTool>();
  readonly #defaults: WaitDefaults;

  constructor(defaults: WaitDefaults) {
    this.#defaults = defaults;
  }

  /** Number of tools. */
  get size(): number {
    return this.#tools.size;
  }

  /** All tools, in a fixed order (T26-226). */
  all(): RegisteredTool[] {
    return [...this.#tools.values()];
  }

  /** A tool by its name. */
  get(name: string): RegisteredTool | undefined {
    return this.#tools.get(name);
  }

  /**
   * Adds a tool.
   *
   * @throws {TypeError} If the name is taken or not 1 to 128 of `A-Z a-z 0-9 _ - .`, a schema does not fit, what is
   * shown in `_meta` cannot be a key there, the handler is no function, or `task.support` is none of its three words.
   * @throws {RangeError} If a duration or the number of attempts is not a whole number of at least 1 (`inlineMs`: of at
   * least 0), or a factor is below 1.
   */
  add(name: string, config: ToolConfig, handler: ToolHandler | undefined): void {
    if (!TOOL_NAME.test(name)) {
      throw new TypeError(`Cannot register tool "${name}": a name is 1 to 128 of A-Z a-z 0-9 _ - .`);
    }
    if (this.#tools.has(name)) throw new TypeError(`Cannot register tool "${name}": the name is taken`);
    const task = config.task ?? { support: "forbidden" };
    if (!TASK_SUPPORT.includes(task.support)) {
      throw new TypeError(
        `Cannot register tool "${name}": "task.support" is none of "${TASK_SUPPORT.join('", "')}"`,
      );
    }
    if (handler !== undefined) assertFunction(`register tool "${name}" with its handler`, handler);
    assertMetaKeys(`tool "${name}"`, [...Object.keys(config._meta ?? {}), ...task.publicVariables ?? []]);
    if (handler !== undefined && task.dispatch !== undefined) {
      throw new TypeError(`Cannot register tool "${name}": it has both a handler and "dispatch"`);
    }
    if (handler === undefined && task.support === "forbidden") {
      throw new TypeError(`Cannot register tool "${name}": without a handler it must support tasks`);
    }
    for (const field of DURATIONS) {
      const ms = task[field];
      if (ms !== undefined) assertWhole(name, field, ms, field === "inlineMs" ? 0 : 1);
    }
    this.#tools.set(name, toRegisteredTool(name, config, task, handler, this.#defaults));
  }
}

function assertWhole(name: string, field: string, value: number, least = 1): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw new RangeError(
    `Cannot register tool "${name}": "${field}" is ${value}, not a whole number of at least ${least}`,
  );
}

function toRegisteredTool(
  name: string,
  config: ToolConfig,
  task: TaskOptions,
  handler: ToolHandler | undefined,
  defaults: WaitDefaults,
): RegisteredTool {
  const { inputSchema, outputSchema } = config;
  const input = inputSchema === undefined ? NO_ARGUMENTS : toObjectSchema(name, inputSchema);
  const output = outputSchema && toJsonSchema(outputSchema, "output", `tool "${name}"`);
  return {
    name,
    task,
    ...readRepeatable(name, task.repeatable),
    parkAfterMs: task.parkAfterMs ?? defaults.parkAfterMs,
    inputTimeoutMs: task.inputTimeoutMs ?? defaults.inputTimeoutMs,
    readArgs: (args) => readArguments(inputSchema, args),
    handler,
    dispatch: task.dispatch,
    prepare: task.prepare,
    checkOutput: outputSchema && ((value) => checkOutput(name, outputSchema, value)),
    mirroredParams: findMirroredParams(name, input),
    scopes: config.scopes ?? [],
    ...toListings(name, config, task, input, output),
  };
}

/** Attempts and pauses of a tool, checked. */
function readRepeatable(
  name: string,
  repeatable: TaskOptions["repeatable"],
): Pick<ExecutableTool, "repeatable" | "maxAttempts" | "backoff"> {
  if (repeatable === undefined || repeatable === false) return { repeatable: false, maxAttempts: 1 };
  if (repeatable === true) return { repeatable: true, maxAttempts: DEFAULT_MAX_ATTEMPTS };
  const { maxAttempts, backoff } = repeatable;
  assertWhole(name, "maxAttempts", maxAttempts);
  if (backoff === undefined) return { repeatable: true, maxAttempts };
  const { initialMs, maxMs, factor } = backoff;
  if (initialMs !== undefined) assertWhole(name, "backoff.initialMs", initialMs);
  if (maxMs !== undefined) assertWhole(name, "backoff.maxMs", maxMs);
  if (factor !== undefined && !(Number.isFinite(factor) && factor >= 1)) {
    throw new RangeError(`Cannot register tool "${name}": "backoff.factor" is ${factor}, not at least 1`);
  }
  return { repeatable: true, maxAttempts, backoff: { initialMs, maxMs, factor } };
}

function toListings(
  name: string,
  config: ToolConfig,
  task: TaskOptions,
  inputSchema: JsonObject & { readonly type: "object" },
  outputSchema: JsonObject | undefined,
): Pick<RegisteredTool, "listing2025" | "listing2026"> {
  const { title, description, annotations, icons, _meta } = config;
  const common = { name, title, description, annotations, icons, _meta, inputSchema };
  return {
    listing2026: { ...common, outputSchema },
    listing2025: {
      ...common,
      outputSchema: isObjectSchema(outputSchema) ? outputSchema : undefined,
      ...(task.support === "forbidden" ? {} : { execution: { taskSupport: task.support } }),
    },
  };
}

function toObjectSchema(name: string, schema: Schema): JsonObject & { readonly type: "object" } {
  const json = toJsonSchema(schema, "input", `tool "${name}"`);
  if (isObjectSchema(json)) return json;
  throw new TypeError(`Cannot register tool "${name}": the root of its inputSchema must be an object`);
}

function isObjectSchema(schema: JsonObject | undefined): schema is JsonObject & { readonly type: "object" } {
  return schema?.type === "object";
}

async function readArguments(schema: Schema | undefined, args: JsonValue): Promise<ReadValue<unknown>> {
  if (!isJsonObject(args)) return { ok: false, message: "the arguments must be an object" };
  if (schema !== undefined) return await readValue(schema, args);
  const names = Object.keys(args);
  return names.length === 0 ? { ok: true, value: {} } : { ok: false, message: "the tool takes no arguments" };
}

async function checkOutput(name: string, schema: Schema, value: unknown): Promise<JsonValue> {
  const read = await readValue(schema, value);
  if (!read.ok) {
    throw new TypeError(`Tool "${name}" returned a value outside its outputSchema: ${read.message}`);
  }
  return JSON.parse(JSON.stringify(read.value)) as JsonValue;
}
