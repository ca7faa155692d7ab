// Measures whether secrets show in time, after dudect (Reparaz, Balasch and Verbauwhede, "Dude, is my code constant time?", 2017): one
// secret always the same, or a random one each time, in random order; Welch's t-test tells whether their times have one mean.
// Owns the measurement and the verdict. Only a t beyond `threshold` fails, far above what a loaded machine makes up; a
// comparison that ends early must be beyond it. A small t proves nothing.
//
//   node test/audit/timing.ts [seconds for each]     the default is 3
import process from "node:process";
import { derOf } from "../crypto/primitives.ts";
import { certs } from "../support/certs.ts";
import { Evidence, evidenceFile, randomBytes } from "../crypto/evidence.ts";

const threshold = 50;
const fewest = 1000; // measurements of each class
const seconds = Number(process.argv[2] ?? 3);

interface Target {
  readonly name: string;
  readonly leaks?: true;
  /** The size of the secret. */
  readonly size: number;
  /** The one that is always the same; some bytes when left out. */
  readonly fixed?: Uint8Array;
  /** Puts a secret in its place. */
  readonly put: (secret: Uint8Array) => void;
  readonly work: () => void;
}

const evidence = new Evidence(evidenceFile("evidence.wasm"), {
  wt_random: (at: number, size: number): number => {
    evidence.write(at, crypto.getRandomValues(new Uint8Array(size)));
    return 0;
  },
});
evidence.call("_initialize");
evidence.call("wt_start");
const room = (): number => evidence.room(8192);
const [key, iv, zeros, text, tag] = [room(), room(), room(), room(), room()];
const [aes, gcm, pk] = [room(), room(), room()];

let failed = false;
for (const target of targets()) {
  const t = measured(target);
  const beyond = Math.abs(t) > threshold;
  failed ||= beyond !== (target.leaks ?? false);
  console.log(`timing: ${target.name}: t = ${t.toFixed(1)}${beyond ? `, beyond ${threshold}` : ""}`);
}
process.exitCode = failed ? 1 : 0;

function targets(): Target[] {
  const intoText = (secret: Uint8Array): void => evidence.write(text, secret);
  const intoTag = (secret: Uint8Array): void => evidence.write(tag, secret);
  evidence.call("gcm_set_key", gcm, key, 256);
  return [
    {
      name: "a comparison that ends early",
      leaks: true,
      size: 4096,
      fixed: new Uint8Array(4096),
      put: intoText,
      work: () => void evidence.call("leaky_equal", text, zeros, 4096),
    },
    {
      name: "comparison in constant time",
      size: 4096,
      fixed: new Uint8Array(4096),
      put: intoText,
      work: () => void evidence.call("ct_memcmp", text, zeros, 4096),
    },
    {
      name: "AES-128: eight blocks, by text",
      size: 128,
      put: intoText,
      work: () => void evidence.call("aes_encrypt", aes, text),
    },
    {
      name: "AES-128: the key",
      size: 16,
      put: intoText,
      work: () => void evidence.call("aes_set_key", aes, text, 16),
    },
    {
      name: "AES-256-GCM: a wrong tag",
      size: 16,
      put: intoTag,
      work: () => void evidence.call("gcm_open", gcm, iv, 12, zeros, 13, text, text, 64, tag, 16),
    },
    {
      name: "ChaCha20-Poly1305: a wrong tag",
      size: 16,
      put: intoTag,
      work: () => void evidence.call("chachapoly_open", key, iv, 12, zeros, 13, text, text, 64, tag),
    },
    agreement("X25519", 255),
    agreement("P-256", 256),
    {
      name: "P-256: a signature, by key",
      size: 32,
      put: intoText,
      work: () => void evidence.call("probe_sign", 256, text, 32, 32),
    },
    rsa(),
  ];
}

/** The peer's public key lies behind the private one. */
function agreement(name: string, curve: number): Target {
  evidence.write(text, randomBytes(32, 3));
  const peer = evidence.read(evidence.call("wt_scratch"), evidence.call("probe_public", curve, text, 32));
  return {
    name: `${name}: a shared secret, by private key`,
    size: 32,
    put: (secret) => evidence.write(text, Uint8Array.of(...secret, ...peer)),
    work: () => void evidence.call("probe_agree", curve, text, 32, peer.length),
  };
}

function rsa(): Target {
  const der = derOf(certs.localhostRsa.key);
  evidence.write(text, der);
  evidence.call("pk_parse", pk, text, der.length);
  return {
    name: "RSA-2048: the private operation, by number",
    size: 255,
    put: (secret) => evidence.write(text, Uint8Array.of(1, ...secret)),
    work: () => void evidence.call("rsa_private", pk, text, tag),
  };
}

/**
 * Welch's t of both classes: of all measurements, and of those below several quantiles, the one that is farthest from zero. The secrets
 * of both lie ready beforehand, in as many places, so that nothing but their bytes differs.
 */
function measured({ size, fixed = randomBytes(size, 1), put, work }: Target): number {
  const ready = Array.from({ length: 512 }, (_, i) => (i % 2 === 0 ? fixed.slice() : randomBytes(size, i + 1)));
  const times: [number[], number[]] = [[], []];
  const end = performance.now() + seconds * 1000;
  for (let i = 0; i < fewest * 2 || performance.now() < end; i++) {
    const which = Math.floor(Math.random() * ready.length);
    put(ready[which]!);
    const begin = process.hrtime.bigint();
    work();
    const time = Number(process.hrtime.bigint() - begin);
    if (i > fewest / 2) times[which % 2 === 0 ? 0 : 1].push(time); // what comes before warms up
  }
  const all = times.flat().toSorted((a, b) => a - b);
  const limits = [0.5, 0.75, 0.9, 0.95, 1].map((part) => all[Math.ceil(part * all.length) - 1]!);
  const below = (limit: number): number[][] => times.map((each) => each.filter((time) => time <= limit));
  const values = limits.map((limit) => welch(...(below(limit) as typeof times)));
  return values.reduce((worst, t) => (Math.abs(t) > Math.abs(worst) ? t : worst));
}

function welch(a: readonly number[], b: readonly number[]): number {
  const [left, right] = [moments(a), moments(b)];
  const spread = left.variance / a.length + right.variance / b.length;
  if (spread === 0) return left.mean === right.mean ? 0 : Infinity;
  return (left.mean - right.mean) / Math.sqrt(spread);
}

function moments(values: readonly number[]): { readonly mean: number; readonly variance: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  return { mean, variance };
}
