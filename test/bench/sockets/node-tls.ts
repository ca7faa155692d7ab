// node:tls, or what has its form, as the benchmark drives it over sockets.
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type {
  ConnectionOptions,
  createSecureContext,
  SecureContextOptions,
  Server,
  TlsOptions,
  TLSSocket,
} from "node:tls";
import { address, certificatesFor, serverName, type Setup } from "../setup.ts";
import { type Dialer, greeting, Inbox, type Link, type Listening, type Sides } from "./contender.ts";

/** The part of node:tls that is used here. */
export interface TlsModule {
  readonly connect: (options: ConnectionOptions) => TLSSocket;
  readonly createServer: (options: TlsOptions, listener: (socket: TLSSocket) => void) => Server;
  readonly createSecureContext: typeof createSecureContext;
}

export function nodeTls(tls: TlsModule): Sides {
  return {
    dialer: (setup, resume) => dialerOf(tls, setup, resume),
    listen: (setup) => listen(tls, setup),
  };
}

function dialerOf(tls: TlsModule, setup: Setup, resume: boolean): Dialer {
  const secureContext = tls.createSecureContext({ ...limits(setup), ca: certificatesFor(setup).ca });
  let session: Buffer | undefined;
  const dial = async (port: number): Promise<Link> => {
    const common = { host: address, port, servername: serverName, secureContext };
    const socket = tls.connect(session === undefined ? common : { ...common, session });
    const inbox = new Inbox();
    if (resume) socket.on("session", (latest: Buffer) => (session = latest));
    socket.on("error", (error: Error) => inbox.failed(error));
    socket.on("data", (chunk: Uint8Array) => inbox.arrived(chunk));
    await inbox.receive(1);
    return linkOf(socket, inbox);
  };
  return { dial };
}

function linkOf(socket: TLSSocket, inbox: Inbox): Link {
  return {
    resumed: socket.isSessionReused(),
    receive: (count, see) => inbox.receive(count, see),
    async send(bytes) {
      if (!socket.write(bytes)) await once(socket, "drain");
    },
    close: () => void socket.end(),
  };
}

async function listen(tls: TlsModule, setup: Setup): Promise<Listening> {
  const { chain, key } = certificatesFor(setup);
  const server = tls.createServer({ ...limits(setup), cert: chain, key }, (socket) => {
    socket.on("error", () => {}); // a client that leaves in the middle is no matter
    socket.resume();
    socket.write(greeting);
  });
  server.listen(0, address, 2048);
  await once(server, "listening");
  return { port: (server.address() as AddressInfo).port, close: () => void server.close() };
}

function limits(setup: Setup): SecureContextOptions {
  return { minVersion: setup.version, maxVersion: setup.version, ciphers: setup.suite, ecdhCurve: "X25519:P-256" };
}
