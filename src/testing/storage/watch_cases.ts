import { assert, assertEquals } from "@std/assert";
import { sleep } from "../../runtime.ts";
import { ids, type Kit, type StorageCases } from "./kit.ts";

const PATIENCE_MS = 10_000;
/** Latency is declared as typical; a busy machine may take many times that. */
const LATENCY_FACTOR = 20;

/** Hints of change. */
export const watchCases: StorageCases = {
  "end at once under a signal that has aborted": async (kit) => {
    const hints: void[] = [];
    for await (const hint of kit.backend.watch(kit.key(), AbortSignal.abort())) hints.push(hint);
    assertEquals(hints, []);
  },
  "end when the signal aborts": async (kit) => {
    const controller = new AbortController();
    const reading = drain(kit.backend.watch(kit.key(), controller.signal));
    controller.abort();
    assert(await within(kit, PATIENCE_MS, reading), "the watch did not end");
  },
  "end when the signal aborts between hints": async (kit) => {
    const controller = new AbortController();
    const watching = kit.backend.watch(kit.key(), controller.signal);
    await kit.create(kit.key());
    controller.abort();
    assert(await within(kit, PATIENCE_MS, drain(watching)), "the watch did not end");
  },
  "end when the reader stops": async (kit) => {
    const controller = new AbortController();
    const iterator = kit.backend.watch(kit.key(), controller.signal)[Symbol.asyncIterator]();
    assert(await within(kit, PATIENCE_MS, Promise.resolve(iterator.return?.())));
    await kit.create(kit.key());
    controller.abort();
  },
  "come after a put of the same client": {
    needs: ["hints"],
    run: async (kit) => {
      const version = await kit.create(kit.key());
      await assertHint(kit, kit.backend, async () => {
        await kit.replace(kit.key(), version);
      });
    },
  },
  "come for a record that is only then created": {
    needs: ["hints"],
    run: async (kit) => {
      await assertHint(kit, kit.backend, async () => {
        await kit.create(kit.key());
      });
    },
  },
  "come to all watchers of a record": {
    needs: ["hints"],
    run: async (kit) => {
      const controller = new AbortController();
      const hints = ids(3).map(() =>
        kit.backend.watch(kit.key(), controller.signal)[Symbol.asyncIterator]().next()
      );
      await assertHint(kit, kit.backend, async () => void await kit.create(kit.key()));
      assert(await within(kit, PATIENCE_MS, Promise.all(hints)), "a watcher got no hint");
      controller.abort();
    },
  },
  "come to another client within the declared latency": {
    needs: ["another", "hints"],
    run: async (kit) => {
      const other = await kit.fixture.another!();
      let version = await kit.create(kit.key());
      for (let i = 0; i < 3; i++) {
        await assertHint(kit, other, async () => {
          version = await kit.replace(kit.key(), version);
        });
      }
      await other.close();
    },
  },
  "do no harm to watchers of 30 other records": async (kit) => {
    const controller = new AbortController();
    const watching = ids(30).map((id) => drain(kit.backend.watch(kit.key(id), controller.signal)));
    for (const id of ids(30)) await kit.create(kit.key(id));
    controller.abort();
    assert(await within(kit, PATIENCE_MS, Promise.all(watching)), "the watches did not end");
  },
};

async function drain(hints: AsyncIterable<void>): Promise<void> {
  for await (const _ of hints);
}

/** Claims that a hint comes when `change` was made, within the latency the backend declares. */
async function assertHint(kit: Kit, backend: Kit["backend"], change: () => Promise<void>): Promise<void> {
  const controller = new AbortController();
  const hints = backend.watch(kit.key(), controller.signal)[Symbol.asyncIterator]();
  try {
    let hint = hints.next();
    // A watch may need a moment to reach the engine, and it may fire for nothing meanwhile.
    while (await within(kit, 200, hint)) hint = hints.next();
    await change();
    const latency = Math.max(1000, kit.traits.watchLatencyMs! * LATENCY_FACTOR);
    assert(await within(kit, latency, hint), `no hint within ${latency} ms`);
  } finally {
    controller.abort();
  }
}

/** Whether a promise resolves within a time. */
async function within(kit: Kit, ms: number, promise: Promise<unknown>): Promise<boolean> {
  const controller = new AbortController();
  const late = sleep(kit.runtime, ms, controller.signal).then(() => false, () => false);
  const result = await Promise.race([promise.then(() => true), late]);
  controller.abort();
  return result;
}
