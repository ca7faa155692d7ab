// What the other side does: the orders of peer.ts. Its own speed is never a figure.
import { once } from "node:events";
import type { AddressInfo, Server } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { connect, createServer, type TLSSocket } from "node:tls";
import { obeyOrders } from "../support/obedient.ts";
import type { Answer, Order } from "./peer.ts";
import { payload } from "./payload.ts";
import { wanttlsServer } from "./peer-wanttls.ts";
import { address, certificatesFor, serverName, type Setup } from "./setup.ts";

const sessions = new Map<number, Buffer>();
const held: TLSSocket[] = [];
/** How many connections that will be held are opened at once: a server may let each wait for an acknowledgement. */
const atOnce = 8;

await obeyOrders(obey);

async function obey(order: Order): Promise<Answer> {
  if (order.do === "serve") {
    const server = order.by === "wanttls" ? wanttlsServer(order.setup) : tlsServer(order.setup);
    return listening(server);
  }
  if (order.do === "shake") for (let i = 0; i < order.count; i++) await shake(order.setup, order.port, order.resumed);
  else if (order.do === "hold")
    for (let left = order.count; left > 0; left -= atOnce) await hold(order.setup, order.port, Math.min(left, atOnce));
  return null;
}

function tlsServer(setup: Setup): Server {
  const { chain, key } = certificatesFor(setup);
  return createServer({ ...limits(setup), cert: chain, key }, (socket) => {
    socket.on("error", () => {}); // a client that leaves in the middle is no matter
    socket.write("!");
    let owed = 0;
    const taken = (count: number): void => {
      owed -= count;
      if (owed === 0) socket.write("!");
    };
    socket.on("data", (chunk: Buffer) => {
      if (owed > 0) {
        taken(chunk.length);
        return;
      }
      const end = chunk.indexOf("\n"); // an order comes whole, perhaps with what it announces
      const [what, count] = chunk.toString("latin1", 0, end).split(" ");
      if (what === "send") void sendPayloads(socket, Number(count));
      else {
        owed = Number(count);
        taken(chunk.length - end - 1);
      }
    });
  });
}

async function sendPayloads(socket: TLSSocket, count: number): Promise<void> {
  for (let i = 0; i < count; i++) if (!socket.write(payload)) await once(socket, "drain");
}

async function shake(setup: Setup, port: number, resumed: boolean): Promise<void> {
  const session = resumed ? sessions.get(port) : undefined;
  const socket = await greeted(setup, port, session);
  if (socket.isSessionReused() !== (session !== undefined)) throw new Error("it does not resume");
  if (resumed && session === undefined) await until(() => sessions.has(port), "it gives no session to resume");
  socket.end();
}

async function hold(setup: Setup, port: number, count: number): Promise<void> {
  held.push(...(await Promise.all(Array.from({ length: count }, () => greeted(setup, port)))));
}

/** A connection on which the server's first byte has come. */
async function greeted(setup: Setup, port: number, session?: Buffer): Promise<TLSSocket> {
  const { ca } = certificatesFor(setup);
  const common = { host: address, port, servername: serverName, ca, ...limits(setup) };
  const socket = connect(session === undefined ? common : { ...common, session }) as TLSSocket; // Bun's types declare it over again
  socket.on("session", (latest: Buffer) => sessions.set(port, latest));
  await once(socket, "data");
  socket.on("error", () => {}); // the server may leave first
  return socket;
}

function limits(setup: Setup): object {
  const version = setup.legacy ?? setup.version;
  return { minVersion: version, maxVersion: version, ciphers: setup.suite, ecdhCurve: "X25519:P-256" };
}

async function until(condition: () => boolean, otherwise: string): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    if (tries > 500) throw new Error(otherwise);
    await sleep(10);
  }
}

async function listening(server: Server): Promise<number> {
  server.listen(0, address, 2048);
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}
