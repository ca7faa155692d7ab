// The probe module: the shipped objects with the exports of probe.c, for primitives that the shim does not have. Knows nothing
// of what they should answer.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Address } from "../../ts/wasm/exports.gen.ts";
import { Realm } from "../../ts/wasm/realm.ts";
import { wasmFile } from "../support/wasm-file.ts";

export type Curve = 255 | 256 | 384 | 521;

interface ProbeExports {
  readonly probe_public: (curve: Curve, at: Address, size: number) => number;
  readonly probe_agree: (curve: Curve, at: Address, keySize: number, peerSize: number) => number;
  readonly probe_keep_key: (key: Address, size: number) => number;
  readonly probe_sign_kept: (digest: Address, pss: number) => number;
  readonly probe_multiply: (at: Address, aSize: number, bSize: number) => number;
  readonly probe_power: (at: Address, baseSize: number, exponentSize: number, modulusSize: number) => number;
}

const path = fileURLToPath(new URL(`../../${wasmFile().replace(/\.wasm$/, "-probe.wasm")}`, import.meta.url));
let fails = (): boolean => false;
const realm = new Realm(new WebAssembly.Module(readFileSync(path)), {
  random: (into) => {
    if (fails()) throw new Error("no randomness");
    crypto.getRandomValues(into);
  },
  trapped: (cause) => new Error("Cannot go on: the probe trapped", { cause }),
  full: (bytes) => new Error(`Cannot allocate ${bytes} bytes`),
  unusable: (why) => new Error(`Cannot use the probe: ${why}`),
});
const probe = realm.exports as unknown as ProbeExports;

/** The public key, as PSA exports it, or PSA's status when the private key is refused. */
export function publicKey(curve: Curve, key: Uint8Array): Uint8Array | number {
  return answer(key, (at) => probe.probe_public(curve, at, key.length));
}

/** The shared secret, or PSA's status when one of the keys is refused. */
export function agree(curve: Curve, key: Uint8Array, peer: Uint8Array): Uint8Array | number {
  return answer(Uint8Array.of(...key, ...peer), (at) => probe.probe_agree(curve, at, key.length, peer.length));
}

/** Keeps the private key (DER) for `sign` until it is forgotten. */
export function keepKey(key: Uint8Array): void {
  const error = realm.lend(key, (at) => probe.probe_keep_key(at, key.length));
  if (error !== 0) throw new Error(`Cannot keep the key: Mbed TLS answers ${error}`);
}

export function forgetKey(): void {
  probe.probe_keep_key(0, 0);
}

/** The signature of a digest of SHA-256 by the kept key, or Mbed TLS's error; the randomness fails when `failing` says so. */
export function sign(digest: Uint8Array, pss: boolean, failing = (): boolean => false): Uint8Array | number {
  fails = failing;
  try {
    return answer(digest, (at) => probe.probe_sign_kept(at, Number(pss)));
  } finally {
    fails = () => false;
  }
}

export function multiply(a: bigint, b: bigint): bigint {
  const [left, right] = [bytesOf(a), bytesOf(b)];
  const product = answer(Uint8Array.of(...left, ...right), (at) => probe.probe_multiply(at, left.length, right.length));
  return bigintOf(product);
}

export function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  const [b, e, m] = [bytesOf(base), bytesOf(exponent), bytesOf(modulus)];
  const result = answer(Uint8Array.of(...b, ...e, ...m), (at) => probe.probe_power(at, b.length, e.length, m.length));
  return bigintOf(result);
}

/** Blocks that calls of the probe have left behind. */
export function liveBlocks(): number {
  return realm.liveBlocks();
}

function answer(bytes: Uint8Array, call: (at: Address) => number): Uint8Array | number {
  const size = realm.lend(bytes, call);
  if (size < 0) return size;
  const result = new Uint8Array(size);
  realm.moveFromScratch(result, size);
  return result;
}

function bytesOf(number: bigint): Uint8Array {
  const hex = number.toString(16);
  return Uint8Array.from(hex.padStart(hex.length + (hex.length % 2), "0").match(/../g)!, (pair) => parseInt(pair, 16));
}

function bigintOf(bytes: Uint8Array | number): bigint {
  if (typeof bytes === "number") throw new Error(`Cannot calculate: Mbed TLS answers ${bytes}`);
  return BigInt(`0x0${Buffer.from(bytes).toString("hex")}`);
}
