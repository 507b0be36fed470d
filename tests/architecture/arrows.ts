/**
 * Which module may import which. Pure, so that it can be tested itself.
 *
 * @module
 */
import type { SourceImport, SourceModule } from "./modules.ts";

/** The layers, lowest first: each may import itself and those before it. */
const LAYERS = ["protocol", "tasks", "store", "execution", "workflow", "server", "handler", "auth"];

/** What everything may import. */
const RUNTIME = "src/runtime.ts";
/** What a backend sees of the library. */
const SEAM = "src/store/backend.ts";

/** The npm and JSR packages each part may name; what is not listed may name none. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  "src/runtime.ts": ["@std/ulid"],
  "src/auth": ["jose"],
  "src/testing": ["@std/assert"],
  "src": ["zod", "@cfworker/json-schema"],
  "backends/redis": ["ioredis"],
  "backends/dynamodb": ["@aws-sdk/client-dynamodb"],
};

/** Imports that break the rule, each with the reason. One file has one known exception. */
export function wrongArrows(modules: readonly SourceModule[]): readonly string[] {
  return modules.flatMap(({ path, imports }) =>
    imports.flatMap((found) => {
      const reason = isDefaultBackend(path, found) ? undefined : objection(path, found);
      return reason ? [`${path} imports "${found.specifier}": ${reason}`] : [];
    })
  );
}

/** The server loads the default backend, and only so: late, by a literal. */
function isDefaultBackend(path: string, { path: target, dynamic }: SourceImport): boolean {
  return path === "src/server/default_backend.ts" && target === "backends/deno_kv.ts" && dynamic;
}

function objection(path: string, { specifier, path: target }: SourceImport): string | undefined {
  if (!specifier.startsWith(".")) return packageObjection(path, specifier);
  if (!target) return "it leads out of the repository";
  if (target === RUNTIME) return undefined;
  if (path === RUNTIME) return "the runtime is a leaf";
  if (path.startsWith("backends/")) return backendObjection(path, target);
  if (path.startsWith("src/testing/")) {
    return target === SEAM || target.startsWith("src/testing/")
      ? undefined
      : "testing sees the storage seam alone";
  }
  return layerObjection(path, target);
}

function layerObjection(path: string, target: string): string | undefined {
  const [from, to] = [LAYERS.indexOf(folderOf(path)), LAYERS.indexOf(folderOf(target))];
  if (from < 0) return "the importing module is in no layer";
  if (to < 0) return "the imported module is in no layer";
  return to > from ? `${LAYERS[from]} is below ${LAYERS[to]}` : undefined;
}

function backendObjection(path: string, target: string): string | undefined {
  if (target === SEAM) return undefined;
  if (!target.startsWith("backends/")) return "a backend sees the storage seam alone";
  const family = familyOf(target);
  return family === "shared" || family === familyOf(path) ? undefined : "backends do not know each other";
}

function packageObjection(path: string, specifier: string): string | undefined {
  const name = /^(?:npm:|jsr:)?\/?((?:@[^/@]+\/)?[^/@]+)/.exec(specifier)?.[1] ?? specifier;
  const family = path.startsWith("backends/") ? `backends/${familyOf(path)}` : "src";
  const own = ["src/auth", "src/testing"].find((folder) => path.startsWith(`${folder}/`));
  const part = own ?? (path in PACKAGES ? path : family);
  return PACKAGES[part]?.includes(name) ? undefined : `${part} may not name the package "${name}"`;
}

/** `src/tasks/record.ts` is in `tasks`. */
function folderOf(path: string): string {
  const [top, folder, file] = path.split("/");
  return top === "src" && file && folder ? folder : "";
}

/** `backends/redis_scripts.ts` belongs to `redis`, `backends/shared/retry.ts` to `shared`. */
function familyOf(path: string): string {
  const name = path.split("/")[1]?.replace(/\.ts$/, "") ?? "";
  return ["deno_kv", "dynamodb", "memory", "redis", "shared"].find((known) =>
    name === known || name.startsWith(`${known}_`)
  ) ?? name;
}
