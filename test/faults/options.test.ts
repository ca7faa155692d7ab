// Every option and every argument of the public calls, given what it cannot be: the error is typed, names the argument and
// says what was expected. Nothing is left behind by a context that was not made.
import { beforeAll, describe, expect, it } from "vitest";
import { sharedRealm } from "../../ts/engine/realms.ts";
import {
  createDefaultContext,
  derCertToPem,
  MemoryBIO,
  parseCertificate,
  pemCertToDer,
  SSLConfigError,
  SSLContext,
  SSLError,
} from "../../ts/index.ts";
import { certs } from "../support/certs.ts";
import {
  clientContext,
  connected,
  identityOf,
  notBytes,
  pairOf,
  serverContext,
  thrownBy,
  wrapped,
} from "../support/conversation.ts";

/** One value of each type. */
const values = {
  null: null,
  boolean: true,
  number: 5,
  NaN,
  bigint: 5n,
  string: "nonsense",
  symbol: Symbol("s"),
  function: (): number => 0,
  array: ["nonsense"],
  "array of numbers": [5.5],
  "array of null": [null],
  object: { nonsense: 1 },
  bytes: Uint8Array.of(1),
} as const;

type Kind = keyof typeof values;

interface Option {
  readonly name: string;
  /** Kinds of values that are right, or that another test has. */
  readonly but: readonly Kind[];
  /** What the sentence says behind the name. */
  readonly expected: RegExp;
}

const pemOrDer = /expected (PEM text or )?bytes|the text has no CERTIFICATE block|it is not a certificate/;

const common: readonly Option[] = [
  { name: "minVersion", but: [], expected: /expected "TLSv1\.2" or "TLSv1\.3", got / },
  { name: "maxVersion", but: [], expected: /expected "TLSv1\.2" or "TLSv1\.3", got / },
  { name: "cipherSuites", but: [], expected: /expected an array, got |is not a cipher suite that is supported/ },
  { name: "groups", but: [], expected: /expected an array, got |expected "x25519" or "secp256r1" or .*, got / },
  {
    name: "signatureAlgorithms",
    but: [],
    expected: /expected an array, got |expected "ecdsa_secp256r1_sha256" or .*, got /,
  },
  { name: "alpn", but: ["array"], expected: /expected an array, got |expected strings, got / },
  { name: "identities", but: [], expected: /expected an array, got |expected \{ cert, key \} or \{ pfx \}, got / },
  { name: "ca", but: [], expected: pemOrDer },
  { name: "trust", but: [], expected: /expected a TrustStore, got / },
  { name: "partialChain", but: ["boolean"], expected: /expected true or false, got / },
  { name: "certProfile", but: [], expected: /expected "lenient" or "standard" or "web", got / },
  { name: "crls", but: [], expected: /expected (PEM text or )?bytes|X509 CRL|revocation list/ },
  { name: "crlCheck", but: [], expected: /expected "off" or "leaf" or "chain", got / },
  { name: "pins", but: [], expected: /expected an array, got |expected the SHA-256 of a public key|asks no client/ },
  {
    name: "psk",
    but: ["function", "object", "array", "array of numbers", "array of null", "bytes"],
    expected: /expected \{ identity, key \}, got /,
  },
  { name: "verify", but: ["function"], expected: /expected a function, got |asks no client/ },
  { name: "verifyMode", but: [], expected: /expected "none" or "optional" or "required", got / },
  { name: "requireExtendedMasterSecret", but: ["boolean"], expected: /expected true or false, got / },
  { name: "now", but: ["function"], expected: /expected a function, got / },
  { name: "onKeyLog", but: ["function"], expected: /expected a function, got / },
  { name: "onTrace", but: ["function"], expected: /expected a function, got / },
  { name: "isolation", but: [], expected: /expected "shared" or "context" or "connection", got / },
];

