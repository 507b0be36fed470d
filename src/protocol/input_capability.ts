/**
 * Which client capability a question needs, and whether a client declared it.
 *
 * @module
 */
import { isJsonObject, type JsonObject } from "./json.ts";
import type { InputRequest } from "./input.ts";

/** The capability a question needs, in the shape of `data.requiredCapabilities` of error -32021. */
export function requiredCapability(request: InputRequest): JsonObject {
  switch (request.method) {
    case "elicitation/create":
      return { elicitation: request.params.mode === "url" ? { url: {} } : { form: {} } };
    case "sampling/createMessage": {
      const { tools, toolChoice, includeContext = "none" } = request.params;
      return {
        sampling: {
          ...includeContext !== "none" && { context: {} },
          ...(tools !== undefined || toolChoice !== undefined) && { tools: {} },
        },
      };
    }
    case "roots/list":
      return { roots: {} };
  }
}

/**
 * Whether a client that declared `capabilities` may be asked `request`.
 *
 * `elicitation: {}` means forms only, as it did before there were modes (T25-252, T26-270).
 */
export function declares(capabilities: JsonObject, request: InputRequest): boolean {
  const declared = toInputCapabilities(capabilities);
  return Object.entries(requiredCapability(request)).every(([name, needs]) => {
    const has = declared[name];
    return isJsonObject(has) && isJsonObject(needs) &&
      Object.keys(needs).every((key) => Object.hasOwn(has, key));
  });
}

/**
 * Boils client capabilities down to what decides which questions may be asked: a small object of known names,
 * fit to be stored. `declares` gives the same answers for it.
 */
export function toInputCapabilities(capabilities: JsonObject): JsonObject {
  const { elicitation, sampling, roots } = capabilities;
  return {
    ...isJsonObject(elicitation) && { elicitation: modes(elicitation) },
    ...isJsonObject(sampling) && { sampling: known(sampling, ["context", "tools"]) },
    ...isJsonObject(roots) && { roots: {} },
  };
}

function modes(elicitation: JsonObject): JsonObject {
  const named = known(elicitation, ["form", "url"]);
  return Object.keys(named).length === 0 ? { form: {} } : named;
}

function known(object: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(names.filter((name) => isJsonObject(object[name])).map((name) => [name, {}]));
}
