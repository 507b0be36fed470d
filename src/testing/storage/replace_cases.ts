import { assertEquals } from "@std/assert";
import { bytes, type StorageCases, text } from "./kit.ts";

/** Every put states every index fact. */
export const replaceCases: StorageCases = {
  "clears a due time that is left out": async (kit) => {
    const version = await kit.create(kit.key(), { dueAt: 10 });
    await kit.replace(kit.key(), version);
    await kit.assertDue([]);
  },
  "sets a due time where there was none": async (kit) => {
    const version = await kit.create(kit.key());
    await kit.replace(kit.key(), version, { dueAt: 10 });
    await kit.assertDue(["one"]);
  },
  "moves a due time later": async (kit) => {
    const version = await kit.create(kit.key(), { dueAt: 10 });
    await kit.replace(kit.key(), version, { dueAt: 1000 });
    await kit.assertDue([], 1000);
    await kit.assertDue(["one"], 1001);
  },
  "moves a due time earlier": async (kit) => {
    const version = await kit.create(kit.key(), { dueAt: 1000 });
    await kit.replace(kit.key(), version, { dueAt: 10 });
    await kit.assertDue(["one"], 11);
    await kit.assertDue(["one"], 2000);
  },
  "keeps a due time that is stated again": async (kit) => {
    const version = await kit.create(kit.key(), { dueAt: 10 });
    await kit.replace(kit.key(), version, { dueAt: 10 });
    await kit.assertDue(["one"]);
  },
  "keeps a due time under another purge time": async (kit) => {
    const version = await kit.create(kit.key(), { dueAt: 10 });
    await kit.replace(kit.key(), version, { dueAt: 10, purgeAt: kit.later + 1000 });
    await kit.assertDue(["one"]);
    await kit.backend.delete([kit.key()]);
    await kit.assertDue([]);
  },
  "moves a due time through many values and leaves one entry": async (kit) => {
    let version = await kit.create(kit.key(), { dueAt: 1 });
    for (let dueAt = 2; dueAt <= 30; dueAt++) version = await kit.replace(kit.key(), version, { dueAt });
    await kit.assertDue([], 30);
    await kit.assertDue(["one"], 31);
  },
  "ends being active when it is left out": async (kit) => {
    const version = await kit.create(kit.key(), { active: true }, 9);
    await kit.assertActive(1);
    await kit.replace(kit.key(), version);
    await kit.assertActive(0);
  },
  "becomes active": async (kit) => {
    const version = await kit.create(kit.key());
    await kit.replace(kit.key(), version, { active: true });
    await kit.assertActive(1);
  },
  "counts once however often it is put as active": async (kit) => {
    let version = await kit.create(kit.key(), { active: true }, 9);
    for (let i = 0; i < 10; i++) version = await kit.replace(kit.key(), version, { active: true });
    await kit.assertActive(1);
  },
  "stays active under another purge time": async (kit) => {
    let version = await kit.create(kit.key(), { active: true }, 9);
    for (let i = 1; i < 4; i++) {
      version = await kit.replace(kit.key(), version, { active: true, purgeAt: kit.later + i * 1000 });
    }
    await kit.assertActive(1);
    await kit.replace(kit.key(), version);
    await kit.assertActive(0);
  },
  "turns active on and off and on": async (kit) => {
    let version = await kit.create(kit.key(), { active: true }, 9);
    for (const active of [false, true, false, true]) {
      version = await kit.replace(kit.key(), version, { active });
      await kit.assertActive(active ? 1 : 0);
    }
  },
  "drops the purge time that is left out": async (kit) => {
    const version = await kit.create(kit.key(), { active: true, dueAt: 10 }, 9);
    await kit.replace(kit.key(), version, { active: true, dueAt: 10, purgeAt: undefined });
    await kit.assertActive(1);
    await kit.assertDue(["one"]);
    assertEquals(text(await kit.get(kit.key())), "one");
  },
  "changes value, due time and activity in one put": async (kit) => {
    const version = await kit.create(kit.key(), { value: bytes("a"), dueAt: 10, active: true }, 9);
    await kit.replace(kit.key(), version, { value: bytes("b"), dueAt: 20 });
    assertEquals(text(await kit.get(kit.key())), "b");
    await kit.assertDue([], 20);
    await kit.assertDue(["one"], 21);
    await kit.assertActive(0);
  },
  "leaves other records of the owner alone": async (kit) => {
    await kit.create(kit.key("two"), { dueAt: 10, active: true }, 9);
    const version = await kit.create(kit.key("one"), { dueAt: 10, active: true }, 9);
    await kit.replace(kit.key("one"), version);
    await kit.assertDue(["two"]);
    await kit.assertActive(1);
  },
};