const clientOnly: readonly Option[] = [
  { name: "checkHostname", but: ["boolean"], expected: /expected true or false, got / },
  { name: "commonNameFallback", but: ["boolean"], expected: /expected true or false, got / },
  { name: "onSession", but: ["function"], expected: /expected a function, got / },
  { name: "sessionKey", but: [], expected: /expected (32 )?bytes/ },
];

const serverOnly: readonly Option[] = [
  { name: "honorCipherOrder", but: ["boolean"], expected: /expected true or false, got / },
  { name: "alpnMismatch", but: [], expected: /expected "fatal" or "ignore", got / },
  { name: "selectContext", but: ["function"], expected: /expected a function, got / },
  { name: "sniCallback", but: ["function"], expected: /expected a function, got / },
  { name: "selectAlpn", but: ["function"], expected: /expected a function, got / },
  { name: "numTickets", but: ["number"], expected: /expected a number, got |expected an integer from 0 up/ },
  { name: "ticketKeys", but: [], expected: /expected TicketKeys, got / },
  { name: "sessionCache", but: [], expected: /expected an object with get and set, got / },
  { name: "sessionTimeout", but: ["number"], expected: /expected a number, got |expected an integer from 0 up/ },
];

const ofIdentity: readonly Option[] = [
  { name: "cert", but: [], expected: pemOrDer },
  {
    name: "key",
    but: [],
    expected: /expected (PEM text or )?bytes|the text has no PRIVATE KEY block|cannot be parsed/,
  },
  {
    name: "password",
    but: ["string", "bytes", "function"],
    expected: /expected bytes \(a Uint8Array or ArrayBuffer\), got /,
  },
];

const notBytesSentence = /expected bytes \(a Uint8Array or ArrayBuffer\), got |its memory is (shared|detached)/;

function makeClient(options: unknown): SSLContext {
  return SSLContext.client(options as object);
}

function makeServer(options: object): SSLContext {
  return SSLContext.server({ identities: [identityOf("localhost")], ...options });
}

/** The call throws an error for that argument: typed, with its name and what was expected, in the form of our sentences. */
function expectRefusal(call: () => unknown, name: RegExp, expected: RegExp, what: string): void {
  const error = thrownBy(call);
  const typed = error instanceof TypeError || error instanceof RangeError || error instanceof SSLConfigError;
  expect(typed, `${what} gave ${String(error)}`).toBe(true);
  const { message } = error as Error;
  expect(message, what).toMatch(/^Cannot [^\n]*[^.\n]$/);
  expect(message, what).toMatch(new RegExp(`^Cannot use ${name.source}`));
  expect(message, what).toMatch(expected);
  expect(message.length, what).toBeLessThan(500);
}

function expectRefusals(
  options: readonly Option[],
  prefix: string,
  make: (name: string, value: unknown) => unknown,
): void {
  const [objects, blocks] = [sharedRealm().liveObjects(), sharedRealm().liveBlocks()];
  for (const { name, but, expected } of options) {
    for (const [kind, value] of Object.entries(values)) {
      if (but.includes(kind as Kind)) continue;
      const path = new RegExp(`${prefix.replace(/[[\].]/g, "\\$&")}${name}\\b`);
      expectRefusal(() => make(name, value), path, expected, `${prefix}${name}: ${kind}`);
    }
  }
  expect([sharedRealm().liveObjects(), sharedRealm().liveBlocks()]).toEqual([objects, blocks]);
}

