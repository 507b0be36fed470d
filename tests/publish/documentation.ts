/**
 * Reads what `deno doc --json` prints.
 *
 * @module
 */

/** An entry point and what it exports. */
export interface DocumentedModule {
  /** Relative to the repository. */
  readonly path: string;
  /** Text of the module doc; empty without one. */
  readonly moduleDoc: string;
  readonly symbols: readonly DocumentedSymbol[];
}

/** An exported symbol. */
export interface DocumentedSymbol {
  readonly name: string;
  /** Text of its docs, of any of its declarations; empty without one. */
  readonly doc: string;
}

interface DocJson {
  readonly nodes: Readonly<
    Record<string, {
      readonly module_doc?: { readonly doc?: string };
      readonly symbols: readonly {
        readonly name: string;
        readonly declarations: readonly {
          readonly declarationKind: string;
          readonly kind?: string;
          readonly jsDoc?: { readonly doc?: string };
        }[];
      }[];
    }>
  >;
}

/**
 * Modules in the order printed; `root` is cut from their addresses. What a module only passes on from another entry
 * point is left out: it is documented there.
 */
export function modulesOf(printed: unknown, root: string): DocumentedModule[] {
  return Object.entries((printed as DocJson).nodes).map(([url, { module_doc, symbols }]) => ({
    path: url.startsWith(root) ? url.slice(root.length) : url,
    moduleDoc: module_doc?.doc ?? "",
    symbols: symbols
      .map(({ name, declarations }) => ({
        name,
        declarations: declarations.filter(({ declarationKind, kind }) =>
          declarationKind === "export" && kind !== "reference"
        ),
      }))
      .filter(({ declarations }) => declarations.length > 0)
      .map(({ name, declarations }) => ({
        name,
        doc: declarations.map(({ jsDoc }) => jsDoc?.doc ?? "").find((doc) => doc !== "") ?? "",
      })),
  }));
}

/** Names of the exported symbols without docs, each behind its module's path. */
export function undocumented({ path, symbols }: DocumentedModule): string[] {
  return symbols.filter(({ doc }) => doc.trim() === "").map(({ name }) => `${path}: ${name}`);
}
