// Clients that break off, stall or talk nonsense, at every stage of a connection, again and again until the process is ended. What
// they get to hear is of no interest; what becomes of the server is.
import { once } from "node:events";
import { connect as connectTcp, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { certs } from "../../support/certs.ts";
import { content, headerOf } from "../message.ts";

/** A stall is this long, well beyond what the server puts up with. */
const stallMs = 10_000;

/** The beginning of a ClientHello that says it is long. */
const beginning = Uint8Array.of(22, 3, 1, 64, 0, 1, 0, 63, 252, 3, 3);

/** Says that it is a record of TLS, which nobody has encrypted. */
const unencrypted = Uint8Array.of(23, 3, 3, 0, 40, ...content(40));

const manners: readonly ((port: number) => Promise<unknown>)[] = [
  async (port) => silent(await tcp(port)),
  async (port) => silent((await tcp(port)).end()),
  async (port) => silent(write(await tcp(port), beginning)),
  async (port) => silent(write(await tcp(port), content(300))),
  async (port) => write(await tcp(port), beginning).resetAndDestroy(),
  async (port) => reset((await begun(port)).raw),
  async (port) => silent((await begun(port)).raw.pause()),
  async (port) => silent((await shaken(port)).raw),
  async (port) => reset((await halfSaid(port)).raw),
  async (port) => silent((await halfSaid(port)).raw.end()), // no close_notify before it
  async (port) => silent((await unread(port)).raw),
  async (port) => silent(write((await shaken(port)).raw, unencrypted)),
];

export function beRude(port: number, clients: number): void {
  for (let i = 0; i < clients; i++) void again(port, i);
}

async function again(port: number, first: number): Promise<void> {
  for (let nth = first; ; nth++) {
    await sleep(Math.random() * 200);
    await manners[nth % manners.length]!(port).catch(() => {}); // the server may cut us off at any time
  }
}

async function tcp(port: number): Promise<Socket> {
  const socket = connectTcp(port, "127.0.0.1").on("error", () => {});
  await once(socket, "connect");
  return socket;
}

function write(socket: Socket, bytes: Uint8Array): Socket {
  socket.write(bytes);
  return socket;
}

/** TLS, and the TCP below it. */
interface Layers {
  readonly raw: Socket;
  readonly secure: TLSSocket;
}

/** In its handshake: the ClientHello is on its way, the answer is not read yet. */
async function begun(port: number): Promise<Layers> {
  const raw = await tcp(port);
  const version = Math.random() < 0.5 ? "TLSv1.2" : "TLSv1.3";
  const limits = { minVersion: version, maxVersion: version } as const;
  const socket = Duplex.from({ readable: raw, writable: raw }).on("error", () => {});
  const secure = connectTls({ socket, servername: "localhost", ca: certs.root.cert, ...limits }) as TLSSocket;
  return { raw, secure: secure.on("error", () => {}) };
}

async function shaken(port: number): Promise<Layers> {
  const layers = await begun(port);
  await once(layers.secure, "secureConnect");
  return layers;
}

/** In the middle of a message. */
async function halfSaid(port: number): Promise<Layers> {
  const layers = await shaken(port);
  layers.secure.write(headerOf(200_000));
  await new Promise((resolve) => layers.secure.write(content(100_000), resolve));
  return layers;
}

/** Has much answered and reads none of it. */
async function unread(port: number): Promise<Layers> {
  const layers = await shaken(port);
  layers.raw.pause();
  layers.secure.write(headerOf(1_000_000));
  layers.secure.write(content(1_000_000));
  return layers;
}

async function reset(socket: Socket): Promise<void> {
  await sleep(Math.random() * 3);
  socket.resetAndDestroy();
}

async function silent(socket: Socket): Promise<void> {
  await sleep(stallMs * Math.random());
  socket.destroy();
}