describe("Options of a context", () => {
  beforeAll(() => makeClient({}).dispose()); // what a realm makes once is made

  it("of a wrong type are refused by a client", () => {
    expectRefusals([...common, ...clientOnly], "", (name, value) => makeClient({ [name]: value }));
  });

  it("of a wrong type are refused by a server", () => {
    expectRefusals([...common, ...serverOnly], "", (name, value) => makeServer({ [name]: value }));
  });

  it("of an identity are refused when they are of a wrong type", () => {
    expectRefusals(ofIdentity, "identities[0].", (name, value) =>
      makeServer({ identities: [{ ...identityOf("localhost"), [name]: value }] }),
    );
  });

  it("are all in these tables", () => {
    const known = (call: () => unknown): string[] =>
      /\(there are (.*)\)/
        .exec((thrownBy(call) as Error).message)![1]!
        .split(", ")
        .toSorted();
    const names = (...tables: (readonly Option[])[]): string[] =>
      tables
        .flat()
        .map(({ name }) => name)
        .toSorted();
    expect(known(() => makeClient({ colour: 1 }))).toEqual(names(common, clientOnly));
    expect(known(() => makeServer({ colour: 1 }))).toEqual(names(common, serverOnly));
  });

  it("have their defaults when they are undefined", () => {
    for (const { name } of [...common, ...clientOnly]) makeClient({ [name]: undefined }).dispose();
    for (const { name } of [...common, ...serverOnly]) {
      if (name !== "identities") makeServer({ [name]: undefined }).dispose();
    }
    expect(sharedRealm().liveObjects()).toBe(0);
  });

  it("must be an object", () => {
    for (const value of [null, 5, "text", true, [], [1]]) {
      expectRefusal(() => makeClient(value), /the options for a client/, /expected an object, got /, String(value));
      expectRefusal(
        () => SSLContext.server(value as never),
        /the options for a server/,
        /expected an object, got /,
        String(value),
      );
    }
    expectRefusal(
      () => SSLContext.server(undefined as never),
      /the options for a server/,
      /expected an object/,
      "nothing",
    );
  });

  it("that do not exist are refused, so that no misspelling passes", () => {
    const known = /there is no such option for an? (client|server) \(there are minVersion, .*\)/;
    for (const name of ["verifymode", "minversion", "ALPN", "cafile", "ciphers", "honorCipherOrder", "alpnMismatch"])
      expectRefusal(() => makeClient({ [name]: true }), new RegExp(name), known, name);
    for (const name of ["cert", "key", "checkHostname", "commonNameFallback", "requestCert"])
      expectRefusal(() => makeServer({ [name]: true }), new RegExp(name), known, name);
    const identity = { ...identityOf("localhost"), passphrase: "x" };
    expectRefusal(
      () => makeServer({ identities: [identity] }),
      /passphrase/,
      /there is no such option for identities\[0\] \(there are cert, key, password\)/,
      "passphrase",
    );
  });

  it("that go against each other or are empty are refused", () => {
    const refused: [object, RegExp, RegExp][] = [
      [{ minVersion: "TLSv1.3", maxVersion: "TLSv1.2" }, /minVersion/, /TLSv1\.3 is above maxVersion, TLSv1\.2/],
      [{ cipherSuites: [] }, /cipherSuites/, /the list is empty/],
      [{ groups: [] }, /groups/, /the list is empty/],
      [{ signatureAlgorithms: [] }, /signatureAlgorithms/, /the list is empty/],
      [{ verifyMode: "none", checkHostname: true }, /checkHostname/, /it needs verifyMode "required"/],
      [
        { maxVersion: "TLSv1.2", cipherSuites: ["TLS_AES_128_GCM_SHA256"] },
        /cipherSuites/,
        /none for maxVersion, TLSv1\.2/,
      ],
      [{ cipherSuites: ["RC4-MD5"] }, /cipherSuites/, /the string "RC4-MD5" is not a cipher suite/],
      [{ cipherSuites: [0, 65536, -1] }, /cipherSuites/, /the number 0 is not a cipher suite/],
      [{ alpn: [""] }, /alpn/, /1 to 255 bytes, "" has 0/],
      [{ alpn: ["x".repeat(256)] }, /alpn/, /1 to 255 bytes, "x{20}" has 256/],
      [{ alpn: ["h2", "\u20ac"] }, /alpn/, /consists of bytes other than 0/],
      [{ alpn: ["a\0"] }, /alpn/, /consists of bytes other than 0/],
    ];
    for (const [options, name, expected] of refused)
      expectRefusal(() => makeClient(options), name, expected, JSON.stringify(options));
    expectRefusal(() => SSLContext.server({}), /identities/, /a server needs a certificate and a key/, "no identity");
    expectRefusal(() => makeServer({ identities: [] }), /identities/, /a server needs a certificate/, "none");
    expectRefusal(
      () => makeServer({ identities: [{ key: certs.localhost.key }] }),
      /identities\[0\]\.cert/,
      /it is missing/,
      "no cert",
    );
    expectRefusal(
      () => makeServer({ identities: [{ cert: certs.localhost.chain }] }),
      /identities\[0\]\.key/,
      /expected PEM text or bytes, got undefined/,
      "no key",
    );
  });

  it("are checked again for a variant", () => {
    const context = clientContext();
    expectRefusal(() => context.with({ alpn: [""] }), /alpn/, /1 to 255 bytes/, "with");
    expectRefusal(() => context.with({ colour: 1 } as never), /colour/, /no such option/, "with");
    expectRefusal(() => context.with(null as never), /the options for with/, /expected an object, got null/, "with");
  });

  it("now that answers no time is an error of the handshake, which can be tried again", () => {
    for (const answer of [NaN, Infinity, "now", undefined, null, 5n]) {
      const end = wrapped(clientContext({ now: () => answer as number }), { serverHostname: "localhost" });
      expectRefusal(
        () => end.tls.doHandshake(),
        /now/,
        /expected it to answer milliseconds since 1970, it answered /,
        String(answer),
      );
    }
  });

  it("now that throws ends the call with what it threw", () => {
    const mine = new Error("no clock");
    const broken = (): number => {
      throw mine;
    };
    const end = wrapped(clientContext({ now: broken }), { serverHostname: "localhost" });
    expect(thrownBy(() => end.tls.doHandshake())).toBe(mine);
  });

  it("purpose of a default context is one of two", () => {
    for (const value of Object.values(values)) {
      expect(() => createDefaultContext(value as never), typeof value).toThrow(
        /^Cannot make a context: expected the purpose "server-auth" or "client-auth", got /,
      );
      expect(() => createDefaultContext(value as never), typeof value).toThrow(SSLConfigError);
    }
  });

  it("cannot be had from the constructor", () => {
    expect(() => new (SSLContext as never as new () => SSLContext)()).toThrow(
      /^Cannot make an SSLContext with new: use /,
    );
  });
});

