/**
 * Builds with a bug planted, to show that the simulator finds it.
 *
 * The sources are copied and changed in the copy: nothing in them knows of this. A change that no longer fits the
 * sources is an error, so that no planted bug is lost without notice.
 *
 * @module
 */

/** A change of the sources. */
export interface PlantedBug {
  readonly name: string;
  readonly changes: readonly {
    readonly file: string;
    readonly find: string;
    readonly replace: string;
  }[];
  /** A seed that finds it. */
  readonly seed: number;
}

/** Every bug that must be found. */
export const PLANTED_BUGS: readonly PlantedBug[] = [
  {
    name: "no epoch check",
    changes: [{
      file: "src/tasks/operations.ts",
      find: `isTerminal(head.status) || head.exec.epoch !== holder.epoch ||
    head.exec.leaseOwner !== holder.leaseOwner;`,
      replace: `isTerminal(head.status);`,
    }],
    seed: 241,
  },
  {
    name: "no mark check",
    changes: [{
      file: "src/store/head_writer.ts",
      find: "if (isMine || mutation.landed?.(fresh.head)) return { current: fresh };",
      replace: "void isMine;",
    }],
    seed: 710,
  },
  {
    name: "index facts not in the same put",
    changes: [{
      file: "src/store/head_writer.ts",
      find: "return await this.#backend.put(write, condition);",
      replace:
        `const first = await this.#backend.put({ ...write, dueAt: undefined, active: false }, condition);
      return first.ok ? await this.#backend.put(write, { version: first.version }) : first;`,
    }],
    seed: 800,
  },
  {
    name: "no expiry on read",
    changes: [{
      file: "src/store/head_writer.ts",
      find: "return isExpired(head, this.#runtime.now()) ? undefined : { head, version: record.version };",
      replace: "return { head, version: record.version };",
    }],
    seed: 786,
  },
  {
    name: "head published before its payloads",
    changes: [{
      file: "src/store/payloads.ts",
      find: "await Promise.all(\n      payloadKeys(scope",
      replace: "void Promise.all(\n      payloadKeys(scope",
    }],
    seed: 773,
  },
  {
    name: "park without the epoch step",
    changes: [{
      file: "src/tasks/operations.ts",
      find: `const exec = released(head.exec, "parked");`,
      replace: `const exec = { ...released(head.exec, "parked"), epoch: head.exec.epoch };`,
    }],
    seed: 800,
  },
  {
    name: "a key given away while its task is being made",
    changes: [{
      file: "src/store/create_once.ts",
      find: "const mayCome = now < record.createBy + this.#store.config.times.marginMs;",
      replace: "const mayCome = false;",
    }],
    seed: 94,
  },
  {
    name: "creates that outlive the time of their key",
    changes: [{
      file: "src/store/head_writer.ts",
      find: "Math.min(createBy, this.#runtime.now() + CREATE_DEADLINE_MS)",
      replace: "this.#runtime.now() + CREATE_DEADLINE_MS",
    }],
    seed: 1420,
  },
];

const ROOT = new URL("../../", import.meta.url);
const COPIED = ["src", "backends", "links", "tests/simulator", "tests/support/seeded_random.ts", "deno.lock"];

/** Copies the sources with a bug planted; returns the folder. */
export async function plant(bug: PlantedBug): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "planted-" });
  for (const path of COPIED) await copy(new URL(path, ROOT).pathname, `${folder}/${path}`);
  const config = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  const { imports, workspace, nodeModulesDir, unstable } = config;
  await Deno.writeTextFile(
    `${folder}/deno.json`,
    JSON.stringify({ imports, workspace, nodeModulesDir, unstable }),
  );
  for (const { file, find, replace } of bug.changes) {
    const path = `${folder}/${file}`;
    const text = await Deno.readTextFile(path);
    if (text.split(find).length !== 2) {
      throw new Error(`Cannot plant "${bug.name}": its place in ${file} is not there exactly once`);
    }
    await Deno.writeTextFile(path, text.replace(find, () => replace));
  }
  return folder;
}

/** Runs the simulator in such a copy. */
export async function simulateIn(
  folder: string,
  args: readonly string[],
): Promise<{ readonly code: number; readonly output: string }> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--cached-only", `${folder}/tests/simulator/main.ts`, ...args],
    cwd: folder,
    env: { NO_COLOR: "1" },
    stdout: "piped",
    stderr: "piped",
  });
  const { code, stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  return { code, output: decoder.decode(stdout) + decoder.decode(stderr) };
}

async function copy(from: string, to: string): Promise<void> {
  if (!(await Deno.stat(from)).isDirectory) {
    await Deno.mkdir(to.slice(0, to.lastIndexOf("/")), { recursive: true });
    return await Deno.copyFile(from, to);
  }
  await Deno.mkdir(to, { recursive: true });
  for await (const { name } of Deno.readDir(from)) await copy(`${from}/${name}`, `${to}/${name}`);
}

if (import.meta.main) {
  // Searches for seeds that find each bug; `deno run -A tests/simulator/planted.ts [schedules]`.
  for (const bug of PLANTED_BUGS) {
    const folder = await plant(bug);
    const { output } = await simulateIn(folder, [
      "--from",
      "1",
      "--schedules",
      Deno.args[0] ?? "2000",
      "--keep-going",
      "--no-shrink",
    ]);
    const found = output.split("\n").filter((line) => line.startsWith("seed "));
    const kinds = new Map<string, string>();
    for (const line of found) kinds.set(line.split(":")[1]!.trim(), line);
    console.log(`${bug.name}: ${found.length} seeds`);
    if (found.length === 0) console.log(output);
    for (const line of kinds.values()) console.log(`  ${line.slice(0, 160)}`);
    await Deno.remove(folder, { recursive: true });
  }
}
