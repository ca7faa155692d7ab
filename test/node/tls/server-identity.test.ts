// Whether a certificate is the one of the host is found out once, and is as true as ever for other hosts and other certificates.
import { X509Certificate } from "node:crypto";
import nodeTls, { type ConnectionOptions } from "node:tls";
import { describe, expect, it, vi } from "vitest";
import { KnownServers, checkNames } from "../../../ts/node/tls/server-identity.ts";
import { certs } from "../../support/certs.ts";
import { ca, cert, connected, connecting, failureOf, key, listening, replacement, versions } from "./pairs.ts";

const der = (pem: string): Uint8Array => new X509Certificate(pem).raw;
const nobody = (): readonly Uint8Array[] => [];

/** How many certificates were made objects for checkServerIdentity in one connection. */
async function shown(options: ConnectionOptions): Promise<number> {
  const showing = vi.spyOn(X509Certificate.prototype, "toLegacyObject");
  try {
    (await connected(replacement, options)).destroy();
    return showing.mock.calls.length;
  } finally {
    showing.mockRestore();
  }
}

describe.each(versions)("a client of %s", (maxVersion) => {
  it.each([true, false])(
    "compares the names of a server once for its context (rejectUnauthorized: %s)",
    async (reject) => {
      const port = await listening(nodeTls.createServer({ cert, key, maxVersion }));
      const options = { port, rejectUnauthorized: reject, secureContext: replacement.createSecureContext({ ca }) };
      expect(await shown(options)).toBeGreaterThan(0);
      expect(await shown(options)).toBe(0);
    },
  );

  it("refuses other hosts with a certificate that was good for one, and another certificate for that", async () => {
    const secureContext = replacement.createSecureContext({ ca });
    const port = await listening(nodeTls.createServer({ cert, key, maxVersion }));
    const { chain, key: own } = certs.otherHost;
    const other = await listening(nodeTls.createServer({ cert: chain, key: own, maxVersion }));
    (await connected(replacement, { port, secureContext })).destroy();
    for (const options of [{ port, servername: "other.example" }, { port: other }]) {
      const failure = await failureOf(connecting(replacement, { ...options, secureContext }));
      expect(failure).toMatchObject({ code: "ERR_TLS_CERT_ALTNAME_INVALID", cert: { issuerCertificate: {} } });
    }
  });

  it("asks the program's own checkServerIdentity for each connection, with the issuers", async () => {
    const port = await listening(nodeTls.createServer({ cert, key, maxVersion }));
    const secureContext = replacement.createSecureContext({ ca });
    const asked: unknown[] = [];
    const checkServerIdentity = (host: string, shownOne: nodeTls.PeerCertificate): undefined =>
      void asked.push(host, (shownOne as nodeTls.DetailedPeerCertificate).issuerCertificate.subject.CN);
    const issuer = new X509Certificate(ca).toLegacyObject().subject.CN;
    for (let i = 0; i < 2; i++) (await connected(replacement, { port, secureContext, checkServerIdentity })).destroy();
    expect(asked).toEqual(["localhost", issuer, "localhost", issuer]);
  });
});

describe("what is remembered", () => {
  const chain = [der(cert)];

  it("is of Node's own function only, and no complaint", () => {
    const servers = new KnownServers();
    const own = vi.fn<typeof checkNames>(() => undefined);
    for (let i = 0; i < 2; i++) servers.complaint(own, "localhost", chain, nobody);
    expect(own).toHaveBeenCalledTimes(2);
    for (let i = 0; i < 2; i++)
      expect(servers.complaint(checkNames, "other.example", chain, nobody)).toBeInstanceOf(Error);
  });

  it("is the whole chain: the same certificate with others is looked at again", () => {
    const servers = new KnownServers();
    const showing = vi.spyOn(X509Certificate.prototype, "toLegacyObject");
    const asked = (...presented: Uint8Array[]): boolean => {
      showing.mockClear();
      servers.complaint(checkNames, "localhost", presented, nobody);
      return showing.mock.calls.length > 0;
    };
    const [leaf] = chain;
    const root = der(ca);
    expect([asked(leaf!), asked(leaf!), asked(leaf!, root), asked(leaf!, root), asked(leaf!)]).toEqual([
      true,
      false,
      true,
      false,
      true,
    ]);
    showing.mockRestore();
  });

  it("is bounded", () => {
    const servers = new KnownServers();
    const { chain: wildcard } = certs.wildcard;
    const showing = vi.spyOn(X509Certificate.prototype, "toLegacyObject");
    const ask = (i: number): void => void servers.complaint(checkNames, `h${i}.wild.example`, [der(wildcard)], nobody);
    for (let i = 0; i <= 64; i++) ask(i);
    const before = showing.mock.calls.length;
    ask(64);
    expect(showing.mock.calls.length).toBe(before);
    ask(0);
    expect(showing.mock.calls.length).toBe(before + 1);
    showing.mockRestore();
  });
});