describe("Arguments of wrapBio", () => {
  const bio = new MemoryBIO();

  it("are two MemoryBIO", () => {
    const context = clientContext();
    for (const value of [undefined, ...Object.values(values)]) {
      for (const [incoming, outgoing] of [
        [value, bio],
        [bio, value],
      ] as never[][]) {
        expect(() => context.wrapBio(incoming!, outgoing!, { serverHostname: "localhost" })).toThrow(TypeError);
        expect(() => context.wrapBio(incoming!, outgoing!)).toThrow(/^Cannot wrap: expected two MemoryBIO, got /);
      }
    }
  });

  it("have names that are strings", () => {
    const context = clientContext();
    for (const name of ["serverHostname", "verifyName"]) {
      for (const value of Object.values(values)) {
        if (typeof value === "string") continue;
        const call = (): unknown => context.wrapBio(bio, bio, { serverHostname: "localhost", [name]: value });
        expectRefusal(call, new RegExp(name), /expected a string, got /, typeof value);
      }
    }
  });

  it("have names that can be names", () => {
    const context = clientContext();
    const refused: [string, RegExp][] = [
      ["", /it is empty/],
      [".localhost", /it begins with a dot/],
      ["local\0host", /it contains a NUL character/],
      ["local host", /it is neither a DNS name nor an IP address/],
      ["http://localhost", /it is neither a DNS name nor an IP address/],
      ["localhost:443", /it is neither a DNS name nor an IP address/],
      ["a..b", /each of its labels must have 1 to 63 characters/],
      [`${"a".repeat(64)}.test`, /each of its labels must have 1 to 63 characters/],
      [`${"a.".repeat(130)}test`, /a DNS name has 1 to 253 characters/],
      [".", /it begins with a dot/],
    ];
    for (const [name, expected] of refused) {
      for (const option of ["serverHostname", "verifyName"]) {
        const call = (): unknown => context.wrapBio(bio, bio, { serverHostname: "localhost", [option]: name });
        expectRefusal(call, new RegExp(`${option} "`), expected, JSON.stringify(name));
      }
    }
  });

  it("B26 a server has no serverHostname, a client that checks names needs one", () => {
    const server = serverContext();
    expectRefusal(
      () => server.wrapBio(bio, bio, { serverHostname: "localhost" }),
      /serverHostname/,
      /only be given on the client side/,
      "server",
    );
    expect(() => clientContext().wrapBio(bio, bio)).toThrow("Cannot wrap: checkHostname requires serverHostname");
  });

  it("are refused when they do not exist", () => {
    const context = clientContext();
    const known = /there is no such option for wrapBio \(there are serverHostname, verifyName, session\)/;
    for (const name of ["serverHostName", "servername", "hostname"]) {
      const call = (): unknown => context.wrapBio(bio, bio, { serverHostname: "localhost", [name]: "x" });
      expectRefusal(call, new RegExp(name), known, name);
    }
    for (const value of [null, 5, "localhost", [], true])
      expectRefusal(
        () => context.wrapBio(bio, bio, value as never),
        /the options for wrapBio/,
        /expected an object/,
        String(value),
      );
  });
});

