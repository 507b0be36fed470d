/**
 * Questions a tool can put to the client, and their answers as values.
 *
 * @module
 */
import { assertFlatElicitationSchema } from "../protocol/elicitation_schema.ts";
import type {
  CreateMessageParams,
  CreateMessageResult,
  InputRequest,
  ListRootsResult,
} from "../protocol/input.ts";
import { parseInputResponse } from "../protocol/input_response.ts";
import { assertToolPairs } from "../protocol/sampling_messages.ts";
import { secretInAddress } from "../protocol/secret_names.ts";
import { invalidParams, type JsonObject, type JsonValue } from "../protocol/mod.ts";
import { readValue, type Schema, toJsonSchema } from "./schema.ts";

/** Asks the user to fill in a form. */
export interface FormQuestion<Content> {
  /** What the user reads. */
  readonly message: string;
  /** Flat object of strings, numbers, booleans and choices. */
  readonly schema: Schema<Content>;
}

/** Asks the user to open a page. */
export interface UrlQuestion {
  /** What the user reads. */
  readonly message: string;
  /**
   * Absolute URL; no secrets, no pre-authenticated links (T25-264, T26-276). Who opens it may be anybody: let the page
   * log its user in, and compare that user with `ctx.auth` (T25-263, T26-275).
   */
  readonly url: string;
}

/** The user's answer to a form. */
export type FormAnswer<Content> =
  | { readonly action: "accept"; readonly content: Content }
  | { readonly action: "decline" | "cancel" };

/** The user's answer to a page: accepting means consent, not completion. */
export interface UrlAnswer {
  /** What the user chose. */
  readonly action: "accept" | "decline" | "cancel";
}

/** Requests by the identity of their question. */
export type Questions = Readonly<Record<string, InputRequest>>;

/** Raw answers by the identity of their question. */
export type Answers = Readonly<Record<string, JsonValue>>;

/** How long a question waits for its answer. */
export interface AskOptions {
  /** Time after which the wait ends without an answer, in milliseconds. @default the task's time to live */
  readonly timeoutMs?: number;
  /** Raw answer taken when that time has passed. Absent: the wait ends with {@linkcode InputTimeoutError}. */
  readonly fallback?: JsonObject;
}

/** A question, ready to be sent, that knows how to read its answer. */
export interface Question<Answer> extends AskOptions {
  /** The request as it goes out. */
  readonly request: InputRequest;
  /** Reads a raw answer; throws -32602 naming the field at fault. */
  readonly read: (raw: JsonValue) => Promise<Answer>;
}

/**
 * A form for {@linkcode TaskContext.ask}.
 *
 * @throws {TypeError} If the schema is not a flat object of primitives and choices, or asks for a secret by its name, or there is no message.
 */
export function elicit<Content>(
  question: FormQuestion<Content>,
  options?: AskOptions,
): Question<FormAnswer<Content>>;
/**
 * A page for {@linkcode TaskContext.ask}.
 *
 * @throws {TypeError} If the URL is none, or holds a login or a secret, or there is no message.
 */
export function elicit(question: UrlQuestion, options?: AskOptions): Question<UrlAnswer>;
export function elicit(
  question: FormQuestion<unknown> | UrlQuestion,
  options: AskOptions = {},
): Question<FormAnswer<unknown> | UrlAnswer> {
  if (typeof question?.message !== "string") throw new TypeError("Cannot ask: the question has no message");
  return { ...options, ...("url" in question ? toUrlQuestion(question) : toFormQuestion(question)) };
}

/**
 * A question to the client's model, for {@linkcode TaskContext.ask}.
 *
 * @throws {TypeError} If a use of a tool in the conversation is not answered in the message behind it.
 */
export function sample(params: CreateMessageParams, options: AskOptions = {}): Question<CreateMessageResult> {
  assertToolPairs(params.messages);
  const request = { method: "sampling/createMessage", params } as const;
  return { ...options, request, read: (raw) => Promise.resolve(parseInputResponse(request, raw)) };
}

/** A question for the client's roots, for {@linkcode TaskContext.ask}. */
export function roots(options: AskOptions = {}): Question<ListRootsResult> {
  const request = { method: "roots/list", params: {} } as const;
  return { ...options, request, read: (raw) => Promise.resolve(parseInputResponse(request, raw)) };
}

function toUrlQuestion({ message, url }: UrlQuestion): Question<UrlAnswer> {
  if (!URL.canParse(url)) throw new TypeError(`Cannot ask for a page: "${url}" is not an absolute URL`);
  const secret = secretInAddress(new URL(url));
  if (secret !== undefined) {
    throw new TypeError(`Cannot ask for a page: its URL holds ${secret}, and many can read that`);
  }
  const request = { method: "elicitation/create", params: { mode: "url", message, url } } as const;
  return { request, read: (raw) => Promise.resolve({ action: parseInputResponse(request, raw).action }) };
}

function toFormQuestion({ message, schema }: FormQuestion<unknown>): Question<FormAnswer<unknown>> {
  const { $schema: _dialect, ...requestedSchema } = toJsonSchema(schema, "input", "a form");
  assertFlatElicitationSchema(requestedSchema);
  const request = { method: "elicitation/create", params: { message, requestedSchema } } as const;
  const read = async (raw: JsonValue): Promise<FormAnswer<unknown>> => {
    const { action, content } = parseInputResponse(request, raw);
    if (action !== "accept") return { action };
    const checked = await readValue(schema, content ?? {});
    if (!checked.ok) {
      throw invalidParams(`Invalid params: the answer does not fit the form: ${checked.message}`);
    }
    return { action, content: checked.value };
  };
  return { request, read };
}
