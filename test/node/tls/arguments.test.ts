// What is said about arguments: the replacement throws what node:tls throws, by name, code and message.
import nodeTls from "node:tls";
import { describe, expect, it } from "vitest";
import tls, { type TLSSocket } from "../../../ts/node/tls/index.ts";
import { certs, keyForms, stranger } from "../../support/certs.ts";
import { cert, key, replacement, type TlsModule } from "./pairs.ts";

type Attempt = (module: TlsModule) => unknown;

function thrown(attempt: Attempt, module: TlsModule): unknown {
  try {
    attempt(module);
  } catch (error) {
    const { name, code, message } = error as NodeJS.ErrnoException;
    return { name, code, message };
  }
  return "nothing";
}

const wrong = (value: unknown): never => value as never;

const attempts: Readonly<Record<string, Attempt>> = {
  "ciphers of the wrong type": ({ createSecureContext }) => createSecureContext({ ciphers: wrong(1) }),
  "ciphers that nobody knows": ({ createSecureContext }) => createSecureContext({ ciphers: "no-such-cipher" }),
  "a passphrase of the wrong type": (module) => module.createSecureContext({ key, passphrase: wrong(1) }),
  "an ecdhCurve of the wrong type": (module) => module.createSecureContext({ ecdhCurve: wrong(1) }),
  "a key of the wrong type": (module) => module.createSecureContext({ key: wrong(true), cert }),
  "a certificate of the wrong type": (module) => module.createSecureContext({ cert: wrong({ pem: cert }) }),
  "an authority of the wrong type": (module) => module.createSecureContext({ ca: wrong([1]) }),
  "a key that does not fit": (module) => module.createSecureContext({ cert, key: stranger }),
  "a minVersion that nobody knows": (module) => module.createSecureContext({ minVersion: wrong("fhqwhgads") }),
  "a maxVersion that nobody knows": (module) => module.createSecureContext({ maxVersion: wrong("fhqwhgads") }),
  "a version beside a method": (module) =>
    module.createSecureContext({ minVersion: "TLSv1.2", secureProtocol: "TLSv1_2_method" }),
  "a method that nobody knows": (module) => module.createSecureContext({ secureProtocol: "blargh" }),
  "a method of SSLv3": (module) => module.createSecureContext({ secureProtocol: "SSLv3_method" }),
  "ticket keys that are too short": (module) => module.createServer({ ticketKeys: Buffer.alloc(0) }),
  "ticket keys of the wrong type": (module) => module.createServer({ ticketKeys: wrong("abcd") }),
  "a sessionTimeout of the wrong type": (module) => module.createServer({ sessionTimeout: wrong("abcd") }),
  "a handshakeTimeout of the wrong type": (module) => module.createServer({ handshakeTimeout: wrong("abcd") }),
  "options of the wrong type": (module) => module.createServer(wrong("options")),
  "an SNICallback of the wrong type": (module) => module.createServer({ SNICallback: wrong("fhqwhgads") }),
  "two ways to choose the protocol": (module) =>
    module.createServer({ ALPNProtocols: ["a"], ALPNCallback: () => undefined }),
  "a context without a name": (module) => module.createServer().addContext("", {}),
  "a minDHSize of the wrong type": (module) => module.connect({ port: 1, minDHSize: wrong("1024") }),
  "a checkServerIdentity of the wrong type": (module) =>
    module.connect({ port: 1, checkServerIdentity: wrong("fhqwhgads") }),
  "a protocol with a long name": (module) =>
    (module as unknown as { convertALPNProtocols(list: string[], out: object): void }).convertALPNProtocols(
      ["a".repeat(500)],
      {},
    ),
  "the name of a server's socket": (module) =>
    (new module.TLSSocket(wrong(undefined), { isServer: true }) as unknown as TLSSocket).setServername("name"),
  "keying material before there is any": (module) =>
    new module.TLSSocket(wrong(undefined)).exportKeyingMaterial(10, "label", Buffer.alloc(1)),
  "keying material without a label": (module) =>
    new module.TLSSocket(wrong(undefined)).exportKeyingMaterial(10, wrong(3), Buffer.alloc(1)),
  "a size of fragments of the wrong type": (module) =>
    new module.TLSSocket(wrong(undefined)).setMaxSendFragment(wrong("1024")),
  "a renegotiation without options": (module) =>
    new module.TLSSocket(wrong(undefined)).renegotiate(wrong(null), () => {}),
  "a session that is no time": (module) => new module.TLSSocket(wrong(undefined)).setTimeout(wrong("1")),
};

describe("an error", () => {
  it.each(Object.entries(attempts))("about %s is Node's", (_name, attempt) => {
    expect(thrown(attempt, replacement)).toEqual(thrown(attempt, nodeTls));
  });
});

describe("createSecureContext", () => {
  it("takes keys and certificates in the forms of Node", () => {
    const { encryptedPkcs8 } = keyForms.ec;
    const passphrase = "secret";
    for (const options of [
      {},
      { cert: Buffer.from(cert), key: Buffer.from(key) },
      { cert: [cert, certs.localhostRsa.chain], key: [certs.localhostRsa.key, key] },
      { cert, key: [{ pem: key }] },
      { cert },
      { key },
      { cert: false, key: false },
    ])
      expect(() => tls.createSecureContext(options as object)).not.toThrow();
    expect(() => tls.createSecureContext({ cert, key: encryptedPkcs8, passphrase: `not ${passphrase}` })).toThrow(
      /bad decrypt/,
    );
  });
});
