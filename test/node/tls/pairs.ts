// Servers and clients of node:tls and of its replacement, in all pairings. Knows no test.
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import nodeTls from "node:tls";
import { onTestFinished } from "vitest";
import ours from "../../../ts/node/tls/index.ts";
import { certs } from "../../support/certs.ts";

export const { chain: cert, key } = certs.localhost;
export const ca: string = certs.root.cert;

/** The part of node:tls that tests use, with the one form of `connect` on which the types of all runtimes agree. */
export type TlsModule = Omit<typeof nodeTls, "connect"> & {
  connect(options: nodeTls.ConnectionOptions, callback?: () => void): nodeTls.TLSSocket;
};

/** The replacement, with the types of the module that it replaces: what tests say must be right for both. */
export const replacement: TlsModule = ours as unknown as TlsModule;

/** Who serves whom; one of them at least is the replacement. */
export const pairs: readonly (readonly [name: string, server: TlsModule, client: TlsModule])[] = [
  ["our server, node:tls as client", replacement, nodeTls],
  ["node:tls as server, our client", nodeTls, replacement],
  ["our server, our client", replacement, replacement],
];

export const versions = ["TLSv1.2", "TLSv1.3"] as const;

/** A server that listens, and is closed with its connections when the test is over; answers its port. */
export async function listening(server: nodeTls.Server): Promise<number> {
  const sockets = new Set<nodeTls.TLSSocket>();
  server.on("secureConnection", (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
  });
  onTestFinished(async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

/** A client that the test need not end. */
export function connecting(tls: TlsModule, options: nodeTls.ConnectionOptions): nodeTls.TLSSocket {
  const socket = tls.connect({ host: "127.0.0.1", ca, servername: "localhost", ...options });
  onTestFinished(() => void socket.destroy());
  return socket;
}

/** A client whose handshake is over. */
export async function connected(tls: TlsModule, options: nodeTls.ConnectionOptions): Promise<nodeTls.TLSSocket> {
  const socket = connecting(tls, options);
  await once(socket, "secureConnect");
  return socket;
}

/** The error that comes next. */
export async function failureOf(socket: NodeJS.EventEmitter, event: string = "error"): Promise<NodeJS.ErrnoException> {
  return new Promise((resolve) => socket.once(event, resolve));
}

/** Everything that is read until the end. */
export async function readAll(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts).toString();
}
