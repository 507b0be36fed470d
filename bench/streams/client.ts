/**
 * Opens idle event streams with raw sockets, and keeps them until a line comes on stdin.
 *
 * Arguments: port, number of streams, task id to listen to or `-`.
 *
 * @module
 */
const [port, count, taskId] = Deno.args as [string, string, string];
const encoder = new TextEncoder();

function request(): Uint8Array {
  const body = JSON.stringify({
    jsonrpc: "2.0",
    id: 1,
    method: "subscriptions/listen",
    params: {
      notifications: { taskIds: [taskId] },
      _meta: {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": { extensions: { "io.modelcontextprotocol/tasks": {} } },
      },
    },
  });
  return encoder.encode(
    `POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: application/json\r\n` +
      `Accept: application/json, text/event-stream\r\nMCP-Protocol-Version: 2026-07-28\r\n` +
      `Mcp-Method: subscriptions/listen\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
}

async function open(): Promise<Deno.TcpConn> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port: Number(port) });
  await connection.write(request());
  await connection.read(new Uint8Array(4096));
  return connection;
}

const connections: Deno.TcpConn[] = [];
while (connections.length < Number(count)) {
  connections.push(...await Promise.all(Array.from({ length: 50 }, open)));
}
console.log("open");
await Deno.stdin.read(new Uint8Array(16));
for (const connection of connections) connection.close();
