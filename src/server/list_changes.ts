/**
 * Changes of what the server lists, told to every stream that asked to hear of them. Per process.
 *
 * @module
 */

/** A list that changed. */
export type ListChange = "tools" | "prompts" | "resources";

/** Tells of changed lists. */
export class ListChanges {
  readonly #listeners = new Set<(change: ListChange) => void>();
  readonly #resourceListeners = new Set<(uri: string) => void>();

  /** Calls back at each change. Returns how to stop. */
  subscribe(listener: (change: ListChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Tells all listeners. */
  emit(change: ListChange): void {
    for (const listener of [...this.#listeners]) listener(change);
  }

  /** Calls back with the URI of each resource that changed. Returns how to stop. */
  subscribeToResources(listener: (uri: string) => void): () => void {
    this.#resourceListeners.add(listener);
    return () => this.#resourceListeners.delete(listener);
  }

  /** Tells all listeners that a resource changed. */
  emitResource(uri: string): void {
    for (const listener of [...this.#resourceListeners]) listener(uri);
  }
}
