/**
 * Tells whether what an author wrote is a result of a tool, or a message of a prompt, that both revisions allow.
 *
 * Only shapes are judged: a client refuses the whole message if one member of it is missing or of another type. Members
 * that the revisions do not know pass.
 *
 * @module
 */
import { isJsonObject, type JsonObject } from "./json.ts";

/** What is wrong with a value, as a phrase that names the member; `undefined`: nothing. */
type Fault = string | undefined;

type Check = (value: unknown, path: string) => Fault;

const string: Check = (value, path) => typeof value === "string" ? undefined : `"${path}" must be a string`;
const number: Check = (value, path) => Number.isFinite(value) ? undefined : `"${path}" must be a number`;
const flag: Check = (value, path) =>
  typeof value === "boolean" ? undefined : `"${path}" must be true or false`;
const object: Check = (value, path) => isJsonObject(value) ? undefined : `"${path}" must be an object`;

const strings = listOf(string);
const isRole = (value: unknown): boolean => value === "user" || value === "assistant";
const role: Check = (value, path) => isRole(value) ? undefined : `"${path}" must be "user" or "assistant"`;
const isShare = (value: unknown): boolean => typeof value === "number" && value >= 0 && value <= 1;
const share: Check = (value, path) => isShare(value) ? undefined : `"${path}" must be a number from 0 to 1`;

const annotations = shape({}, { audience: listOf(role), lastModified: string, priority: share });
const icons = listOf(shape({ src: string }, { mimeType: string, sizes: strings, theme: string }));
const common = { annotations, _meta: object };
const media = shape({ data: string, mimeType: string }, common);
const contents: Check = (value, path) =>
  shape({ uri: string, [isJsonObject(value) && "blob" in value ? "blob" : "text"]: string }, {
    mimeType: string,
    _meta: object,
  })(value, path);

const BLOCKS: ReadonlyMap<unknown, Check> = new Map([
  ["text", shape({ text: string }, common)],
  ["image", media],
  ["audio", media],
  ["resource", shape({ resource: contents }, common)],
  [
    "resource_link",
    shape({ uri: string, name: string }, {
      title: string,
      description: string,
      mimeType: string,
      size: number,
      icons,
      ...common,
    }),
  ],
]);

const block: Check = (value, path) => {
  if (!isJsonObject(value)) return `"${path}" must be an object`;
  const check = BLOCKS.get(value.type);
  return check === undefined
    ? `"${path}.type" must be one of ${[...BLOCKS.keys()].join(", ")}`
    : check(value, path);
};
const callResult = shape({ content: listOf(block) }, { isError: flag, _meta: object });
const promptMessage = shape({ role, content: block }, {});

/** What is wrong with a tool's result; `undefined` if nothing is. The phrase names a member, and no value. */
export function faultOfCallToolResult(result: JsonObject): string | undefined {
  return callResult(result, "");
}

/** What is wrong with a message of a prompt; `undefined` if nothing is. The phrase names a member, and no value. */
export function faultOfPromptMessage(message: unknown): string | undefined {
  return isJsonObject(message) ? promptMessage(message, "") : "a message must be an object";
}

/**
 * Makes sure that a tool's result is one that clients can read.
 *
 * @throws {TypeError} Naming the member at fault.
 */
export function assertCallToolResult(result: JsonObject): void {
  const fault = faultOfCallToolResult(result);
  if (fault !== undefined) throw new TypeError(`Cannot take the result: ${fault}`);
}

function shape(
  required: Readonly<Record<string, Check>>,
  optional: Readonly<Record<string, Check>>,
): Check {
  const checks = Object.entries({ ...required, ...optional });
  return (value, path) => {
    if (!isJsonObject(value)) return `"${path}" must be an object`;
    for (const [name, check] of checks) {
      const member = value[name];
      if (member === undefined && !Object.hasOwn(required, name)) continue;
      const fault = check(member, path === "" ? name : `${path}.${name}`);
      if (fault !== undefined) return fault;
    }
    return undefined;
  };
}

function listOf(check: Check): Check {
  return (value, path) => {
    if (!Array.isArray(value)) return `"${path}" must be a list`;
    for (const [index, item] of value.entries()) {
      const fault = check(item, `${path}[${index}]`);
      if (fault !== undefined) return fault;
    }
    return undefined;
  };
}
