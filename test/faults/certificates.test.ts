// Certificates and keys that cannot be used, at the place where somebody gives them and at the peer that sees them. Which
// name stands for whom is tested with verification; here it is about the error: class, reason, numbers, sentence, alert.
import { beforeAll, describe, expect, it } from "vitest";
import { sharedRealm } from "../../ts/engine/realms.ts";
import {
  derCertToPem,
  pemCertToDer,
  type PemOrDer,
  SSLAlertError,
  SSLCertVerificationError,
  SSLConfigError,
  SSLContext,
} from "../../ts/index.ts";
import { type CertName, certs, keyForms, keyPassword, stranger } from "../support/certs.ts";
import {
  ascii,
  attempt,
  available,
  connected,
  deliver,
  drained,
  forEachVersion,
  identityOf,
  joined,
  pairOf,
  type PairOptions,
  recordsOf,
  sides,
  thrownBy,
} from "../support/conversation.ts";
import { noon } from "../support/recording.ts";

const { cert, chain, key } = certs.localhost;
const certLines = cert.trim().split("\n");
const keyLines = key.trim().split("\n");
const der = pemCertToDer(cert);
const garbage = new Uint8Array(100).fill(7);

interface Case {
  readonly name: string;
  readonly given: PemOrDer | readonly PemOrDer[];
  readonly reason: string;
  readonly sentence: string | RegExp;
}

const noBlock = ": the text has no CERTIFICATE block";
const notDer = ": it is not a certificate, or was cut off";

const brokenCertificates: readonly Case[] = [
  { name: "an empty text", given: "", reason: "BAD_PEM", sentence: ": the text is empty" },
  { name: "white space", given: " \r\n\t", reason: "BAD_PEM", sentence: ": the text is empty" },
  { name: "no bytes", given: new Uint8Array(0), reason: "BAD_PEM", sentence: ": it is empty" },
  { name: "some text", given: "certificate", reason: "BAD_PEM", sentence: noBlock },
  { name: "a file name", given: "/etc/ssl/cert.pem", reason: "BAD_PEM", sentence: noBlock },
  { name: "a key", given: key, reason: "BAD_PEM", sentence: noBlock },
  { name: "a public key", given: relabelled(cert, "CERTIFICATE", "PUBLIC KEY"), reason: "BAD_PEM", sentence: noBlock },
  {
    name: "a request",
    given: relabelled(cert, "CERTIFICATE", "CERTIFICATE REQUEST"),
    reason: "BAD_PEM",
    sentence: noBlock,
  },
  { name: "a CRL", given: relabelled(cert, "CERTIFICATE", "X509 CRL"), reason: "BAD_PEM", sentence: noBlock },
  { name: "a text without its first line", given: certLines.slice(1).join("\n"), reason: "BAD_PEM", sentence: noBlock },
  {
    name: "a text without its last line",
    given: certLines.slice(0, -1).join("\n"),
    reason: "BAD_PEM",
    sentence: ": block 1 of the text has no end",
  },
  {
    name: "a text that begins twice",
    given: `${certLines[0]!}\n${cert}`,
    reason: "BAD_PEM",
    sentence: ": block 1 of the text has no end",
  },
  {
    name: "a text with another end",
    given: cert.replace("END CERTIFICATE", "END PRIVATE KEY"),
    reason: "BAD_PEM",
    sentence: ": BEGIN CERTIFICATE is ended by END PRIVATE KEY",
  },
  {
    name: "bad Base64",
    given: cert.replace(certLines[2]!, `!!${certLines[2]!.slice(2)}`),
    reason: "BAD_PEM",
    sentence: ": its Base64 text is broken",
  },
  {
    name: "Base64 of an odd length",
    given: cert.replace(certLines[2]!, certLines[2]!.slice(1)),
    reason: "BAD_PEM",
    sentence: ": its Base64 text is broken",
  },
  {
    name: "a text without its third line",
    given: certLines.toSpliced(2, 1).join("\n"),
    reason: "BAD_PEM",
    sentence: notDer,
  },
  { name: "an empty block", given: `${certLines[0]!}\n${certLines.at(-1)!}`, reason: "BAD_PEM", sentence: notDer },
  { name: "garbage", given: garbage, reason: "BAD_PEM", sentence: notDer },
  { name: "garbage in a block", given: derCertToPem(garbage), reason: "BAD_PEM", sentence: notDer },
  { name: "cut DER", given: der.subarray(0, 100), reason: "BAD_PEM", sentence: notDer },
  {
    name: "text in UTF-16",
    given: new Uint8Array(Uint16Array.from(cert, (letter) => letter.charCodeAt(0)).buffer),
    reason: "BAD_PEM",
    sentence: notDer,
  },
  {
    name: "DER with a byte behind it",
    given: joined([der, Uint8Array.of(0)]),
    reason: "BAD_PEM",
    sentence: ": bytes follow the certificate (1)",
  },
  {
    name: "DER twice",
    given: joined([der, der]),
    reason: "BAD_PEM",
    sentence: `: bytes follow the certificate (${der.length})`,
  },
  {
    name: "a good one and one without an end",
    given: cert + certLines.slice(0, -1).join("\n"),
    reason: "BAD_PEM",
    sentence: ": block 2 of the text has no end",
  },
  {
    name: "a good one and one with bad Base64",
    given: cert + cert.replace(certLines[2]!, "!!!!"),
    reason: "BAD_PEM",
    sentence: "[1]: its Base64 text is broken",
  },
  {
    name: "a good one and one of garbage",
    given: cert + derCertToPem(garbage),
    reason: "BAD_PEM",
    sentence: `[1]${notDer}`,
  },
  { name: "a good one and garbage in a list", given: [cert, garbage], reason: "BAD_PEM", sentence: `[1]${notDer}` },
  {
    name: "a sequence that is no certificate",
    given: Uint8Array.of(48, 3, 2, 1, 5),
    reason: "BAD_CONFIG",
    sentence: /\[0\] as a certificate: /,
  },
  {
    name: "one of an unknown version",
    given: altered(12, 9),
    reason: "BAD_CONFIG",
    sentence: /\[0\] as a certificate: .*version/,
  },
];

