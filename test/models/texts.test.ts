// Texts that people and files give: PEM and bundles of it, names of servers and protocols, options, the command line. Each is
// understood, or refused by a typed error; what can be written is read again as it was.
import fc from "fast-check";
import { describe, expect } from "vitest";
import { type Arguments, parseCommandLine, UsageError } from "../../ts/cli/arguments.ts";
import { optionNames } from "../../ts/ssl/check-options.ts";
import { toHostName } from "../../ts/ssl/names.ts";
import {
  certTimeToSeconds,
  derCertToPem,
  pemCertToDer,
  SSLConfigError,
  SSLContext,
  TrustStore,
} from "../../ts/ssl/index.ts";
import { keyBlock } from "../../ts/ssl/pem.ts";
import { parsePin } from "../../ts/ssl/x509/pins.ts";
import { type CertName, certs } from "../support/certs.ts";
import { sequence } from "../support/der-writer.ts";
import { edited, edits } from "../support/edits.ts";
import { explore } from "./effort.ts";

const pems = (Object.keys(certs) as CertName[]).map((name) => certs[name].cert);
const latin1 = new TextDecoder("latin1");

/** One of the texts, changed. */
function harmed(seeds: readonly string[]): fc.Arbitrary<string> {
  return fc
    .tuple(fc.constantFrom(...seeds), edits)
    .map(([text, list]) => latin1.decode(list.reduce(edited, new TextEncoder().encode(text))));
}

/** What the call answers, or null when it refuses by an error of one of these kinds. */
function unlessRefused<T>(call: () => T, ...kinds: readonly (new (...args: never[]) => Error)[]): T | null {
  try {
    return call();
  } catch (error) {
    if (kinds.some((kind) => error instanceof kind)) return null;
    throw error;
  }
}

describe("PEM", () => {
  explore(
    "any element is the same after it was text",
    300,
    fc.property(fc.uint8Array({ maxLength: 400 }), (content) => {
      const der = sequence(content);
      expect(pemCertToDer(derCertToPem(der))).toEqual(der);
    }),
  );

  explore(
    "what was changed is read, or refused by an SSLConfigError",
    400,
    fc.property(
      fc.oneof(harmed([...pems, ...pems.map((pem) => pem + pems[0]!)]), fc.string({ unit: "binary" })),
      (pem) => {
        unlessRefused(() => pemCertToDer(pem), SSLConfigError);
        unlessRefused(() => TrustStore.fromPem(pem).skipped, SSLConfigError);
      },
    ),
  );

  const keys = [certs.localhost.key, certs.localhostRsa.key];
  explore(
    "a private key that was changed is read, or refused by an SSLConfigError",
    200,
    fc.property(harmed(keys), (pem) => void unlessRefused(() => keyBlock(pem, "key"), SSLConfigError)),
  );

  const block = fc.oneof(
    fc.constantFrom(...pems).map((pem) => ({ pem, whole: true })),
    fc.constantFrom(...pems).map((pem) => ({ pem: pem.replace(/\n[A-Za-z0-9+/=]/, "\n*"), whole: false })),
    fc.constantFrom(...pems).map((pem) => ({ pem: pem.replace("-----END", "-----STOP"), whole: false })),
  );
  const comment = fc.string().filter((text) => !text.includes("-"));
  explore(
    "a bundle has each whole certificate in it once, and tells the broken ones by their places",
    150,
    fc.property(fc.array(fc.tuple(comment, block), { maxLength: 12 }), (parts) => {
      const bundle = [...parts, ["", { pem: certs.root.cert, whole: true }] as const];
      const store = TrustStore.fromPem(bundle.map(([text, { pem }]) => `${text}\n${pem}`).join(""));
      const whole = bundle.filter(([, { whole: is }]) => is).map(([, { pem }]) => pemCertToDer(pem).join());
      expect(store.der().map((der) => der.join())).toEqual([...new Set(whole)]);
      const broken = [...bundle.keys()].filter((i) => !bundle[i]![1].whole);
      expect(store.skipped.map(({ index }) => index)).toEqual(broken);
    }),
  );
});

const anyText = fc.oneof(fc.string(), fc.string({ unit: "binary" }), fc.domain(), fc.ipV4(), fc.ipV6());

