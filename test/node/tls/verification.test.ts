// Who is trusted: the replacement refuses whom node:tls refuses, with the same code, but before the handshake is over.
import { once } from "node:events";
import net from "node:net";
import { duplexPair } from "node:stream";
import nodeTls from "node:tls";
import { runInNewContext } from "node:vm";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { SSLContext, startTls } from "../../../ts/index.ts";
import { connect } from "../../../ts/node/stream.ts";
import { fromNodeSocket } from "../../../ts/node/transport.ts";
import { makeRoot, makeServer } from "../../support/certificate-factory.ts";
import { certs, type CertName } from "../../support/certs.ts";
import { element, oid, pem, sequence, set } from "../../support/der-writer.ts";
import { ca, cert, connected, connecting, failureOf, key, listening, replacement, versions } from "./pairs.ts";

const strangers: readonly CertName[] = ["expired", "notYetValid", "selfSigned", "unknownCa", "otherHost"];

describe.each(versions)("a client of %s", (version) => {
  it.each(strangers)("refuses %s with the code and the words of node:tls, and says why to the server", async (name) => {
    const { chain, key: own } = certs[name];
    const options = { cert: chain, key: own, maxVersion: version, minVersion: version };
    const theirs = await failureOf(connecting(nodeTls, { port: await listening(nodeTls.createServer(options)) }));
    const server = nodeTls.createServer(options);
    const alerted = failureOf(server, "tlsClientError");
    const mine = await failureOf(connecting(replacement, { port: await listening(server) }));
    // Newer editions of Node add advice about --use-system-ca, which would be of no use here.
    const [sentence] = theirs.message.split("; if the root CA");
    expect([mine.code, mine.message]).toEqual([theirs.code, sentence]);
    expect((await alerted).code).toMatch(/^ERR_SSL_.*ALERT/);
  });

  it.each(strangers)("lets %s in when it is told to, and says what is wrong", async (name) => {
    const { chain, key: own } = certs[name];
    const port = await listening(nodeTls.createServer({ cert: chain, key: own, maxVersion: version }));
    const theirs = await connected(nodeTls, { port, rejectUnauthorized: false });
    const mine = await connected(replacement, { port, rejectUnauthorized: false });
    expect([mine.authorized, mine.authorizationError]).toEqual([false, theirs.authorizationError]);
  });

  it("leaves the last word about the name to checkServerIdentity", async () => {
    const port = await listening(nodeTls.createServer({ cert, key, maxVersion: version }));
    const asked: unknown[] = [];
    const refusal = new Error("not this one");
    const options = {
      port,
      checkServerIdentity: (host: string, { subject }: nodeTls.PeerCertificate): Error => {
        asked.push(host, subject.CN);
        return refusal;
      },
    };
    expect(await failureOf(connecting(replacement, options))).toBe(refusal);
    expect(asked[0]).toBe("localhost");
  });

  it.each([undefined, null, 0, ""])(
    "lets nobody in whom node:tls refuses with rejectUnauthorized: %j",
    async (given) => {
      const { chain, key: own } = certs.selfSigned;
      const port = await listening(nodeTls.createServer({ cert: chain, key: own, maxVersion: version }));
      const options = { port, rejectUnauthorized: given as unknown as boolean };
      vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
      onTestFinished(() => void vi.unstubAllEnvs());
      const theirs = await failureOf(connecting(nodeTls, options));
      const mine = await failureOf(connecting(replacement, options));
      expect([mine.code, theirs.code]).toEqual(["DEPTH_ZERO_SELF_SIGNED_CERT", "DEPTH_ZERO_SELF_SIGNED_CERT"]);
    },
  );

  const complaints: readonly unknown[] = [
    "a text",
    Promise.resolve(),
    runInNewContext("Object.assign(new Error('of another realm'), { code: 'ELSEWHERE' })") as unknown,
  ];
  it.each(complaints)("refuses a server that checkServerIdentity answers anything about: %o", async (complaint) => {
    const port = await listening(nodeTls.createServer({ cert, key, maxVersion: version }));
    const options = { port, checkServerIdentity: () => complaint as Error };
    expect(await once(connecting(nodeTls, options), "error")).toEqual([complaint]);
    const mine = await failureOf(connecting(replacement, options));
    expect(mine).toBeInstanceOf(Error);
    expect(Object.keys(mine)).not.toContain("0");
    expect([mine.cause, mine.code]).toEqual([complaint, (complaint as NodeJS.ErrnoException).code]);
  });

  it("compares the host that it connects to when no server name is given", async () => {
    const port = await listening(nodeTls.createServer({ cert, key, maxVersion: version }));
    const socket = await connected(replacement, { port, servername: "", host: "localhost" });
    expect(socket.authorized).toBe(true);
    const { chain, key: own } = certs.otherHost;
    const other = await listening(nodeTls.createServer({ cert: chain, key: own, maxVersion: version }));
    const failure = await failureOf(connecting(replacement, { port: other, servername: "", host: "localhost" }));
    expect(failure.code).toBe("ERR_TLS_CERT_ALTNAME_INVALID");
  });
});

