/**
 * A TCP proxy on loopback that can be cut, or keep the answers to itself.
 *
 * @module
 */

/** See the module. */
export interface CutProxy {
  readonly port: number;
  /** Ends all connections and refuses further ones. */
  cut(): void;
  /** Lets connections pass again. */
  mend(): void;
  /** Lets requests pass and answers vanish, on the connections that are open. */
  dropAnswers(): void;
  /** Ends the proxy. */
  close(): void;
}

/** Starts a proxy to a loopback port. */
export function startProxy(target: number): Promise<CutProxy> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const connections = new Set<{ readonly sockets: Deno.TcpConn[]; drops: boolean }>();
  let isCut = false;
  const end = () => {
    for (const { sockets } of connections) {
      for (const socket of sockets) {
        try {
          socket.close();
        } catch {
          // The other side was faster.
        }
      }
    }
    connections.clear();
  };
  const accept = async () => {
    for await (const client of listener) {
      if (isCut) {
        client.close();
        continue;
      }
      const server = await Deno.connect({ hostname: "127.0.0.1", port: target });
      const connection = { sockets: [client, server], drops: false };
      connections.add(connection);
      void pump(client, server, () => false);
      void pump(server, client, () => connection.drops);
    }
  };
  void accept();
  return Promise.resolve({
    port: listener.addr.port,
    cut() {
      isCut = true;
      end();
    },
    mend: () => void (isCut = false),
    dropAnswers() {
      for (const connection of connections) connection.drops = true;
    },
    close() {
      listener.close();
      end();
    },
  });
}

async function pump(from: Deno.TcpConn, to: Deno.TcpConn, drops: () => boolean): Promise<void> {
  const buffer = new Uint8Array(65536);
  try {
    while (true) {
      const count = await from.read(buffer);
      if (count === null) break;
      if (drops()) continue;
      for (let at = 0; at < count;) at += await to.write(buffer.subarray(at, count));
    }
    to.close();
  } catch {
    // One of the two is closed.
  }
}
