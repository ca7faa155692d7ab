// What servers and clients choose: contexts by name, application protocols, sessions and their keys, pre-shared keys.
import { once } from "node:events";
import { constants, randomBytes } from "node:crypto";
import nodeTls from "node:tls";
import { describe, expect, it } from "vitest";
import { certs } from "../../support/certs.ts";
import {
  ca,
  cert,
  connected,
  connecting,
  failureOf,
  key,
  listening,
  pairs,
  replacement,
  versions,
  type TlsModule,
} from "./pairs.ts";

const other = { cert: certs.wildcard.chain, key: certs.wildcard.key };

/** The subject's alternative names of whoever answers to a name. */
async function answering(client: TlsModule, port: number, servername: string): Promise<string | undefined> {
  const socket = await connected(client, { port, servername, checkServerIdentity: () => undefined });
  return socket.getPeerX509Certificate()?.subjectAltName;
}

const names = (identity: { cert: string }): string =>
  new (process.getBuiltinModule("node:crypto").X509Certificate)(identity.cert).subjectAltName!;

describe.each(pairs)("%s", (_name, server, client) => {
  it("finds the context by addContext, where a star stands for one label", async () => {
    const serving = server.createServer({ cert, key });
    serving.addContext("*.example.com", other);
    const port = await listening(serving);
    expect(await answering(client, port, "a.example.com")).toBe(names(certs.wildcard));
    expect(await answering(client, port, "a.b.example.com")).toBe(names(certs.localhost));
    expect(await answering(client, port, "localhost")).toBe(names(certs.localhost));
  });

  it("finds the context by SNICallback, at once or later", async () => {
    const context = server.createSecureContext(other);
    const asked: string[] = [];
    const serving = server.createServer({
      cert,
      key,
      SNICallback(name, done) {
        asked.push(name);
        if (name === "now") done(null, context);
        else setImmediate(() => done(null, name === "later" ? context : undefined));
      },
    });
    const port = await listening(serving);
    expect(await answering(client, port, "now")).toBe(names(certs.wildcard));
    expect(await answering(client, port, "later")).toBe(names(certs.wildcard));
    expect(await answering(client, port, "never")).toBe(names(certs.localhost));
    expect(asked).toEqual(["now", "later", "never"]);
  });

  it("breaks off when SNICallback fails, and tells the server why", async () => {
    const refusal = new Error("nobody of that name");
    const serving = server.createServer({ cert, key, SNICallback: (_asked, done) => done(refusal) });
    const told = failureOf(serving, "tlsClientError");
    const socket = connecting(client, { port: await listening(serving) });
    const { code } = await failureOf(socket);
    expect(code).toBe("ECONNRESET");
    expect(await told).toBe(refusal);
  });

  it("agrees on the server's favourite protocol, on ALPNCallback's, or not at all", async () => {
    const list = server.createServer({ cert, key, ALPNProtocols: ["b", "a"] });
    const port = await listening(list);
    expect((await connected(client, { port, ALPNProtocols: ["a", "b"] })).alpnProtocol).toBe("b");
    expect((await connected(client, { port })).alpnProtocol).toBe(false);
    const refused = await failureOf(connecting(client, { port, ALPNProtocols: ["c"] }));
    expect(refused.code).toBe("ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL");
    const asked: unknown[] = [];
    const callback = server.createServer({
      cert,
      key,
      ALPNCallback: (offer) => {
        asked.push({ ...offer });
        return offer.protocols.at(-1);
      },
    });
    const another = await listening(callback);
    expect((await connected(client, { port: another, ALPNProtocols: ["a", "b"] })).alpnProtocol).toBe("b");
    expect(asked).toEqual([{ servername: "localhost", protocols: ["a", "b"] }]);
  });

  it("finds the key for an identity", async () => {
    const psk = randomBytes(32);
    const ciphers = "PSK-CHACHA20-POLY1305:ECDHE-PSK-CHACHA20-POLY1305";
    const seen: unknown[] = [];
    const serving = server.createServer({
      ciphers,
      maxVersion: "TLSv1.2",
      pskCallback(_socket, identity) {
        seen.push(identity);
        return psk;
      },
    });
    const port = await listening(serving);
    const socket = await connected(client, {
      port,
      ciphers,
      maxVersion: "TLSv1.2",
      checkServerIdentity: () => undefined,
      pskCallback: () => ({ psk, identity: "who" }),
    });
    expect(socket.getCipher().name).toMatch(/PSK-CHACHA20-POLY1305$/);
    expect(seen).toEqual(["who"]);
  });

  it.each(versions)("resumes a session of %s, also with ticket keys from elsewhere", async (maxVersion) => {
    const ticketKeys = randomBytes(48);
    const ports: number[] = [];
    for (let i = 0; i < 2; i++) {
      const serving = server.createServer({ cert, key, ticketKeys, maxVersion }, (socket) => socket.end("x"));
      expect(serving.getTicketKeys()).toEqual(ticketKeys);
      ports.push(await listening(serving));
    }
    const first = connecting(client, { port: ports[0]! });
    first.resume();
    const [session] = (await once(first, "session")) as [Buffer];
    const again = await connected(client, { port: ports[1]!, session });
    expect([again.isSessionReused(), again.authorized]).toEqual([true, true]);
    const stranger = await listening(server.createServer({ cert, key, maxVersion }));
    expect((await connected(client, { port: stranger, session })).isSessionReused()).toBe(false);
  });
});