describe.each(versions)("a server of %s", (version) => {
  it("does not serve a client without a trusted certificate when it must have one", async () => {
    const server = replacement.createServer({ cert, key, ca, requestCert: true, maxVersion: version });
    let served = 0;
    server.on("secureConnection", () => served++);
    const port = await listening(server);
    const unknown = { cert: certs.clientUnknown.chain, key: certs.clientUnknown.key };
    const codes: unknown[] = [];
    for (const own of [{}, unknown]) {
      const failed = failureOf(server, "tlsClientError");
      connecting(nodeTls, { port, ...own }).on("error", () => {});
      codes.push((await failed).code);
    }
    expect(codes).toEqual(["ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE", "ECONNRESET"]);
    expect(served).toBe(0);
  });
});

describe.each([nodeTls, replacement])("a TLSSocket that is a server", (tls) => {
  it.each([true, 1, "yes"])("asks for a certificate with requestCert: %j", async (requestCert) => {
    const [left, right] = duplexPair();
    const options = { isServer: true, cert, key, ca, requestCert: requestCert as true, rejectUnauthorized: true };
    const server = new tls.TLSSocket(right, options);
    onTestFinished(() => void server.destroy());
    connecting(nodeTls, { socket: left }).on("error", () => {});
    expect((await failureOf(server)).code).toBe("ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE");
  });
});

/** The key and a certificate with a text of two-byte characters that ends in half of one: OpenSSL cannot read that. */
function unreadable(): { cert: string; key: string } {
  const subject = sequence(set(sequence(oid("2.5.4.3"), element(bmpString, Uint8Array.of(0, 65, 0)))));
  const { der, key: own } = makeServer(makeRoot("nobody's"), "localhost", { subject });
  return { cert: pem("CERTIFICATE", der), key: own.privateKey.export({ type: "pkcs8", format: "pem" }).toString() };
}
const bmpString = 30;

describe.each(versions)("a certificate of %s that node:tls cannot read", (version) => {
  it("ends the handshake of a client that accepts anybody", async () => {
    using context = SSLContext.server({ identities: [unreadable()] });
    const server = net.createServer((raw) => {
      startTls(fromNodeSocket(raw), { context }).then(
        (tls) => tls.close(),
        () => {},
      );
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const { port } = server.address() as net.AddressInfo;
    for (const client of [nodeTls, replacement]) {
      const socket = connecting(client, { port, rejectUnauthorized: false, maxVersion: version });
      expect((await failureOf(socket)).code).toMatch(/^ERR_SSL_(BMPSTRING_IS_WRONG_LENGTH|DECODE_ERROR)$/);
    }
  });

  it("ends that of a server that lets anybody in", async () => {
    using context = SSLContext.client({ identities: [unreadable()], verifyMode: "none" });
    for (const tls of [nodeTls, replacement]) {
      const options = { cert, key, requestCert: true, rejectUnauthorized: false, maxVersion: version };
      const server = tls.createServer(options, () => expect.unreachable("it was let in"));
      const refused = failureOf(server, "tlsClientError");
      const client = connect({ hostname: "127.0.0.1", port: await listening(server), context });
      client.then((connection) => connection.close()).catch(() => {});
      expect((await refused).code).toMatch(/^(ERR_SSL_BMPSTRING_IS_WRONG_LENGTH|ECONNRESET)$/);
      await client.catch(() => {});
    }
  });
});

describe("revocation and trust", () => {
  it("trusts what the process trusts by default when it is told nothing", async () => {
    const port = await listening(nodeTls.createServer({ cert, key }));
    const socket = replacement.connect({ port, host: "127.0.0.1", servername: "localhost" });
    expect((await failureOf(socket)).code).toBe("UNABLE_TO_VERIFY_LEAF_SIGNATURE");
  });

  it("completes the chain of a server out of its own trusted certificates", async () => {
    const { cert: leaf, key: own } = certs.viaIntermediate;
    const options = { cert: leaf, key: own, ca: [certs.intermediate.cert, ca] };
    const port = await listening(replacement.createServer(options));
    const socket = await connected(nodeTls, { port });
    expect(socket.authorized).toBe(true);
    socket.end();
    await once(socket.resume(), "close");
  });
});
