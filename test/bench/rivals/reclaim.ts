// @reclaimprotocol/tls as the benchmark drives it, with its faster cryptography (WebCrypto), over a TCP socket.
import { once } from "node:events";
import net from "node:net";
import { type ClientSide, type Dialer, Inbox, type Link } from "../sockets/contender.ts";
import { address, certificatesFor, serverName, type Setup } from "../setup.ts";
import { load } from "./load.ts";
import type { Rival } from "./rival.ts";

interface Reclaim {
  readonly setCryptoImplementation: (crypto: unknown) => void;
  readonly makeTLSClient: (options: object) => Tls;
  readonly loadX509FromPem: (pem: string) => unknown;
}

interface Tls {
  readonly startHandshake: () => Promise<void>;
  readonly handleReceivedBytes: (data: Uint8Array) => void;
  readonly write: (data: Uint8Array) => Promise<void>;
}

export const reclaim: Rival = {
  name: "@reclaimprotocol/tls",
  about: "TypeScript over WebCrypto, with ChaCha20-Poly1305 in JavaScript",
  async load() {
    const { webcryptoCrypto } = await load<{ readonly webcryptoCrypto: unknown }>("@reclaimprotocol/tls/webcrypto");
    const module = await load<Reclaim>("@reclaimprotocol/tls");
    module.setCryptoImplementation(webcryptoCrypto);
    return sideOf(module);
  },
};

function sideOf(module: Reclaim): ClientSide {
  return { dialer: (setup) => dialerOf(module, setup) };
}

async function dialerOf({ makeTLSClient, loadX509FromPem }: Reclaim, setup: Setup): Promise<Dialer> {
  const rootCAs = [await loadX509FromPem(certificatesFor(setup).ca)];
  const dial = async (port: number): Promise<Link> => {
    const socket = net.connect({ host: address, port, noDelay: true });
    const inbox = new Inbox();
    const tls = makeTLSClient({
      host: serverName,
      verifyServerCertificate: true,
      rootCAs,
      logger: silent,
      cipherSuites: [suiteName(setup.suite)],
      namedCurves: ["X25519", "SECP256R1"],
      write({ header, content }: { readonly header: Uint8Array; readonly content: Uint8Array }) {
        socket.write(header);
        socket.write(content);
      },
      onApplicationData: (plaintext: Uint8Array) => inbox.arrived(plaintext),
      onTlsEnd: (error?: Error) => inbox.failed(error ?? new Error("the server has closed")),
    });
    socket.on("error", (error) => inbox.failed(error));
    socket.on("data", (chunk) => tls.handleReceivedBytes(chunk));
    await once(socket, "connect");
    await tls.startHandshake();
    await inbox.receive(1);
    return linkOf(tls, socket, inbox);
  };
  return { dial };
}

function linkOf(tls: Tls, socket: net.Socket, inbox: Inbox): Link {
  return {
    resumed: null,
    receive: (count, see) => inbox.receive(count, see),
    send: (bytes) => tls.write(bytes),
    close: () => void socket.end(),
  };
}

const silent = { info() {}, debug() {}, trace() {}, warn() {}, error() {} };

/** "TLS_AES_128_GCM_SHA256", whatever the version; it has no others that are needed here. */
function suiteName(suite: string): string {
  if (!suite.startsWith("TLS_")) throw new Error(`it is not driven with ${suite} here`);
  return suite;
}
