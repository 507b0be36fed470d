import { Redis } from "ioredis";

const PATIENCE_MS = 60_000;

/** Asks a server something on a connection of its own. */
export async function connectRedis<T>(port: number, ask: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis({ host: "127.0.0.1", port });
  client.on("error", () => {});
  try {
    return await ask(client);
  } finally {
    client.disconnect();
  }
}

/** Waits for something outside this process to become true. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!await holds()) {
    if (performance.now() > end) throw new Error("Cannot wait any longer: it has not become true");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
