/**
 * Lint rules that keep the published code free of one platform and of everything ambient.
 *
 * `neutral/no-ambient` forbids clocks, timers and randomness outside `src/runtime.ts`, where they are injected;
 * `neutral/no-platform` forbids what only some runtimes have. Both look at `src/`, `backends/` and `mod.ts` alone.
 *
 * @module
 */

const ROOT = decodeURIComponent(new URL("../../", import.meta.url).pathname);

/** Members of globals that read a clock, wait or draw random numbers. */
const AMBIENT_MEMBERS: Readonly<Record<string, readonly string[]>> = {
  AbortSignal: ["timeout"],
  Date: ["now"],
  Math: ["random"],
  crypto: ["getRandomValues", "randomUUID"],
  performance: ["mark", "measure", "now", "timeOrigin"],
};
const AMBIENT_GLOBALS = ["setImmediate", "setInterval", "setTimeout"];
const PLATFORM_GLOBALS = ["Buffer", "Bun", "Deno", "process", "require"];

/**
 * The files that may look for something of one runtime, on `globalThis` and through types of their own: the default
 * store is Deno's, and no runtime shares its name for the standard streams with all others.
 */
const LOOKS_FOR: Readonly<Record<string, readonly string[]>> = {
  "src/handler/process_pipe.ts": ["Deno", "process"],
  "src/server/default_backend.ts": ["Deno"],
};
/** The one file that meets the ambient world. */
const RUNTIME = "src/runtime.ts";

/** The path below the repository's root of a file under these rules; `undefined` for any other. */
function governed(filename: string): string | undefined {
  const path = filename.startsWith(ROOT) ? filename.slice(ROOT.length) : filename;
  return path === "mod.ts" || path.startsWith("src/") || path.startsWith("backends/") ? path : undefined;
}

/** The name of a member access: `a.name`, `a["name"]`, `a?.name`. */
function memberName({ property, computed }: Deno.lint.MemberExpression): string | undefined {
  if (!computed) return property.type === "Identifier" ? property.name : undefined;
  return property.type === "Literal" && typeof property.value === "string" ? property.value : undefined;
}

/** The global an expression stands for: `Date`, or `globalThis.Date`, whatever type it is said to have. */
function globalName(node: Deno.lint.Node): string | undefined {
  if (
    node.type === "TSAsExpression" || node.type === "TSNonNullExpression" ||
    node.type === "TSSatisfiesExpression"
  ) {
    return globalName(node.expression);
  }
  if (node.type === "Identifier") return node.name;
  if (node.type === "MemberExpression" && globalName(node.object) === "globalThis") return memberName(node);
  return undefined;
}

/** Whether an identifier is a mere label here, such as a property's or a type member's name. */
function isLabel(node: Deno.lint.Identifier): boolean {
  const { parent } = node;
  switch (parent.type) {
    case "MemberExpression":
      return parent.property === node && !parent.computed;
    case "Property":
    case "PropertyDefinition":
    case "MethodDefinition":
    case "TSPropertySignature":
    case "TSMethodSignature":
      return parent.key === node && !parent.computed && !("shorthand" in parent && parent.shorthand);
    case "TSQualifiedName":
      return parent.right === node;
    case "ImportSpecifier":
    case "ExportSpecifier":
      return true;
    default:
      return false;
  }
}

const noAmbient: Deno.lint.Rule = {
  create(context) {
    const path = governed(context.filename);
    if (!path || path === RUNTIME) return {};
    const report = (node: Deno.lint.Node, what: string) =>
      context.report({ node, message: `${what} is ambient`, hint: "Take it from the injected Runtime." });
    return {
      MemberExpression(node) {
        const owner = globalName(node.object);
        const name = memberName(node);
        if (owner && name && AMBIENT_MEMBERS[owner]?.includes(name)) report(node, `${owner}.${name}`);
        if (owner === "globalThis" && name && AMBIENT_GLOBALS.includes(name)) report(node, name);
      },
      Identifier(node) {
        if (AMBIENT_GLOBALS.includes(node.name) && !isLabel(node)) report(node, node.name);
      },
      NewExpression(node) {
        if (globalName(node.callee) === "Date" && node.arguments.length === 0) report(node, "new Date()");
      },
      CallExpression(node) {
        if (globalName(node.callee) === "Date") report(node, "Date()");
      },
      VariableDeclarator(node) {
        const owner = node.id.type === "ObjectPattern" && node.init ? globalName(node.init) : undefined;
        if (owner && (AMBIENT_MEMBERS[owner] || owner === "globalThis")) report(node, `A part of ${owner}`);
      },
    };
  },
};

const noPlatform: Deno.lint.Rule = {
  create(context) {
    const path = governed(context.filename);
    if (!path) return {};
    const report = (node: Deno.lint.Node, what: string) =>
      context.report({
        node,
        message: `${what} exists on some runtimes only`,
        hint: "Use what every fetch runtime has.",
      });
    const checkSource = (node: Deno.lint.Node, source: unknown) => {
      if (typeof source === "string" && source.startsWith("node:")) report(node, `"${source}"`);
    };
    return {
      Identifier(node) {
        if (PLATFORM_GLOBALS.includes(node.name) && !isLabel(node)) report(node, node.name);
      },
      MemberExpression(node) {
        const name = globalName(node.object) === "globalThis" ? memberName(node) : undefined;
        if (name && PLATFORM_GLOBALS.includes(name) && !LOOKS_FOR[path]?.includes(name)) {
          report(node, `globalThis.${name}`);
        }
      },
      ImportDeclaration: (node) => checkSource(node, node.source.value),
      ExportAllDeclaration: (node) => checkSource(node, node.source.value),
      ExportNamedDeclaration: (node) => checkSource(node, node.source?.value),
      ImportExpression: (node) =>
        checkSource(node, node.source.type === "Literal" ? node.source.value : undefined),
    };
  },
};

const plugin: Deno.lint.Plugin = {
  name: "neutral",
  rules: { "no-ambient": noAmbient, "no-platform": noPlatform },
};

export default plugin;
