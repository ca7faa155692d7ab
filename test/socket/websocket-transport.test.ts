// TLS through a bridge that knows nothing of it: WebSocket frames on one side, a TCP connection on the other.
import { once } from "node:events";
import net from "node:net";
import { describe, expect, it } from "vitest";
import { type WebSocket as ServerSocket, WebSocketServer } from "ws";
import { fromNodeSocket } from "../../ts/node/transport.ts";
import { fromWebSocket, SSLEOFError, SSLSyscallError, startTls, type TLSConnection } from "../../ts/index.ts";
import { pattern } from "../support/conversation.ts";
import { contexts, readAll, versions } from "../stream/contexts.ts";

interface Bridge extends AsyncDisposable {
  readonly url: string;
  /** The TCP connection that the bridge makes for the next client. */
  readonly behind: Promise<net.Socket>;
}

/** Pours every frame into a TCP connection, and back, as websockify does. */
async function bridge(): Promise<Bridge> {
  const target = net.createServer({ allowHalfOpen: true });
  target.listen(0, "127.0.0.1");
  await once(target, "listening");
  const behind = once(target, "connection").then(([socket]) => socket as net.Socket);
  const front = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  await once(front, "listening");
  front.on("connection", (socket) =>
    pour(socket, net.connect((target.address() as net.AddressInfo).port, "127.0.0.1")),
  );
  return {
    url: `ws://127.0.0.1:${(front.address() as net.AddressInfo).port}`,
    behind,
    async [Symbol.asyncDispose]() {
      for (const client of front.clients) client.terminate();
      front.close();
      target.close();
    },
  };
}

function pour(socket: ServerSocket, tcp: net.Socket): void {
  socket.on("message", (bytes: Buffer) => tcp.write(bytes));
  socket.on("close", () => tcp.end());
  tcp.on("data", (bytes) => socket.send(bytes));
  tcp.on("close", () => socket.close());
  tcp.on("error", () => socket.terminate());
}

describe.each(versions)("fromWebSocket, %s", (version) => {
  async function through({ url, behind }: Bridge): Promise<[TLSConnection, TLSConnection]> {
    const { client, server } = contexts(version);
    return Promise.all([
      startTls(fromWebSocket(new WebSocket(url)), { context: client, serverHostname: "localhost" }),
      behind.then((socket) => startTls(fromNodeSocket(socket), { context: server })),
    ]);
  }

  it("carries data in both directions, above what is buffered at a time", async () => {
    await using between = await bridge();
    const [client, server] = await through(between);
    const bytes = pattern(1_500_000);
    const talk = async (tls: TLSConnection): Promise<Uint8Array> => {
      const reading = readAll(tls);
      await tls.write(bytes);
      await tls.closeWrite();
      return reading;
    };
    const [atClient, atServer] = await Promise.all([talk(client), talk(server)]);
    expect(Buffer.from(atClient).equals(bytes)).toBe(true);
    expect(Buffer.from(atServer).equals(bytes)).toBe(true);
    await Promise.all([client.close(), server.close()]);
  });

  it("B45 a bridge that closes without the peer's close_notify is a truncation", async () => {
    await using between = await bridge();
    const [client, server] = await through(between);
    await server.write(pattern(10));
    expect(await client.read(new Uint8Array(100))).toBe(10);
    server.socket.transport.shutdownWrite();
    server.socket.transport.close();
    await expect(client.read(new Uint8Array(100))).rejects.toThrow(SSLEOFError);
    await Promise.all([client.close(), server.close()]);
  });
});

it("rejects when there is no bridge, and when it speaks text", async () => {
  const { client } = contexts("TLSv1.3");
  const start = (url: string): Promise<TLSConnection> =>
    startTls(fromWebSocket(new WebSocket(url)), { context: client, serverHostname: "localhost" });
  await expect(start("ws://127.0.0.1:9")).rejects.toThrow(SSLSyscallError);
  const front = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  await once(front, "listening");
  front.on("connection", (socket) => socket.send("hello"));
  await expect(start(`ws://127.0.0.1:${(front.address() as net.AddressInfo).port}`)).rejects.toThrow(
    "Cannot use the WebSocket: the peer sends text",
  );
  for (const socket of front.clients) socket.terminate();
  front.close();
});
