// Each primitive of our module beside stock Mbed TLS's, in one process: the same entry points of two builds. Owns what is done with
// which bytes.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { generateKey, publicKeyOf, signedWith } from "../../../ts/engine/keys.ts";
import { verifySignature } from "../../../ts/engine/signatures.ts";
import type { Realm } from "../../../ts/wasm/realm.ts";
import { keyForms } from "../../support/certs.ts";
import { cpuForOne, type Workload } from "../measure.ts";
import { type Curve, Probe, type Work } from "../probe.ts";
import { type Measures, row, type Section, startersOf } from "../section.ts";

/** The first one is what the others are compared with; `vetted` is there when the build makes it. */
const modules: Readonly<Record<string, string>> = {
  "Mbed TLS": "build/wanttls-mbedtls-probe.wasm",
  wanttls: "build/wanttls-probe.wasm",
  vetted: "build/vetted-probe.wasm",
};

/** What is done over and over; answers how much that was. */
type Act = () => number;

interface Primitive {
  readonly what: string;
  readonly measures: Measures;
  readonly prepare: (probe: Probe) => Act;
}

const operations: Measures = { "operations per CPU s": (slices) => 1 / cpuForOne(slices) };
const bytes: Measures = { "MB per CPU s": (slices) => 1 / cpuForOne(slices) / 1e6 };
const recordSize = 16384;
const shortSize = 96;
const bytesAtOnce = 4 * recordSize;
const message = new Uint8Array(200).fill(7);

const primitives: readonly Primitive[] = [
  publicKeys("X25519", 255),
  agreement("X25519", 255),
  publicKeys("P-256", 256),
  agreement("P-256", 256),
  signing("P-256 ECDSA", 256, 256),
  verifying("P-256 ECDSA", 256, 256),
  agreement("P-384", 384),
  signing("P-384 ECDSA", 384, 384),
  verifying("P-384 ECDSA", 384, 384),
  signing("RSA-2048", 2048, 256),
  signingAgain(),
  verifying("RSA-2048", 2048, 256),
  bulk("SHA-256"),
  bulk("SHA-384"),
  bulk("AES-128-GCM"),
  bulk("AES-256-GCM"),
  bulk("ChaCha20-Poly1305"),
  bulk("AES-128-CCM"),
  bulk("AES-128-CBC"),
  bulk("AES-128-CBC", { undo: true }),
  bulk("SHA-256", { size: shortSize }),
  bulk("AES-128-GCM", { size: shortSize }),
  bulk("ChaCha20-Poly1305", { size: shortSize }),
  bulk("AES-128-CCM", { size: shortSize }),
];

export const primitivesSection: Section = {
  name: "primitives",
  title: "Primitives, beside stock Mbed TLS in the same process",
  note: "More is better. Public-key operations begin with the key's bytes, but where a key is kept, as servers keep theirs; signatures and verifications read DER. Hashes and ciphers work on 16 KiB, where nothing else is said, in memory that the module has already; an AEAD sets its key up once for all records, as in the record layer, CBC for each.",
  async *run(scope) {
    const builds = Object.entries(modules)
      .filter(([, path]) => existsSync(fileURLToPath(new URL(`../../../${path}`, import.meta.url))))
      .map(([name, path]) => ({ name, probe: new Probe(path) }));
    for (const { what, measures, prepare } of primitives) {
      const starters = startersOf(builds, ({ probe }) => repeated(prepare(probe)));
      yield* row(scope, { section: "primitives", what }, starters, measures);
    }
  },
};

/** As often in a row as one millisecond takes about, since asking for the time costs as much as a short operation. */
function repeated(act: Act): Workload {
  const begin = performance.now();
  let amount = 0;
  let times = 0;
  for (; performance.now() - begin < 1; times++) amount += act();
  if (!(amount > 0)) throw new Error("it does nothing");
  const run = (): number => {
    let done = 0;
    for (let i = 0; i < times; i++) done += act();
    return done;
  };
  return { run };
}

function publicKeys(name: string, curve: Curve): Primitive {
  const prepare = (probe: Probe): Act => {
    const key = new Uint8Array(32).fill(77);
    return () => {
      probe.publicKey(curve, key);
      return 1;
    };
  };
  return { what: `${name} key generation`, measures: operations, prepare };
}

function agreement(name: string, curve: Curve): Primitive {
  const size = curve === 384 ? 48 : 32;
  const prepare = (probe: Probe): Act => {
    const key = new Uint8Array(size).fill(77);
    const peer = probe.publicKey(curve, new Uint8Array(size).fill(78));
    return () => {
      probe.agree(curve, key, peer);
      return 1;
    };
  };
  return { what: `${name} agreement`, measures: operations, prepare };
}

function signing(name: string, size: 256 | 384 | 2048, hash: 256 | 384): Primitive {
  const prepare = ({ realm }: Probe): Act => {
    const key = keyOf(realm, size);
    return () => {
      signedWith(realm, key, hash, message);
      return 1;
    };
  };
  return { what: `${name} signature`, measures: operations, prepare };
}

/** As servers do: reading an RSA key, and the inverse for its blinding, take about as long as a signature, but come once. */
function signingAgain(): Primitive {
  const prepare = (probe: Probe): Act => {
    probe.keepKey(keyOf(probe.realm, 2048));
    const digest = new Uint8Array(32).fill(7);
    return () => {
      probe.signKept(digest);
      return 1;
    };
  };
  return { what: "RSA-2048 signature, key kept", measures: operations, prepare };
}

function verifying(name: string, size: 256 | 384 | 2048, hash: 256 | 384): Primitive {
  const prepare = ({ realm }: Probe): Act => {
    const key = keyOf(realm, size);
    const publicKey = publicKeyOf(realm, key);
    const signature = signedWith(realm, key, hash, message);
    return () => Number(verifySignature(realm, publicKey, { hash }, message, signature));
  };
  return { what: `${name} verification`, measures: operations, prepare };
}

function bulk(
  work: Work,
  { size = recordSize, undo = false }: { readonly size?: number; readonly undo?: boolean } = {},
): Primitive {
  const times = Math.floor(bytesAtOnce / size);
  const prepare = (probe: Probe): Act => {
    const repeat = probe.repeated(work, size, times, undo);
    return () => {
      repeat();
      return size * times;
    };
  };
  const what = [work, undo ? "decryption" : "", size === recordSize ? "" : `of ${size} bytes`]
    .filter(Boolean)
    .join(" ");
  return { what, measures: bytes, prepare };
}

/** RSA keys take long to make. */
function keyOf(realm: Realm, size: 256 | 384 | 2048): Uint8Array {
  return size === 2048 ? new Uint8Array(Buffer.from(keyForms.rsa.traditionalDer, "base64")) : generateKey(realm, size);
}
