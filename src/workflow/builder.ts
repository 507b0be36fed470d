/**
 * Writing a workflow: one chain, in which a reference to an argument or binding that is not there does not compile.
 *
 * Every call gives a new builder; what was built before stays as it is.
 *
 * @module
 */
import type { JsonValue } from "../protocol/mod.ts";
import type {
  ArgumentCompleter,
  ArgumentSource,
  ArgumentType,
  ConstantSource,
  DataSource,
  OutputSource,
  VariableSource,
  WorkflowDefinition,
  WorkflowStep,
  WorkflowTaskOptions,
} from "./definition.ts";

/** Options of an argument. */
export interface WorkflowArgumentOptions {
  /** Whether the prompt cannot be had without it. @default {true} */
  readonly required?: boolean;
  /** What its text is read as: prompt arguments are texts on the wire. @default {"string"} */
  readonly type?: ArgumentType;
  /** Suggests values, best first. */
  readonly complete?: ArgumentCompleter;
}

/** What `registerWorkflow` takes: a definition, or the builder of one. */
export type WorkflowSource = WorkflowDefinition | { readonly build: () => WorkflowDefinition };

/**
 * Begins a workflow: a prompt whose steps the server runs as far as it can.
 *
 * @param name Name of the prompt, 1 to 256 characters.
 * @param description What it does, as the end of the sentence "I want to …".
 *
 * @example Two steps, the second with what the first gave
 * ```ts
 * import { argument, field, McpServer, workflow } from "@perdure/mcp-tasks";
 * import { memory } from "@perdure/mcp-tasks/memory";
 * import { z } from "zod";
 *
 * const server = new McpServer({ name: "pipeline", version: "1.0.0" }, {
 *   allowAnonymous: true,
 *   backend: memory(),
 * });
 * server.registerTool("fetch_rows", {
 *   inputSchema: z.object({ source: z.string() }),
 *   outputSchema: z.object({ rows: z.array(z.number()) }),
 * }, ({ source }) => ({ rows: [source.length] }));
 * server.registerTool("store_rows", {
 *   inputSchema: z.object({ rows: z.array(z.number()) }),
 * }, ({ rows }) => `${rows.length} stored`);
 *
 * server.registerWorkflow(
 *   workflow("data_pipeline", "copy the rows of a source into the warehouse")
 *     .argument("source", "Where the rows are")
 *     .step("fetch", "fetch_rows").arg("source", argument("source")).bind("fetched").retryable()
 *     .step("store", "store_rows").arg("rows", field("fetched", "rows")),
 * );
 * ```
 */
export function workflow(name: string, description: string): WorkflowBuilder {
  return new WorkflowBuilder({ name, description, arguments: [], steps: [] });
}

/** The value of a prompt argument. */
export function argument<const Name extends string>(name: Name): ArgumentSource<Name> {
  return { from: "argument", name };
}

/**
 * A value of yours. A text may name prompt arguments as `{name}`, which are put in once and as they are; `{{name}}`
 * stands for the text `{name}`. Do not build queries or commands this way: pass values to tools as arguments.
 */
export function constant(value: JsonValue): ConstantSource {
  return { from: "constant", value };
}

/** All that an earlier step gave: its structured content, or its text. `binding`: the name given with `bind`. */
export function output<const Binding extends string>(binding: Binding): OutputSource<Binding> {
  return { from: "output", binding };
}

/** A field of what an earlier step gave, such as `field("fetched", "rows.0.id")`. */
export function field<const Binding extends string>(binding: Binding, path: string): OutputSource<Binding> {
  return { from: "output", binding, path };
}

/** A variable that a tool of an earlier step set with `ctx.variables`, or a field of it. */
export function variable(name: string, path?: string): VariableSource {
  return path === undefined ? { from: "variable", name } : { from: "variable", name, path };
}

/** A workflow being written; `Args` and `Bound` are the names that can be referred to by now. */
export class WorkflowBuilder<Args extends string = never, Bound extends string = never> {
  readonly #definition: WorkflowDefinition;

  /** Goes on with a definition; begin with {@linkcode workflow}. */
  constructor(definition: WorkflowDefinition) {
    this.#definition = definition;
  }

  /** The workflow as data. Nothing is checked yet: `registerWorkflow` names all faults at once. */
  build(): WorkflowDefinition {
    return this.#definition;
  }