describe("Names", () => {
  explore(
    "of servers are what they were after they were read once more, or refused",
    500,
    fc.property(
      fc.oneof(
        anyText,
        anyText.map((text) => `${text}.`),
        anyText.map((text) => `[${text}]`),
      ),
      (text) => {
        const read = unlessRefused(() => toHostName(text, "serverHostname"), SSLConfigError);
        if (read === null) return;
        expect(toHostName(read.name, "serverHostname")).toEqual(read);
        expect(read.name).toMatch(read.kind === "dns" ? /^[a-z0-9._-]{1,253}$/ : /[.:]/);
      },
    ),
  );

  const protocol = fc.oneof(
    fc.string({ unit: "binary", maxLength: 5 }),
    fc.constantFrom("", "x".repeat(255), "x".repeat(256)),
  );
  explore(
    "of protocols have 1 to 255 bytes other than 0",
    60,
    fc.property(fc.array(protocol, { maxLength: 4 }), (alpn) => {
      const right = alpn.every((name) => name !== "" && name.length < 256 && !/[\0\u0100-\uffff]/.test(name));
      const context = unlessRefused(() => SSLContext.client({ alpn }), SSLConfigError);
      context?.dispose();
      expect(context !== null).toBe(right);
    }),
  );

  explore(
    "of pins and times are read, or refused",
    300,
    fc.property(
      fc.oneof(fc.string(), fc.base64String(), harmed(["Jan  5 09:34:43 2018 GMT", `sha256/${"A".repeat(43)}=`])),
      (text) => {
        unlessRefused(() => certTimeToSeconds(text), RangeError);
        const pin = parsePin(text);
        if (pin !== null) expect(parsePin(pin)).toBe(pin);
      },
    ),
  );
});

const everyOption = new Set([false, true].flatMap(optionNames));

explore(
  "Options that can be anything make a context, or are refused by a typed error that says what cannot be used",
  150,
  fc.property(
    fc.boolean(),
    fc.dictionary(
      fc.constantFrom(...everyOption),
      fc.anything({ withBigInt: true, withTypedArray: true, withNullPrototype: true }),
    ),
    (server, options) => {
      const { chain: cert, key } = certs.localhost;
      try {
        if (server) SSLContext.server({ identities: [{ cert, key }], ...options }).dispose();
        else SSLContext.client(options).dispose();
      } catch (error) {
        const typed = error instanceof SSLConfigError || error instanceof TypeError || error instanceof RangeError;
        expect([typed, (error as Error).message], String(error)).toEqual([
          true,
          expect.stringMatching(/^Cannot (use|make|read) /),
        ]);
      }
    },
  ),
);

describe("The command line", () => {
  const word = fc.oneof(
    fc.constantFrom(
      "connect",
      "serve",
      "trace",
      "--ca",
      "--cert=x",
      "--key",
      "--port",
      "--port=0",
      "--tls1.2",
      "--json",
      "--help",
    ),
    fc.constantFrom(
      "localhost:443",
      "[::1]:1",
      "-o",
      "-",
      "--",
      "--alpn",
      "--timeout=1e9",
      "--timeout",
      "--starttls=smtp",
    ),
    fc.string().map((text) => `--${text}`),
    fc.string({ unit: "binary" }),
  );
  explore(
    "whatever it is, it is understood or refused with a sentence",
    500,
    fc.property(fc.array(word, { maxLength: 8 }), (args) => {
      const read = unlessRefused(() => parseCommandLine(args), UsageError);
      expect(read?.command).toBeOneOf([undefined, "connect", "serve", "trace", "help", "version"]);
    }),
  );

  const file = fc.string({ minLength: 1, unit: fc.constantFrom("a", "b", "/", ".") });
  const wanted = fc.record({
    ca: fc.array(file, { maxLength: 3 }),
    own: fc.option(fc.record({ cert: file, key: file })),
    alpn: fc.array(fc.constantFrom("h2", "http/1.1"), { maxLength: 2 }),
    port: fc.integer({ min: 1, max: 65_535 }),
    json: fc.boolean(),
    seconds: fc.integer({ min: 1, max: 1000 }),
    only: fc.option(fc.constantFrom("1.2", "1.3")),
  });
  explore(
    "what was written is understood as it was meant, in any order",
    200,
    fc.property(wanted, fc.nat(), ({ ca, own, alpn, port, json, seconds, only }, turn) => {
      const options = [
        ...ca.map((name) => ["--ca", name]),
        ...(own === null ? [] : [[`--cert=${own.cert}`], ["--key", own.key]]),
        ...(alpn.length === 0 ? [] : [["--alpn", alpn.join(",")]]),
        ...(json ? [["--json"]] : []),
        ...(only === null ? [] : [[`--tls${only}`]]),
        ["--timeout", String(seconds)],
        [`host:${port}`],
      ];
      const place = turn % (options.length + 1);
      const turned = own === null ? [...options.slice(place), ...options.slice(0, place)] : options;
      const read = parseCommandLine(["connect", ...turned.flat()]) as Arguments & { readonly ca: readonly string[] };
      expect(read).toMatchObject({
        ...{ command: "connect", host: "host", port, alpn, report: json ? "json" : "none", timeoutMs: seconds * 1000 },
        ...{ cert: own?.cert ?? null, key: own?.key ?? null, maxVersion: only === "1.2" ? "TLSv1.2" : "TLSv1.3" },
      });
      expect([...read.ca].toSorted()).toEqual(ca.toSorted());
    }),
  );
});