const keyBlock = (label: string): string => relabelled(key, "PRIVATE KEY", label);
const labels = "(supported: PRIVATE KEY, ENCRYPTED PRIVATE KEY, RSA PRIVATE KEY, EC PRIVATE KEY)";

const brokenKeys: readonly (Case & { readonly password?: string })[] = [
  { name: "an empty text", given: "", reason: "BAD_PEM", sentence: "the text is empty" },
  { name: "no bytes", given: new Uint8Array(0), reason: "BAD_PEM", sentence: "it is empty" },
  { name: "a certificate", given: cert, reason: "BAD_PEM", sentence: "the text has no PRIVATE KEY block" },
  {
    name: "a public key",
    given: keyBlock("PUBLIC KEY"),
    reason: "BAD_PEM",
    sentence: "the text has no PRIVATE KEY block",
  },
  {
    name: "a text without its first line",
    given: keyLines.slice(1).join("\n"),
    reason: "BAD_PEM",
    sentence: "the text has no PRIVATE KEY block",
  },
  {
    name: "a text without its last line",
    given: keyLines.slice(0, -1).join("\n"),
    reason: "BAD_PEM",
    sentence: "block 1 of the text has no end",
  },
  {
    name: "a text with another end",
    given: key.replace("END PRIVATE", "END EC PRIVATE"),
    reason: "BAD_PEM",
    sentence: "BEGIN PRIVATE KEY is ended by END EC PRIVATE KEY",
  },
  {
    name: "bad Base64",
    given: key.replace(keyLines[1]!, `!!${keyLines[1]!.slice(2)}`),
    reason: "BAD_PEM",
    sentence: "its Base64 text is broken",
  },
  {
    name: "an empty block",
    given: `${keyLines[0]!}\n${keyLines.at(-1)!}\n`,
    reason: "BAD_PEM",
    sentence: "it is empty",
  },
  {
    name: "half a block",
    given: [keyLines[0], keyLines[1], keyLines.at(-1)].join("\n"),
    reason: "BAD_KEY",
    sentence: /^it cannot be parsed: /,
  },
  {
    name: "a NUL in the text",
    given: key.replace("\n", "\0\n"),
    reason: "BAD_PEM",
    sentence: "its Base64 text is broken",
  },
  {
    name: "garbage",
    given: garbage,
    reason: "BAD_KEY",
    sentence: /^it cannot be parsed: Cannot decode the private key: /,
  },
  {
    name: "cut DER",
    given: fromBase64(keyForms.ec.pkcs8Der).subarray(0, 60),
    reason: "BAD_KEY",
    sentence: /^it cannot be parsed: /,
  },
  {
    name: "an OpenSSH key",
    given: keyBlock("OPENSSH PRIVATE KEY"),
    reason: "UNSUPPORTED_KEY_TYPE",
    sentence: `OPENSSH PRIVATE KEY is not supported ${labels}`,
  },
  {
    name: "a DSA key",
    given: keyBlock("DSA PRIVATE KEY"),
    reason: "UNSUPPORTED_KEY_TYPE",
    sentence: "it has a DSA key, which is not supported (supported: RSA, P-256, P-384, P-521)",
  },
  {
    name: "an Ed25519 key",
    given: certs.ed25519.key,
    reason: "UNSUPPORTED_KEY_TYPE",
    sentence: "it has an Ed25519 key, which is not supported (supported: RSA, P-256, P-384, P-521)",
  },
  {
    name: "a key of the same kind that does not fit",
    given: stranger,
    reason: "KEY_VALUES_MISMATCH",
    sentence: "it does not fit the certificate",
  },
  {
    name: "a key of another kind",
    given: certs.localhostRsa.key,
    reason: "KEY_VALUES_MISMATCH",
    sentence: "it does not fit the certificate",
  },
  {
    name: "a key of another curve",
    given: certs.localhostP384.key,
    reason: "KEY_VALUES_MISMATCH",
    sentence: "it does not fit the certificate",
  },
];

