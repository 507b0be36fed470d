/**
 * The server's prompts.
 *
 * @module
 */
import type { Icon } from "../protocol/content.ts";
import type { Prompt, PromptArgument, PromptMessage } from "../protocol/listings.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../protocol/mod.ts";
import { assertMetaKeys } from "../protocol/meta_key.ts";
import { assertFunction } from "./given_function.ts";
import type { Caller } from "./exchange.ts";
import { assertMessages } from "./prompt_messages.ts";
import { type ReadValue, readValue, type Schema, type TaskContext, toJsonSchema } from "../execution/mod.ts";

/** What a completer is called with besides the texts. */
export interface CompletionContext {
  /** Who asks: suggest nothing that they may not see. `undefined`: an anonymous caller. */
  readonly auth: Caller;
}

/** Suggests values for an argument, best first. Gets what is typed so far, and the arguments already settled. */
export type Completer = (
  typed: string,
  settled: Readonly<Record<string, string>>,
  context: CompletionContext,
) => readonly string[] | Promise<readonly string[]>;

/** A prompt's description. */
export interface PromptConfig<Args = unknown> {
  /** Name for people. */
  readonly title?: string;
  /** What the prompt is for. */
  readonly description?: string;
  /** An object of texts: prompt arguments are strings on the wire. Absent: no arguments. */
  readonly argsSchema?: Schema<Args>;
  /** Suggestions, by the name of the argument. */
  readonly complete?: Readonly<Record<string, Completer>>;
  /** Icons for people. */
  readonly icons?: readonly Icon[];
  /** Scopes that callers need to get it, and suggestions for it. It is listed to everyone. @default {[]} */
  readonly scopes?: readonly string[];
  /** Passed to clients as it is. */
  readonly _meta?: JsonObject;
}

/** What a prompt gives: a text of the user's, or messages. */
export type PromptResult =
  | string
  | {
    readonly description?: string;
    readonly messages: readonly PromptMessage[];
    readonly _meta?: JsonObject;
  };

/** Makes a prompt of its arguments. */
export type PromptHandler<Args = unknown> = (
  args: Args,
  ctx: TaskContext,
) => PromptResult | Promise<PromptResult>;

/** A registered prompt. */
export interface RegisteredPrompt {
  readonly name: string;
  readonly listing: Prompt;
  readonly readArgs: (args: JsonObject) => Promise<ReadValue<unknown>>;
  readonly complete: Readonly<Record<string, Completer>>;
  readonly scopes: readonly string[];
  readonly handler: (args: unknown, ctx: TaskContext) => Promise<JsonValue>;
}

/** Prompts by name, in the order of their registration. */
export class PromptRegistry {
  readonly #prompts = new Map<string, RegisteredPrompt>();

  /** Number of prompts. */
  get size(): number {
    return this.#prompts.size;
  }

  /** All prompts, in a fixed order. */
  all(): RegisteredPrompt[] {
    return [...this.#prompts.values()];
  }

  /** A prompt by its name. */
  get(name: string): RegisteredPrompt | undefined {
    return this.#prompts.get(name);
  }

  /**
   * Adds a prompt.
   *
   * @throws {TypeError} If the name is taken, empty or over 256 characters, or the schema is not an object of texts.
   */
  add(name: string, config: PromptConfig, handler: PromptHandler): void {
    if (name === "" || name.length > 256) {
      throw new TypeError(`Cannot register prompt "${name}": a name is 1 to 256 characters`);
    }
    assertFunction(`register prompt "${name}" with its handler`, handler);
    if (this.#prompts.has(name)) throw new TypeError(`Cannot register prompt "${name}": the name is taken`);
    const { title, description, icons, _meta, argsSchema, complete = {}, scopes = [] } = config;
    assertMetaKeys(`prompt "${name}"`, Object.keys(_meta ?? {}));
    const args = argsSchema === undefined ? undefined : toArguments(name, argsSchema);
    for (const argument of Object.keys(complete)) {
      if (!args?.some((known) => known.name === argument)) {
        throw new TypeError(
          `Cannot register prompt "${name}": it completes "${argument}", which it does not take`,
        );
      }
    }
    this.#prompts.set(name, {
      name,
      listing: { name, title, description, icons, _meta, ...(args === undefined ? {} : { arguments: args }) },
      readArgs: (given) => readArgs(argsSchema, given),
      complete,
      scopes,
      handler: async (given, ctx) => toResult(name, description, await handler(given, ctx)),
    });
  }
}

function toArguments(name: string, schema: Schema): PromptArgument[] {
  const { properties, required } = toJsonSchema(schema, "input", `prompt "${name}"`);
  if (!isJsonObject(properties)) {
    throw new TypeError(`Cannot register prompt "${name}": the root of its argsSchema must be an object`);
  }
  return Object.entries(properties).map(([argument, property]) => ({
    name: toTextName(name, argument, property),
    ...(isJsonObject(property) && typeof property.title === "string" ? { title: property.title } : {}),
    ...(isJsonObject(property) && typeof property.description === "string"
      ? { description: property.description }
      : {}),
    required: Array.isArray(required) && required.includes(argument),
  }));
}

/** @throws {TypeError} If the argument can never be a text. */
function toTextName(prompt: string, argument: string, property: unknown): string {
  const type = isJsonObject(property) ? property.type : undefined;
  if (type === undefined || type === "string" || Array.isArray(type) && type.includes("string")) {
    return argument;
  }
  throw new TypeError(`Cannot register prompt "${prompt}": its argument "${argument}" is not a text`);
}

async function readArgs(schema: Schema | undefined, given: JsonObject): Promise<ReadValue<unknown>> {
  return schema === undefined ? { ok: true, value: {} } : await readValue(schema, { ...given });
}

function toResult(name: string, description: string | undefined, result: PromptResult): JsonValue {
  if (typeof result === "string") {
    return {
      description,
      messages: [{ role: "user", content: { type: "text", text: result.toWellFormed() } }],
    };
  }
  if (!isJsonObject(result) || !Array.isArray(result.messages)) {
    throw new TypeError(`Prompt "${name}" must return a string or { messages }`);
  }
  assertMessages(name, result.messages);
  return { description, ...result } as unknown as JsonValue;
}