describe("Arguments of an SSLObject", () => {
  it("are bytes where bytes are due", () => {
    const { tls } = connected().client;
    for (const value of notBytes() as never[]) {
      for (const [name, call] of [
        ["bytes", () => tls.write(value)],
        ["bytes", () => tls.tryWrite(value)],
        ["into", () => tls.readInto(value)],
        ["into", () => tls.tryRead(value)],
        ["context", () => tls.exportKeyingMaterial(5, "EXPERIMENTAL", value ?? null)],
      ] as const)
        expectRefusal(call, new RegExp(name), notBytesSentence, name);
    }
    expectRefusal(
      () => tls.write("text" as never),
      /bytes/,
      /expected bytes \(a Uint8Array or ArrayBuffer\), got /,
      "write",
    );
    expectRefusal(() => tls.readInto("text" as never), /into/, /expected bytes/, "readInto");
    expectRefusal(
      () => tls.exportKeyingMaterial(5, "EXPERIMENTAL", "text" as never),
      /context/,
      /expected bytes/,
      "context",
    );
    expect(tls.state).toBe("open");
  });

  it("are counts where counts are due", () => {
    const { tls } = connected().client;
    const calls: [string, (n: never) => unknown][] = [
      ["n", (n) => tls.read(n)],
      ["n", (n) => tls.readInto(new Uint8Array(5), n)],
      ["length", (n) => tls.exportKeyingMaterial(n, "EXPERIMENTAL")],
    ];
    for (const [name, call] of calls) {
      for (const value of [-1, 1.5, NaN, Infinity])
        expectRefusal(
          () => call(value as never),
          new RegExp(name),
          /expected an integer from 0 up, got /,
          `${name} ${value}`,
        );
      for (const value of [null, "5", true, {}, 5n])
        expectRefusal(
          () => call(value as never),
          new RegExp(name),
          /expected a number, got /,
          `${name} ${String(value)}`,
        );
    }
    expect(tls.state).toBe("open");
  });

  it("are in their range", () => {
    const { tls } = connected().client;
    for (const length of [0, 8161])
      expectRefusal(
        () => tls.exportKeyingMaterial(length, "EXPERIMENTAL"),
        /length/,
        /expected 1 to 8160, got /,
        `${length}`,
      );
    for (const label of ["", "x".repeat(250)])
      expectRefusal(() => tls.exportKeyingMaterial(5, label), /label/, /expected 1 to 249 bytes, got /, label);
    expectRefusal(
      () => tls.exportKeyingMaterial(5, 5 as never),
      /label/,
      /expected a string, got the number 5/,
      "label",
    );
    const long = new Uint8Array(32769);
    expectRefusal(
      () => tls.exportKeyingMaterial(5, "x", long),
      /context/,
      /expected at most 32768 bytes, got 32769/,
      "context",
    );
    expect(() => tls.getChannelBinding("tls-other" as never)).toThrow(SSLConfigError);
    expect(() => tls.getChannelBinding(5 as never)).toThrow(/expected tls-unique, .*, got the number 5$/);
  });

  it("are flags with names that exist", () => {
    const { tls } = connected({ version: "TLSv1.3" }).client;
    const calls: [string, string, (options: never) => unknown][] = [
      ["unwrap", "discard", (options) => tls.unwrap(options)],
      ["updateKeys", "request", (options) => tls.updateKeys(options)],
      ["getPeerCert", "binary", (options) => tls.getPeerCert(options)],
    ];
    for (const [method, name, call] of calls) {
      for (const value of [null, 1, "true", {}])
        expectRefusal(() => call({ [name]: value } as never), new RegExp(name), /expected true or false, got /, method);
      for (const value of [null, 1, true, []])
        expectRefusal(
          () => call(value as never),
          new RegExp(`the options for ${method}`),
          /expected an object, got /,
          method,
        );
      const known = new RegExp(`there is no such option for ${method} \\(there are ${name}\\)`);
      expectRefusal(() => call({ colour: true } as never), /colour/, known, method);
    }
    expect(tls.state).toBe("open");
  });

  it("leave a connection as it was before the handshake too", () => {
    const { client } = pairOf();
    expect(() => client.tls.read(-1)).toThrow(RangeError);
    expect(() => client.tls.write(null as never)).toThrow(TypeError);
    expect(client.tls.state).toBe("init");
    expect(client.outgoing.pending).toBe(0);
  });
});