function relabelled(pem: string, from: string, to: string): string {
  return pem.replace(`BEGIN ${from}`, `BEGIN ${to}`).replace(`END ${from}`, `END ${to}`);
}

function altered(at: number, byte: number): Uint8Array {
  return der.with(at, byte);
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

function server(given: PemOrDer, password?: string, certificates: PemOrDer | readonly PemOrDer[] = chain): SSLContext {
  const identity = { cert: certificates, key: given };
  return SSLContext.server({ identities: [password === undefined ? identity : { ...identity, password }] });
}

/** The call throws an SSLConfigError of that form and leaves nothing in the wasm memory. */
function expectConfigError(call: () => unknown, reason: string, option: string, sentence: string | RegExp): void {
  const before = [sharedRealm().liveObjects(), sharedRealm().liveBlocks()];
  const error = thrownBy(call) as SSLConfigError;
  expect(error).toBeInstanceOf(SSLConfigError);
  expect(error.reason).toBe(reason);
  expect(error.code).toBe(`ERR_SSL_${reason}`);
  expect(error.message).toMatch(/^Cannot use [^\n]*[^.\n]$/);
  expect(error.message.startsWith(`Cannot use ${option}`), error.message).toBe(true);
  const rest = error.message.slice(`Cannot use ${option}`.length).replace(/^: (?=[^:]*$)/, "");
  if (typeof sentence === "string") expect(error.message.endsWith(sentence), error.message).toBe(true);
  else expect(rest.replace(/^: /, "")).toMatch(sentence);
  expect([sharedRealm().liveObjects(), sharedRealm().liveBlocks()]).toEqual(before);
}

beforeAll(() => {
  thrownBy(() => server(stranger)); // what a realm makes once is made
});

describe("A certificate that cannot be used", () => {
  it.each(brokenCertificates)("is refused as ca: $name", ({ given, reason, sentence }) => {
    expectConfigError(() => SSLContext.client({ ca: given }), reason, "ca", sentence);
  });

  it.each(brokenCertificates)("is refused as cert of an identity: $name", ({ given, reason, sentence }) => {
    expectConfigError(() => server(key, undefined, given), reason, "identities[0].cert", sentence);
  });

  it("is refused as cert of an identity when its key is of a kind that Mbed TLS does not know", () => {
    const sentence = ": it has an Ed25519 key, which is not supported (supported: RSA, P-256, P-384, P-521)";
    const call = (): unknown => server(key, undefined, certs.ed25519.cert);
    expectConfigError(call, "UNSUPPORTED_KEY_TYPE", "identities[0].cert", sentence);
  });

  it("is named by its place", () => {
    const identities = [identityOf("localhost"), { cert: [cert, garbage], key }];
    expectConfigError(() => SSLContext.server({ identities }), "BAD_PEM", "identities[1].cert[1]", notDer);
  });
});

describe("A key that cannot be used", () => {
  it.each(brokenKeys)("is refused: $name", ({ given, reason, sentence }) => {
    expectConfigError(() => server(given as PemOrDer), reason, "identities[0].key", sentence);
  });

  it("is never in the sentence", () => {
    const secrets = [...keyLines.slice(1, -1), ...stranger.split("\n").slice(1, -2)];
    for (const { given } of brokenKeys) {
      const { message } = thrownBy(() => server(given as PemOrDer)) as Error;
      for (const secret of secrets) expect(message).not.toContain(secret.slice(0, 12));
    }
  });

  it("is refused when it does not fit its RSA certificate", () => {
    const call = (): unknown => server(certs.clientRsa.key, undefined, certs.localhostRsa.chain);
    expectConfigError(call, "KEY_VALUES_MISMATCH", "identities[0].key", "it does not fit the certificate");
  });
});

describe.each(["ec", "rsa"] as const)("An %s key", (kind) => {
  const forms = keyForms[kind];
  const certificate = fromBase64(forms.certDer);

  it("is read in every form", () => {
    const plain = [forms.pkcs8, forms.traditional, fromBase64(forms.pkcs8Der), fromBase64(forms.traditionalDer)];
    for (const form of [
      ...plain,
      ascii(forms.pkcs8),
      forms.pkcs8.replaceAll("\n", "\r\n"),
      `Bag Attributes\n${forms.traditional}`,
    ])
      server(form, undefined, certificate).dispose();
    for (const form of plain) server(form, "not needed", certificate).dispose();
    for (const form of [forms.encryptedPkcs8, forms.encryptedTraditional, ascii(forms.encryptedPkcs8)])
      server(form, keyPassword, certificate).dispose();
    expect(sharedRealm().liveObjects()).toBe(0);
  });

  it.each([
    ["PKCS#8", forms.encryptedPkcs8],
    ["the traditional form", forms.encryptedTraditional],
  ])("that is encrypted in %s needs its password", (_, form) => {
    const missing = "it is encrypted and no password was given";
    for (const none of [undefined, ""])
      expectConfigError(() => server(form, none, certificate), "BAD_PASSWORD_READ", "identities[0].key", missing);
    for (const wrong of [
      "wrong",
      `${keyPassword}x`,
      keyPassword.slice(1),
      keyPassword.toUpperCase(),
      "\0",
      "x".repeat(5000),
    ])
      expectConfigError(
        () => server(form, wrong, certificate),
        "BAD_DECRYPT",
        "identities[0].key",
        /the password is wrong/,
      );
  });

  it("that is encrypted and cut short is refused", () => {
    for (const form of [forms.encryptedPkcs8, forms.encryptedTraditional]) {
      const lines = form.trim().split("\n");
      const cut = lines.toSpliced(-2, 1).join("\n");
      expect(thrownBy(() => server(cut, keyPassword, certificate))).toBeInstanceOf(SSLConfigError);
    }
  });
});

it("An EC key may come behind its parameters", () => {
  const parameters = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
  const context = server(parameters + keyForms.ec.traditional);
  expect(context.serverSide).toBe(true);
  context.dispose();
});

it("A key may stand in one text with its certificates, in any order", () => {
  for (const text of [key + chain, chain + key]) {
    const context = server(text, undefined, text);
    expect(context.serverSide).toBe(true);
    context.dispose();
  }
});

describe("A certificate that the peer does not accept", () => {
  interface Refusal {
    readonly identity: CertName;
    readonly now?: number;
    readonly ca?: string;
    readonly verifyCode: number;
    readonly nodeCode: string;
    readonly alert: string;
    readonly sentence: RegExp;
  }

  const year = 365.25 * 86_400_000;
  const refusals: readonly Refusal[] = [
    {
      identity: "expired",
      verifyCode: 10,
      nodeCode: "CERT_HAS_EXPIRED",
      alert: "certificate_expired",
      sentence: /expired/,
    },
    {
      identity: "localhost",
      now: noon + 100 * year,
      verifyCode: 10,
      nodeCode: "CERT_HAS_EXPIRED",
      alert: "certificate_expired",
      sentence: /expired/,
    },
    {
      identity: "notYetValid",
      verifyCode: 9,
      nodeCode: "CERT_NOT_YET_VALID",
      alert: "bad_certificate",
      sentence: /not valid before/,
    },
    {
      identity: "localhost",
      now: noon - 20 * year,
      verifyCode: 9,
      nodeCode: "CERT_NOT_YET_VALID",
      alert: "bad_certificate",
      sentence: /not valid before/,
    },
    {
      identity: "selfSigned",
      verifyCode: 18,
      nodeCode: "DEPTH_ZERO_SELF_SIGNED_CERT",
      alert: "unknown_ca",
      sentence: /self-signed/,
    },
    {
      identity: "unknownCa",
      verifyCode: 20,
      nodeCode: "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
      alert: "unknown_ca",
      sentence: /not signed by a trusted certificate/,
    },
    {
      identity: "otherHost",
      verifyCode: 62,
      nodeCode: "ERR_TLS_CERT_ALTNAME_INVALID",
      alert: "bad_certificate",
      sentence: /it is for other\.example, not for localhost/,
    },
    {
      identity: "rsa1024",
      ca: certs.rsaRoot.cert,
      verifyCode: 66,
      nodeCode: "EE_KEY_TOO_SMALL",
      alert: "bad_certificate",
      sentence: /key/,
    },
  ];

  it.each(refusals)("B22 is refused with number, name, depth, sentence and alert: $identity, $nodeCode", (refusal) => {
    forEachVersion((version) => {
      const pair = pairOf(optionsFor(refusal, { version }));
      const { client, server: served } = attempt(pair);
      const error = client as SSLCertVerificationError;
      expect(error).toBeInstanceOf(SSLCertVerificationError);
      const { verifyCode, nodeCode } = refusal;
      expect(error).toMatchObject({
        reason: "CERTIFICATE_VERIFY_FAILED",
        library: "X509",
        verifyCode,
        nodeCode,
        depth: 0,
      });
      expect(error.hostname).toBe("localhost");
      expect(error.chain[0]).toEqual(pemCertToDer(certs[refusal.identity].cert));
      expect(error.message).toMatch(/^Cannot trust the certificate of the peer: [^\n]*[^.\n]$/);
      expect(error.message).toMatch(refusal.sentence);
      expect(served).toBeInstanceOf(SSLAlertError);
      expect(served).toMatchObject({ alertName: refusal.alert, sent: false });
      expect([pair.client.tls.state, pair.server.tls.state]).toEqual(["failed", "failed"]);
    });
  });

  it("is accepted when only the clock was wrong", () => {
    forEachVersion((version) => {
      for (const [identity, now] of [
        ["expired", Date.UTC(2020, 6)],
        ["notYetValid", Date.UTC(2115, 0)],
      ] as const) {
        const pair = connected(optionsFor({ identity, now }, { version }));
        expect(pair.client.tls.state).toBe("open");
      }
    });
  });

  function optionsFor(
    { identity, now = noon, ca }: Pick<Refusal, "identity" | "now" | "ca">,
    rest: PairOptions,
  ): PairOptions {
    return { ...rest, identity, client: { now: () => now, ca: ca ?? certs.root.cert } };
  }

  it("B22 names the place of a wrong certificate further up the chain", () => {
    const now = (): number => Date.UTC(2020, 6);
    const up = certs.viaIntermediate.cert + certs.intermediate.cert;
    const { client } = attempt(
      pairOf({
        client: { ca: certs.unknownRoot.cert, now },
        server: { identities: [{ cert: up, key: certs.viaIntermediate.key }] },
      }),
    );
    expect(client).toMatchObject({ name: "SSLCertVerificationError", verifyCode: 20 });
    expect((client as SSLCertVerificationError).chain).toHaveLength(2);
  });

  it("ends a server's conversation with its client in the same way", () => {
    forEachVersion((version) => {
      const { cert: clientCert, key: clientKey } = certs.clientUnknown;
      const pair = pairOf({
        version,
        client: { identities: [{ cert: clientCert, key: clientKey }] },
        server: { verifyMode: "required", ca: certs.root.cert },
      });
      const outcome = attempt(pair);
      expect(outcome.server).toMatchObject({ name: "SSLCertVerificationError", verifyCode: 20, hostname: null });
      const told = outcome.client ?? thrownBy(() => pair.client.tls.read());
      expect(told).toMatchObject({ name: "SSLAlertError", alertName: "unknown_ca" });
    });
  });
});

it("B22 A server refuses a client whose certificate is for servers", () => {
  forEachVersion((version) => {
    const pair = pairOf({
      version,
      client: { identities: [identityOf("localhost")] },
      server: { verifyMode: "required", ca: certs.root.cert },
    });
    const { server: error } = attempt(pair);
    expect(error).toMatchObject({ name: "SSLCertVerificationError", verifyCode: 26, nodeCode: "INVALID_PURPOSE" });
  });
});

describe("A certificate message", () => {
  it("with one altered byte anywhere in the certificate never verifies", () => {
    // TLS 1.2 sends it in the clear. Every 7th byte here; every byte elsewhere.
    for (let at = 0; at < der.length; at += 7) {
      const pair = pairOf({ version: "TLSv1.2" });
      const outcome = attempt(pair, Infinity, (from, bytes) => {
        const start = from === "server" ? indexOf(bytes, der) : -1;
        return start === -1 ? bytes : bytes.with(start + at, bytes[start + at]! ^ 32);
      });
      expect(outcome.client, `byte ${at}`).toMatchObject({ name: /^SSL(CertVerification)?Error$/ });
      expect(outcome.server, `byte ${at}`).toBeInstanceOf(SSLAlertError);
    }
  });

  it("of many certificates is taken up to what fits into one message", () => {
    const many = [certs.localhost.cert, ...Array<string>(15).fill(certs.rsaRoot.cert)];
    forEachVersion((version) => {
      const pair = connected({ version, server: { identities: [{ cert: many, key }] } });
      expect(pair.client.tls.getUnverifiedChain()).toHaveLength(16);
    });
  });

  it("that is too long for a message is an error of the side that would send it", () => {
    const sentence = "Cannot finish the handshake: a message of the handshake is longer than is supported (16 KiB)";
    const many = [certs.localhost.cert, ...Array<string>(40).fill(certs.rsaRoot.cert)];
    forEachVersion((version) => {
      const pair = pairOf({ version, server: { identities: [{ cert: many, key }] } });
      const outcome = attempt(pair);
      expect(outcome.server).toMatchObject({ name: "SSLError", reason: "MESSAGE_TOO_LONG", message: sentence });
      expect(outcome.client).toBeInstanceOf(SSLAlertError);
    });
  });
});

it("After any of these the next connection works", () => {
  forEachVersion((version) => {
    const [client, served] = sides(connected({ version }), "client");
    client.tls.write(ascii("still here"));
    expect(recordsOf(drained(served))).toEqual([]);
    deliver(client, served);
    expect(joined(available(served))).toEqual(ascii("still here"));
  });
});

function indexOf(bytes: Uint8Array, part: Uint8Array): number {
  return bytes.findIndex((_, start) => part.every((byte, i) => bytes[start + i] === byte));
}
