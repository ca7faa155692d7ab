// Decisions of the application that take their time, while OpenSSL, Node and Python wait at the other end of a TCP connection.
import { afterEach, expect, test } from "vitest";
import { type ServerOptions, SSLContext, SSLError, type SSLSocket, virtualHosts } from "../../ts/index.ts";
import { recvAll, versions } from "../socket/tls.ts";
import { type CertName, certPath, certs } from "../support/certs.ts";
import {
  nodeClient,
  opensslClient,
  opensslServer,
  type Peer,
  type PeerOptions,
  pythonClient,
} from "../support/peers.ts";
import { join, serve } from "./turns.ts";

const contexts: SSLContext[] = [];
afterEach(() => {
  for (const context of contexts.splice(0)) context.dispose();
});

function serverContext(name: CertName, options: Partial<ServerOptions> = {}): SSLContext {
  const context = SSLContext.server({ identities: [identity(name)], ...options });
  contexts.push(context);
  return context;
}

function identity(name: CertName): { cert: string; key: string } {
  return { cert: certs[name].chain, key: certs[name].key };
}

async function later<T>(value: T): Promise<T> {
  await new Promise((resolve) => setTimeout(resolve, 20));
  return value;
}

interface Client {
  readonly name: string;
  connect(port: number, options: PeerOptions): Peer;
  /** What it says once it has connected and got its echo. */
  alpn(peer: Peer): Promise<string | null>;
  /** What it says when it was refused. */
  refused(peer: Peer): Promise<unknown>;
}

const clients: readonly Client[] = [
  {
    name: "openssl s_client",
    connect: opensslClient,
    alpn: async (peer) => {
      const found = await peer.waitFor(/ALPN protocol: (\S+)/);
      peer.write("hello\n");
      await peer.waitFor(/hello/);
      peer.endInput();
      return found[1]!;
    },
    refused: async (peer) => (await peer.waitFor(/(access denied|unrecognized name)/i))[1]!.toLowerCase(),
  },
  ...[
    { name: "node:tls", connect: nodeClient },
    { name: "Python", connect: pythonClient },
  ].map(({ name, connect }) => ({
    name,
    connect: (port: number, options: PeerOptions) => connect(port, { ...options, bytes: 1000 }),
    alpn: async (peer: Peer) => {
      await peer.event("done");
      return (await peer.event("connected")).alpn;
    },
    refused: async (peer: Peer) =>
      /access.denied|unrecognized.name/i
        .exec(JSON.stringify(await peer.event("failed")))![0]
        .toLowerCase()
        .replace("_", " "),
  })),
];

const mutual = { verifyMode: "required", ca: certs.root.cert } as const;
const presenting = { cert: certPath("client", "cert"), key: certPath("client", "key") };

for (const version of versions) {
  for (const client of clients) {
    test(`S33 ${client.name} waits while context, protocol and trust are decided on, ${version}`, async () => {
      const told: unknown[] = [];
      const chosen = serverContext("localhost", {
        ...mutual,
        selectAlpn: async (offered) => later(offered.at(-1)!),
        verify: async ({ verified }) => {
          told.push(await later(verified?.length));
        },
      });
      const hosts = virtualHosts({ localhost: chosen });
      const listening = serverContext("otherHost", { selectContext: async (hello) => later(await hosts(hello)) });
      const look = ({ context }: SSLSocket): boolean => context === chosen;
      const { port, seen } = await serve([listening], look);
      await using peer = client.connect(port, { version, alpn: ["http/1.1", "h2"], ...presenting });
      expect(await client.alpn(peer)).toBe("h2");
      expect(await seen).toEqual([true]);
      expect(told).toEqual([2]);
    });

    test(`B30 ${client.name} is told why, when it is refused later, ${version}`, async () => {
      const refuse = async (alert: number): Promise<never> => {
        throw Object.assign(await later(new Error("no")), { alert });
      };
      for (const [options, told] of [
        [{ selectContext: () => refuse(112) }, "unrecognized name"],
        [{ sniCallback: () => later(112) }, "unrecognized name"],
        [{ ...mutual, verify: () => refuse(49) }, "access denied"],
      ] as [Partial<ServerOptions>, string][]) {
        const { port, seen } = await serve([serverContext("localhost", options)], () => true);
        const ended = seen.catch((error: unknown) => error);
        await using peer = client.connect(port, { version, ...presenting });
        expect(await client.refused(peer)).toBe(told);
        expect(await ended).toBeInstanceOf(SSLError);
      }
    });
  }

  test(`B23 openssl s_server gets our certificate after our hook has spoken, ${version}`, async () => {
    await using server = await opensslServer({ version, verify: true, extra: ["-rev"] });
    let asked = 0;
    const verify = async (): Promise<void> => void (await later(asked++));
    const context = SSLContext.client({ ca: certs.root.cert, identities: [identity("client")], verify });
    contexts.push(context);
    await join(context, server.port, {}, async (tls) => {
      await tls.sendAll(new TextEncoder().encode("abc\n"));
      expect(new TextDecoder().decode(await recvAll(tls, 4))).toBe("cba\n");
      expect([asked, tls.version()]).toEqual([1, version]);
    });
  });
}
