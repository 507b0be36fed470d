/**
 * Tool arguments that clients mirror into headers (`x-mcp-header`).
 *
 * @module
 * @see 2026-07-28, Tools, "x-mcp-header" (T26-233 to T26-236)
 */
import { isJsonObject, type JsonObject } from "../protocol/mod.ts";
import type { MirroredParam } from "./exchange.ts";

const HEADER_TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const MIRRORED_TYPES: readonly unknown[] = ["string", "integer", "boolean"];
const KEYWORD = "x-mcp-header";

/**
 * Finds the mirrored arguments of an input schema.
 *
 * @throws {TypeError} If the annotation is anywhere it may not be: clients would drop the tool.
 */
export function findMirroredParams(tool: string, schema: JsonObject): MirroredParam[] {
  const found: MirroredParam[] = [];
  collect(tool, schema, [], found);
  const names = new Set(found.map(({ header }) => header.toLowerCase()));
  if (names.size < found.length) throw fault(tool, "two parameters share one header");
  if (countKeyword(schema) !== found.length) {
    throw fault(tool, 'it may stand only on properties reached through "properties" alone');
  }
  return found;
}

function collect(tool: string, schema: JsonObject, path: readonly string[], found: MirroredParam[]): void {
  if (!isJsonObject(schema.properties)) return;
  for (const [name, property] of Object.entries(schema.properties)) {
    if (!isJsonObject(property)) continue;
    const header = property[KEYWORD];
    if (header !== undefined) {
      if (typeof header !== "string" || !HEADER_TOKEN.test(header)) {
        throw fault(tool, "it must be a header token");
      }
      if (!MIRRORED_TYPES.includes(property.type)) {
        throw fault(tool, "only a string, integer or boolean parameter can be mirrored");
      }
      found.push({ path: [...path, name], header });
    }
    collect(tool, property, [...path, name], found);
  }
}

function countKeyword(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  const own = isJsonObject(value) && typeof value[KEYWORD] === "string" ? 1 : 0;
  return Object.values(value).reduce((sum: number, child) => sum + countKeyword(child), own);
}

function fault(tool: string, reason: string): TypeError {
  return new TypeError(`Cannot register tool "${tool}": "${KEYWORD}" is misplaced: ${reason}`);
}