  /** A name for people. */
  title(title: string): WorkflowBuilder<Args, Bound> {
    return new WorkflowBuilder({ ...this.#definition, title });
  }

  /** Words to the client's model on the whole of it. May name arguments as `{name}`. */
  instructions(instructions: string): WorkflowBuilder<Args, Bound> {
    return new WorkflowBuilder({ ...this.#definition, instructions });
  }

  /** Scopes that callers need, beyond those of the tools it calls. */
  scopes(scopes: readonly string[]): WorkflowBuilder<Args, Bound> {
    return new WorkflowBuilder({ ...this.#definition, scopes });
  }

  /** Keeps the progress of each run as a task, which the client can continue and resume. */
  task(options: WorkflowTaskOptions = {}): WorkflowBuilder<Args, Bound> {
    return new WorkflowBuilder({ ...this.#definition, task: options });
  }

  /**
   * Adds an argument of the prompt, required unless said otherwise.
   *
   * @param name 1 to 64 of `A-Z a-z 0-9 _ -`, not beginning with a digit or `-`.
   */
  argument<const Name extends string>(
    name: Name,
    description: string,
    options: WorkflowArgumentOptions = {},
  ): WorkflowBuilder<Args | Name, Bound> {
    const { required = true, type = "string", complete } = options;
    const added = { name, description, required, type, ...(complete && { complete }) };
    const { arguments: others } = this.#definition;
    return new WorkflowBuilder({ ...this.#definition, arguments: [...others, added] });
  }

  /**
   * Adds a step; what follows in the chain, up to the next step, is said of this one.
   *
   * @param name Unlike that of any other step, 1 to 64 characters: letters, digits, spaces, `_ . : -`.
   * @param tool The tool to call. Absent: the step only reads resources.
   */
  step(name: string, tool?: string): StepBuilder<Args, Bound> {
    const added: WorkflowStep = {
      name,
      ...(tool === undefined ? {} : { tool }),
      args: [],
      resources: [],
      templateBindings: [],
      retryable: false,
    };
    return new StepBuilder({ ...this.#definition, steps: [...this.#definition.steps, added] });
  }
}

/** A workflow whose last step is being written; `Own` is the name that this step's output is bound to. */
export class StepBuilder<
  Args extends string = never,
  Bound extends string = never,
  Own extends string = never,
> extends WorkflowBuilder<Args, Bound | Own> {
  /** An argument of the step's tool, and where its value comes from. */
  arg(name: string, source: DataSource<Args, Bound>): StepBuilder<Args, Bound, Own> {
    return this.#with(({ args }) => ({ args: [...args, [name, source]] }));
  }

  /** Gives the step's output a name, by which later steps refer to it. */
  bind<const Name extends string>(binding: Name): StepBuilder<Args, Bound, Name> {
    return this.#with(() => ({ binding }));
  }

  /** What to keep in mind at this step, for the client's model. May name arguments as `{name}`. */
  guidance(guidance: string): StepBuilder<Args, Bound, Own> {
    return this.#with(() => ({ guidance }));
  }

  /**
   * A resource of this server to read for the step, before its tool is called; after it, if a placeholder of the URI is
   * bound to the step's own output.
   *
   * @param uri Absolute; may hold placeholders such as `{id}`, which {@linkcode StepBuilder.template} fills.
   */
  resource(uri: string): StepBuilder<Args, Bound, Own> {
    return this.#with(({ resources }) => ({ resources: [...resources, { uri }] }));
  }

  /** The value of a placeholder in the step's resource URIs. It becomes a part of one segment, percent-encoded. */
  template(name: string, source: DataSource<Args, Bound | Own>): StepBuilder<Args, Bound, Own> {
    return this.#with(({ templateBindings }) => ({
      templateBindings: [...templateBindings, [name, source]],
    }));
  }

  /** Lets the client try a failed call of this step again. */
  retryable(retryable: boolean = true): StepBuilder<Args, Bound, Own> {
    return this.#with(() => ({ retryable }));
  }

  #with<Name extends string = Own>(
    change: (step: WorkflowStep) => Partial<WorkflowStep>,
  ): StepBuilder<Args, Bound, Name> {
    const definition = this.build();
    const { steps } = definition;
    const last = steps.at(-1)!;
    return new StepBuilder({ ...definition, steps: [...steps.slice(0, -1), { ...last, ...change(last) }] });
  }
}
