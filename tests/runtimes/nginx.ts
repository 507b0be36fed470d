/**
 * nginx before a server, set up as `docs/deploying.md` says.
 *
 * @module
 */
import type { Missing } from "../support/not_run.ts";
import { type Host, startHost } from "./host_process.ts";

const GUIDE = new URL("../../docs/deploying.md", import.meta.url);
/** Where Debian puts it, which is not on everybody's PATH. */
const PLACES = ["nginx", "/usr/sbin/nginx"];

/** What nginx is started with. */
export interface NginxSettings {
  readonly program: string;
  /** Folder for all that it writes. */
  readonly folder: string;
  /** The server behind it. */
  readonly behind: Host;
  readonly port: number;
}

/** The program, or what is missing. */
export async function findNginx(): Promise<string | Missing> {
  for (const program of PLACES) {
    const isThere = await new Deno.Command(program, { args: ["-v"], stdout: "null", stderr: "null" }).output()
      .then(({ success }) => success, () => false);
    if (isThere) return program;
  }
  return { reason: "no nginx on the PATH", command: "apt install nginx-light" };
}

/** Starts nginx with the guide's `location`; ending it ends the server behind it as well. */
export async function startNginx({ program, folder, behind, port }: NginxSettings): Promise<Host> {
  const location = locationOfGuide(await Deno.readTextFile(GUIDE)).replace(
    "127.0.0.1:8000",
    new URL(behind.origin).host,
  );
  const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) =>
    `${name}_temp_path ${folder};`
  );
  const config = `${Deno.uid() === 0 ? "user root;" : ""}
daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log stderr;
events {}
http {
  access_log off;
  ${paths.join("\n  ")}
  server {
    listen 127.0.0.1:${port};
${location}
    # Not part of what is shown: how the cases reach the operator's page.
    location /recover { proxy_pass ${behind.origin}; }
  }
}
`;
  await Deno.writeTextFile(`${folder}/nginx.conf`, config);
  try {
    const nginx = await startHost({
      program,
      args: ["-p", folder, "-c", `${folder}/nginx.conf`],
      origin: `http://127.0.0.1:${port}`,
    });
    return {
      origin: nginx.origin,
      output: () => `${nginx.output()}\n${behind.output()}`,
      stop: async () => {
        await nginx.stop();
        await behind.stop();
      },
    };
  } catch (error) {
    await behind.stop();
    throw error;
  }
}

/** @throws {Error} If the guide shows no `location`. */
function locationOfGuide(guide: string): string {
  const [, location] = /```nginx\n([^`]*)```/.exec(guide) ?? [];
  if (location === undefined) {
    throw new Error("Cannot set nginx up: docs/deploying.md shows no configuration");
  }
  return location;
}
