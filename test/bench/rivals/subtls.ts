// subtls as the benchmark drives it: TLS 1.3 with P-256 and AES-128-GCM over a TCP socket.
import { once } from "node:events";
import net from "node:net";
import type { ClientSide, Dialer, Link } from "../sockets/contender.ts";
import { address, bulkSuites, certificatesFor, serverName, type Setup } from "../setup.ts";
import { load } from "./load.ts";
import type { Rival } from "./rival.ts";

interface Subtls {
  readonly startTls: (host: string, roots: unknown, read: Read, write: (data: Uint8Array) => void) => Promise<Tls>;
  readonly TrustedCert: { readonly databaseFromPEM: (pem: string) => Promise<unknown> };
  readonly SocketReadQueue: new (socket: net.Socket) => { read: Read };
}

/** The mode is that of the queue: to take, or to peek. */
type Read = (bytes: number, mode?: number) => Promise<Uint8Array | undefined>;

interface Tls {
  readonly read: () => Promise<Uint8Array | undefined>;
  readonly write: (data: Uint8Array) => Promise<void>;
}

export const subtls: Rival = {
  name: "subtls",
  about: "TypeScript over WebCrypto, TLS 1.3 with P-256 and AES-128-GCM only",
  load: async () => sideOf(await load<Subtls>("subtls")),
};

function sideOf(module: Subtls): ClientSide {
  return { dialer: (setup) => dialerOf(module, setup) };
}

async function dialerOf({ startTls, TrustedCert, SocketReadQueue }: Subtls, setup: Setup): Promise<Dialer> {
  if (setup.suite !== bulkSuites["AES-128-GCM"]) throw new Error("it has AES-128-GCM only");
  const roots = await TrustedCert.databaseFromPEM(certificatesFor(setup).ca);
  const dial = async (port: number): Promise<Link> => {
    const socket = net.connect({ host: address, port, noDelay: true });
    await once(socket, "connect");
    const queue = new SocketReadQueue(socket);
    const tls = await startTls(
      serverName,
      roots,
      (bytes, mode) => queue.read(bytes, mode),
      (data) => void socket.write(data),
    );
    const link = linkOf(tls, socket);
    await link.receive(1);
    return link;
  };
  return { dial };
}

function linkOf(tls: Tls, socket: net.Socket): Link {
  return {
    resumed: null,
    async receive(count, see) {
      for (let left = count; left > 0;) {
        const chunk = await tls.read();
        if (chunk === undefined) throw new Error("the server has closed");
        see?.(chunk);
        left -= chunk.length;
      }
    },
    send: (bytes) => tls.write(bytes),
    close: () => void socket.end(),
  };
}
