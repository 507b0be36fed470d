/**
 * The server's workflows, by the names of their prompts.
 *
 * @module
 */
import { assertWorkflow, type WorkflowDefinition } from "../workflow/mod.ts";
import type { ToolRegistry } from "./tool_registry.ts";
import { toWorkflowTool } from "./workflow_host.ts";

/** Workflows by name. */
export class WorkflowRegistry {
  readonly #workflows = new Map<string, WorkflowDefinition>();

  /** A workflow by its name. */
  get(name: string): WorkflowDefinition | undefined {
    return this.#workflows.get(name);
  }

  /** Whether any of them has a task. */
  get hasTasks(): boolean {
    for (const { task } of this.#workflows.values()) if (task !== undefined) return true;
    return false;
  }

  /**
   * Makes sure that a workflow can be run with the tools that are there.
   *
   * @throws {InvalidWorkflowError} Naming every fault.
   */
  check(definition: WorkflowDefinition, tools: ToolRegistry): void {
    assertWorkflow(definition, (name) => {
      const tool = tools.get(name);
      return tool && toWorkflowTool(tool);
    });
  }

  /** Adds a workflow that was checked. */
  add(definition: WorkflowDefinition): void {
    this.#workflows.set(definition.name, definition);
  }
}