describe("getSession", () => {
  it.each(versions)(
    "answers the bytes of the latest event, and others can resume by it when nobody listens (%s)",
    async (maxVersion) => {
      const port = await listening(nodeTls.createServer({ cert, key, maxVersion }, (socket) => socket.write("x")));
      const told: Buffer[] = [];
      const first = connecting(replacement, { port }).on("session", (session: Buffer) => void told.push(session));
      let before: Buffer | undefined; // in TLS 1.2 the session is there when the handshake is over, and is told then
      first.once("secureConnect", () => (before = first.getSession()));
      await once(first, "data");
      expect(first.getSession()).toEqual(told.at(-1));
      expect(before).toEqual(maxVersion === "TLSv1.2" ? told[0] : undefined);
      const silent = connecting(replacement, { port });
      await once(silent, "data");
      const again = await connected(replacement, { port, session: silent.getSession() });
      expect(again.isSessionReused()).toBe(true);
    },
  );
});

describe("the events newSession and resumeSession", () => {
  it("keep the sessions of clients without tickets where the application wants them", async () => {
    const kept = new Map<string, Buffer>();
    const serving = replacement.createServer({ cert, key, maxVersion: "TLSv1.2" }, (socket) => socket.end("x"));
    serving.on("newSession", (id: Buffer, data: Buffer, done: () => void) => {
      kept.set(id.toString("hex"), data);
      done();
    });
    serving.on("resumeSession", (id: Buffer, done: (error: null, data: Buffer | null) => void) => {
      setImmediate(() => done(null, kept.get(id.toString("hex")) ?? null));
    });
    const port = await listening(serving);
    const secureOptions = constants.SSL_OP_NO_TICKET;
    const first = connecting(nodeTls, { port, secureOptions });
    const [session] = (await once(first.resume(), "session")) as [Buffer];
    const again = await connected(nodeTls, { port, secureOptions, session });
    expect([kept.size, again.isSessionReused()]).toEqual([1, true]);
  });
});

describe("setSecureContext", () => {
  it("counts for connections from then on", async () => {
    const serving = replacement.createServer({ cert, key });
    const port = await listening(serving);
    expect(await answering(nodeTls, port, "localhost")).toBe(names(certs.localhost));
    serving.setSecureContext(other);
    expect(await answering(nodeTls, port, "localhost")).toBe(names(certs.wildcard));
  });
});

describe("setKeyCert", () => {
  it("presents another certificate when a callback of the server says so", async () => {
    const serving = replacement.createServer({
      cert,
      key,
      ALPNCallback(this: nodeTls.TLSSocket, { protocols }: { protocols: string[] }) {
        (this as unknown as { setKeyCert(context: object): void }).setKeyCert(other);
        return protocols[0];
      },
    } as nodeTls.TlsOptions);
    const socket = await connected(nodeTls, {
      port: await listening(serving),
      ALPNProtocols: ["acme"],
      checkServerIdentity: () => undefined,
    });
    expect(socket.getPeerX509Certificate()?.subjectAltName).toBe(names(certs.wildcard));
    expect(ca).toBeTruthy();
  });
});