describe("Arguments of a MemoryBIO", () => {
  it("are bytes or counts", () => {
    const bio = new MemoryBIO();
    bio.write(Uint8Array.of(1, 2, 3));
    for (const value of notBytes() as never[])
      expectRefusal(() => bio.write(value), /bytes/, notBytesSentence, "write");
    for (const value of [null, undefined, 5, "text", [1], new ArrayBuffer(3)])
      expectRefusal(() => bio.readInto(value as never), /into/, /expected a Uint8Array, got /, String(value));
    for (const value of [1.5, NaN, Infinity, null, "5", {}])
      expect(() => bio.read(value as never), String(value)).toThrow(
        /^Cannot read from the MemoryBIO: expected an integer, got /,
      );
    for (const value of [-1, 1.5, NaN]) {
      expectRefusal(() => bio.peek(value), /n/, /expected an integer from 0 up/, `${value}`);
      expectRefusal(() => bio.consume(value), /n/, /expected an integer from 0 up/, `${value}`);
    }
    expect(() => bio.consume(4)).toThrow(new RangeError("Cannot consume 4 bytes: only 3 are pending"));
    expect(bio.read()).toEqual(Uint8Array.of(1, 2, 3));
  });
});

describe("Arguments of the functions for certificates", () => {
  it("are certificates", () => {
    for (const value of notBytes() as never[]) {
      expectRefusal(() => parseCertificate(value), /der/, notBytesSentence, "parseCertificate");
      expectRefusal(() => derCertToPem(value), /der/, notBytesSentence, "derCertToPem");
    }
    for (const value of [null, undefined, 5, true])
      expectRefusal(() => pemCertToDer(value as never), /pem/, /expected PEM text or bytes, got /, String(value));
    expectRefusal(() => pemCertToDer("nonsense"), /pem/, /the text has no CERTIFICATE block/, "text");
    for (const value of [new Uint8Array(0), new Uint8Array(100), pemCertToDer(certs.root.cert).subarray(0, 100)])
      expect(() => parseCertificate(value)).toThrow(expect.objectContaining({ reason: "DECODE_ERROR" }));
    expect(thrownBy(() => parseCertificate(new Uint8Array(5)))).toBeInstanceOf(SSLError);
  });
});
