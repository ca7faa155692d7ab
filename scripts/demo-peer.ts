// One side of a conversation of scripts/demo.ts, and an example: non-blocking TLS with the public interface alone. Both
// sides send a file and receive one, first the client, then the server, and say goodbye. What was seen is one line of
// JSON on stdout. Runs on Node, Deno and Bun.
//
// demo-peer.ts server --cert FILE --key FILE --file FILE --bytes N --version V      prints {"port":N} first
// demo-peer.ts client --port N --ca FILE --file FILE --bytes N --version V
import { readFileSync } from "node:fs";
import process from "node:process";
import { parseArgs } from "node:util";
import {
  engineVersion,
  type NonBlockingTransport,
  select,
  SSLContext,
  type SSLSocket,
  SSLWantReadError,
  SSLWantWriteError,
  type TLSVersion,
} from "wanttls";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    cert: { type: "string", default: "" },
    key: { type: "string", default: "" },
    ca: { type: "string", default: "" },
    port: { type: "string", default: "0" },
    file: { type: "string", default: "" },
    bytes: { type: "string", default: "0" },
    version: { type: "string", default: "TLSv1.3" },
  },
});

const name = "localhost";
const bytes = Number(values.bytes);
const version = values.version as TLSVersion;
const seen = { wantRead: 0, wantWrite: 0 };

try {
  if (positionals[0] === "server") await serve();
  else await connect();
} catch (error) {
  console.error(String(error));
  process.exitCode = 1;
}

async function connect(): Promise<void> {
  const context = SSLContext.client({ ca: readFileSync(values.ca), minVersion: version, maxVersion: version });
  const socket = context.wrapSocket(await connectTo(Number(values.port)), { serverHostname: name });
  await closing(socket, () => converse(socket, true));
}

async function serve(): Promise<void> {
  const identities = [{ cert: readFileSync(values.cert), key: readFileSync(values.key) }];
  const context = SSLContext.server({ identities, minVersion: version, maxVersion: version });
  const transport = await acceptOne((port) => console.log(JSON.stringify({ port })));
  const socket = context.wrapSocket(transport);
  await closing(socket, () => converse(socket, false));
}

/** Closes the socket when something went wrong, so that the peer hears of it and the process ends. */
async function closing(socket: SSLSocket, use: () => Promise<void>): Promise<void> {
  try {
    await use();
  } catch (error) {
    socket.close();
    throw error;
  }
}

async function converse(socket: SSLSocket, client: boolean): Promise<void> {
  const file = readFileSync(values.file);
  const begin = performance.now();
  await retry(socket, () => socket.doHandshake());
  const open = performance.now();
  if (client) await send(socket, file);
  const received = await receive(socket, bytes);
  if (!client) await send(socket, file);
  const end = performance.now();
  const transport = await retry(socket, () => socket.unwrap());
  transport.close();
  console.log(
    JSON.stringify({
      engine: engineVersion(),
      version: socket.version(),
      suite: socket.cipher()?.name,
      group: socket.group(),
      verified: socket.context.checkHostname ? socket.serverHostname : null,
      received: received.length,
      sha256: await sha256(received),
      handshakeMs: open - begin,
      transferMs: end - open,
      ...seen,
    }),
  );
}

async function send(socket: SSLSocket, data: Uint8Array): Promise<void> {
  for (let sent = 0; sent < data.length;) sent += await retry(socket, () => socket.send(data.subarray(sent)));
  await retry(socket, () => socket.flush());
}

async function receive(socket: SSLSocket, length: number): Promise<Uint8Array<ArrayBuffer>> {
  const data = new Uint8Array(length);
  for (let got = 0; got < length;) {
    const count = await retry(socket, () => socket.recvInto(data.subarray(got)));
    if (count === 0) throw new Error(`Cannot receive the file: the peer closed after ${got} of ${length} bytes`);
    got += count;
  }
  return data;
}

/** The classic loop: make the call, and when it would block, wait for what it asks for and make it again. */
async function retry<T>(socket: SSLSocket, call: () => T): Promise<T> {
  for (;;) {
    try {
      return call();
    } catch (error) {
      if (error instanceof SSLWantReadError) {
        seen.wantRead += 1;
        await select([socket], []);
      } else if (error instanceof SSLWantWriteError) {
        seen.wantWrite += 1;
        await select([], [socket]);
      } else throw error;
    }
  }
}

/** Connects with the sockets of the runtime that this is. */
async function connectTo(port: number): Promise<NonBlockingTransport> {
  const hostname = "127.0.0.1";
  if ("Deno" in globalThis) {
    const { fromDenoConn } = await import("wanttls/deno");
    return fromDenoConn(await Deno.connect({ hostname, port }));
  }
  if ("Bun" in globalThis) return (await import("wanttls/bun")).connectBun({ hostname, port });
  const net = await import("node:net");
  return (await import("wanttls/node")).fromNodeSocket(net.connect(port, hostname));
}

/** Listens on a free port, tells it, and answers the first connection. */
async function acceptOne(listening: (port: number) => void): Promise<NonBlockingTransport> {
  const hostname = "127.0.0.1";
  if ("Deno" in globalThis) {
    const { fromDenoConn } = await import("wanttls/deno");
    const listener = Deno.listen({ hostname, port: 0 });
    listening(listener.addr.port);
    const conn = await listener.accept();
    listener.close();
    return fromDenoConn(conn);
  }
  if ("Bun" in globalThis) {
    const { listenBun } = await import("wanttls/bun");
    return new Promise((resolve) => {
      const listener = listenBun({ hostname, port: 0 }, (transport) => {
        listener.stop();
        resolve(transport);
      });
      listening(listener.port);
    });
  }
  const net = await import("node:net");
  const { fromNodeSocket } = await import("wanttls/node");
  return new Promise((resolve) => {
    const server = net.createServer((socket) => {
      server.close();
      resolve(fromNodeSocket(socket));
    });
    server.listen(0, hostname, () => listening((server.address() as import("node:net").AddressInfo).port));
  });
}

async function sha256(data: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", data));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
