// TLS libraries of other languages and runtimes, in both roles, with this runtime's own connect and listen.
import { expect } from "vitest";
import { SSLCertVerificationError, type SSLContext, SSLError, type TLSConnection } from "../../ts/index.ts";
import { type CertName, certPath, certs } from "../support/certs.ts";
import { identityOf, versions } from "../support/conversation.ts";
import type { ScriptOptions } from "../support/peers.ts";
import { interop, type Row, versionOf } from "./matrix.ts";
import { clientOf, connectTo, givePage, readUntil, refused, serverOf, serveWith } from "./ours.ts";
import { bun, deno, gnutls, go, java, node, openssl, python, type Stack } from "./stacks.ts";

interface Library {
  readonly program: string;
  readonly version: string;
  readonly stack: Stack;
  /** Its server asks for no certificates, its client shows none. */
  readonly anonymous?: boolean;
  /** What both of our sides have to be told. */
  readonly lax?: { readonly requireExtendedMasterSecret: false };
}

const libraries: readonly Library[] = [
  { program: "OpenSSL (s_server, s_client)", version: versionOf("openssl", ["version"]), stack: openssl },
  { program: "Python (ssl)", version: versionOf("python3"), stack: python },
  { program: "GnuTLS", version: versionOf("gnutls-cli"), stack: gnutls },
  {
    program: "Go (crypto/tls)",
    version: versionOf("go", ["version"]),
    stack: go,
    lax: { requireExtendedMasterSecret: false },
  }, // of Debian 12, too old for RFC 7627
  { program: "Java (JSSE)", version: versionOf("java"), stack: java },
  { program: "Node (node:tls)", version: versionOf("node_modules/.bin/node"), stack: node },
  {
    program: "Deno (Deno.listenTls, Deno.connectTls)",
    version: versionOf("node_modules/.bin/deno"),
    stack: deno,
    anonymous: true,
  },
  { program: "Bun (node:tls)", version: versionOf("node_modules/.bin/bun"), stack: bun },
];

for (const { stack, anonymous = false, lax, ...program } of libraries) {
  for (const tls of versions) {
    const server: Row = { ...program, role: "server", tls };
    const client: Row = { ...program, role: "client", tls };

    interop(server, "echoes what we say", async () => {
      await using peer = await stack.server({ version: tls });
      expect(await echoed(peer.port, clientOf(tls, lax))).toBe("turn 0\n");
    });

    interop(server, "is not trusted with an unknown certificate", async () => {
      await using peer = await stack.server({ version: tls, ...filesOf("unknownCa") });
      await expect(connectTo(peer.port, clientOf(tls, lax))).rejects.toThrow(SSLCertVerificationError);
    });

    interop(client, "has echoed what it says", async () => {
      await using ours = await serveWith(serverOf(tls, lax), serveFor(stack));
      await stack.client(ours.port, { version: tls, connections: 1 });
      expect(await ours.next()).toBeNull();
    });

    interop(client, "refuses our unknown certificate", async () => {
      await using ours = await serveWith(serverOf(tls, lax, "unknownCa"), serveFor(stack));
      await expect(stack.client(ours.port, { version: tls, connections: 1 })).rejects.toThrow();
    });

    if (anonymous) continue;

    interop(server, "takes our certificate, and refuses an unknown one", async () => {
      await using peer = await stack.server({ version: tls, verify: true });
      expect(await echoed(peer.port, clientOf(tls, { ...lax, identities: [identityOf("client")] }))).toBe("turn 0\n");
      const stranger = clientOf(tls, { ...lax, identities: [identityOf("clientUnknown")] });
      await expect(refused(peer.port, stranger)).rejects.toThrow(SSLError);
    });

    interop(client, "shows its certificate, and is refused with an unknown one", async () => {
      const context = serverOf(tls, { ...lax, ca: certs.root.cert, verifyMode: "required" });
      await using ours = await serveWith(context, serveFor(stack));
      await stack.client(ours.port, { version: tls, connections: 1, ...filesOf("client") });
      expect(await ours.next()).toBe("wanttls test client");
      const stranger = stack.client(ours.port, { version: tls, connections: 1, ...filesOf("clientUnknown") });
      await expect(stranger).rejects.toThrow();
      expect(await ours.next()).toBeInstanceOf(SSLCertVerificationError);
    });
  }
}

function filesOf(identity: CertName): Pick<ScriptOptions, "cert" | "key"> {
  return { cert: certPath(identity, "chain"), key: certPath(identity, "key") };
}

/** The echo of a line. The connection is over then: some of the servers have one at a time. */
async function echoed(port: number, context: SSLContext): Promise<string> {
  await using connection = await connectTo(port, context);
  await connection.write(new TextEncoder().encode("turn 0\n"));
  return await readUntil(connection, "\n");
}

function serveFor(stack: Stack): (connection: TLSConnection) => Promise<void> {
  return stack.asksForPage ? givePage : echo;
}

async function echo(connection: TLSConnection): Promise<void> {
  const into = new Uint8Array(16_384);
  for (let size: number | null; (size = await connection.read(into)) !== null;) {
    await connection.write(into.slice(0, size));
  }
}
