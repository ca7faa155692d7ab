// node-forge as the benchmark drives it. Its newest protocol is TLS 1.1, with RSA for the key exchange and AES-CBC.
import net from "node:net";
import { type ClientSide, type Dialer, Inbox, type Link } from "../sockets/contender.ts";
import { address, certificatesFor, isImpostor, serverName, type Setup } from "../setup.ts";
import { load } from "./load.ts";
import type { Rival } from "./rival.ts";

interface Forge {
  readonly pki: { readonly createCaStore: (pems: readonly string[]) => unknown };
  readonly tls: {
    readonly createConnection: (options: object) => Connection;
    readonly CipherSuites: Readonly<Record<string, unknown>>;
  };
  readonly util: { readonly createBuffer: (bytes: Uint8Array) => { readonly getBytes: () => string } };
}

interface Connection {
  readonly handshake: () => void;
  readonly process: (data: string) => void;
  readonly prepare: (data: string) => void;
  readonly tlsData: { readonly getBytes: () => string };
  readonly data: { readonly getBytes: () => string };
}

interface Certificate {
  readonly subject: { readonly getField: (name: string) => { readonly value: string } | null };
}

const legacy: Setup = { version: "TLSv1.2", legacy: "TLSv1.1", suite: "AES128-SHA:@SECLEVEL=0", key: "RSA-2048" };

export const forge: Rival = {
  name: "node-forge",
  about:
    "JavaScript; TLS 1.1 with RSA-2048 as the key exchange and AES-128-CBC with SHA-1, its newest; names are the application's business, which compares the common name here",
  setup: ({ key }) => ({ ...legacy, key: isImpostor(key) ? `${key}, RSA` : "RSA-2048" }),
  async load() {
    const { default: module } = await load<{ readonly default: Forge }>("node-forge");
    return sideOf(module);
  },
};

function sideOf(module: Forge): ClientSide {
  return { dialer: (setup) => dialerOf(module, setup) };
}

function dialerOf({ pki, tls, util }: Forge, setup: Setup): Dialer {
  const caStore = pki.createCaStore([certificatesFor(setup).ca]);
  const cipherSuites = [tls.CipherSuites["TLS_RSA_WITH_AES_128_CBC_SHA"]];
  const dial = async (port: number): Promise<Link> => {
    const socket = net.connect({ host: address, port, noDelay: true });
    const inbox = new Inbox();
    const connection = tls.createConnection({
      server: false,
      caStore,
      cipherSuites,
      virtualHost: serverName,
      verify: (_connection: Connection, verified: boolean | object, depth: number, chain: readonly Certificate[]) =>
        depth > 0 || isServer(chain[0]!) ? verified : { message: "it is another name" },
      connected: () => {},
      tlsDataReady: (self: Connection) => void socket.write(self.tlsData.getBytes(), "latin1"),
      dataReady: (self: Connection) => inbox.arrived(Buffer.from(self.data.getBytes(), "latin1")),
      closed: () => inbox.failed(new Error("the server has closed")),
      error: (_self: Connection, error: Error) => inbox.failed(new Error(error.message)),
    });
    socket.on("error", (error) => inbox.failed(error));
    socket.on("data", (chunk) => connection.process((chunk as Buffer).toString("latin1")));
    socket.on("connect", () => connection.handshake());
    await inbox.receive(1);
    return {
      resumed: null,
      receive: (count, see) => inbox.receive(count, see),
      send: (bytes) => Promise.resolve(connection.prepare(util.createBuffer(bytes).getBytes())),
      close: () => void socket.end(),
    };
  };
  return { dial };
}

/** As its documentation does it. */
function isServer({ subject }: Certificate): boolean {
  return subject.getField("CN")?.value === serverName;
}
