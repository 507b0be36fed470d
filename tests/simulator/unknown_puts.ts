/**
 * Counts how puts of unknown outcome turn out, as far as it shows in what is read next.
 *
 * @module
 */
import type { PutCondition, RecordWrite, StoredRecord, Version } from "../../src/store/backend.ts";
import { type Engine, nameOf } from "./engine.ts";
import type { World } from "./world.ts";

interface Open {
  readonly version: Version;
  readonly before: Version | undefined;
  readonly hasLanded: boolean;
  readonly knowledge: "known" | "unknown" | "conflict";
}

/** Puts of one process whose outcome is open. */
export class UnknownPuts {
  readonly #world: World;
  readonly #open = new Map<string, Open>();

  constructor(world: World) {
    this.#world = world;
  }

  /** A put was answered by an error or a conflict. */
  open(
    write: RecordWrite,
    condition: PutCondition,
    version: Version,
    engine: Engine,
    knowledge: Open["knowledge"],
  ): void {
    if (write.key.kind !== "task") return;
    const before = "version" in condition ? condition.version : undefined;
    const hasLanded = engine.hasLanded(version);
    this.#open.set(nameOf(write.key), { version, before, hasLanded, knowledge });
  }

  /** A record was read. */
  seen(name: string, record: StoredRecord | undefined): void {
    const open = this.#open.get(name);
    if (open === undefined) return;
    this.#open.delete(name);
    this.#world.count(`unknown.${open.knowledge}.${how(open, record)}`);
  }
}

function how(open: Open, record: StoredRecord | undefined): string {
  if (record?.version.startsWith(open.version)) return "found";
  if (record === undefined) return "gone";
  if (open.hasLanded) return "overwritten";
  return record.version === open.before ? "repeat" : "lost";
}
