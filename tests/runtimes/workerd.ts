/**
 * How workerd is told what to serve.
 *
 * @module
 */
import { type Host, startHost } from "./host_process.ts";

/** What the Worker is served with. */
export interface WorkerSettings {
  /** Program of workerd. */
  readonly program: string;
  /** Bundled Worker, in a folder that may be written to. */
  readonly bundle: string;
  readonly port: number;
  /** Texts that the Worker finds in its environment. */
  readonly bindings: Readonly<Record<string, string>>;
}

/** The newest behaviour that the tested version of workerd knows. */
const COMPATIBILITY_DATE = "2026-11-01";

/** Starts workerd with one Worker. */
export async function startWorkerd({ program, bundle, port, bindings }: WorkerSettings): Promise<Host> {
  const address = `127.0.0.1:${port}`;
  const folder = bundle.slice(0, bundle.lastIndexOf("/"));
  const config = `${folder}/worker-${port}.capnp`;
  const texts = Object.entries(bindings).map(([name, text]) => `(name = "${name}", text = "${text}")`);
  await Deno.writeTextFile(
    config,
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = (
      modules = [(name = "worker", esModule = embed "${bundle.slice(folder.length + 1)}")],
      compatibilityDate = "${COMPATIBILITY_DATE}",
      compatibilityFlags = ["enable_request_signal"],
      bindings = [${texts.join(", ")}],
    )),
    (name = "internet", network = (allow = ["private"])),
  ],
  sockets = [(name = "http", address = "${address}", http = (), service = "main")],
);
`,
  );
  return await startHost({ program, args: ["serve", config], origin: `http://${address}` });
}
