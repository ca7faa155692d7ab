// A module with the exports of test/crypto/probe.c, of any of the builds, for measuring. Owns its memory; judges nothing.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Address } from "../../ts/wasm/exports.gen.ts";
import { Realm } from "../../ts/wasm/realm.ts";

interface ProbeExports {
  readonly probe_public: (curve: number, at: Address, size: number) => number;
  readonly probe_agree: (curve: number, at: Address, keySize: number, peerSize: number) => number;
  readonly probe_keep_key: (key: Address, size: number) => number;
  readonly probe_sign_kept: (digest: Address, pss: number) => number;
  readonly probe_repeat: (work: number, data: Address, size: number, times: number) => number;
}

/** The order is that of probe.c. */
const works = [
  "AES-128-GCM",
  "AES-256-GCM",
  "ChaCha20-Poly1305",
  "AES-128-CCM",
  "AES-128-CBC",
  "SHA-256",
  "SHA-384",
] as const;
export type Work = (typeof works)[number];

/** Added to a work's number, it is undone instead, as probe.c has it for what is not authenticated. */
const undoing = 100;

/** An X25519 or NIST curve by its bits. */
export type Curve = 255 | 256 | 384;

export class Probe {
  /** For what the shipped module exports, too. */
  readonly realm: Realm;
  readonly #exports: ProbeExports;

  /** `path` is from the root of the repository. */
  constructor(path: string) {
    const file = fileURLToPath(new URL(`../../${path}`, import.meta.url));
    this.realm = new Realm(new WebAssembly.Module(readFileSync(file)), {
      trapped: (cause) => new Error(`Cannot go on: ${path} trapped`, { cause }),
      full: (bytes) => new Error(`Cannot allocate ${bytes} bytes`),
      unusable: (why) => new Error(`Cannot use ${path}: ${why}`),
    });
    this.#exports = this.realm.exports as unknown as ProbeExports;
  }

  publicKey(curve: Curve, key: Uint8Array): Uint8Array {
    const size = checked(this.realm.lend(key, (at) => this.#exports.probe_public(curve, at, key.length)));
    const result = new Uint8Array(size);
    this.realm.moveFromScratch(result, size);
    return result;
  }

  /** Leaves the shared secret where it is. */
  agree(curve: Curve, key: Uint8Array, peer: Uint8Array): void {
    const both = Uint8Array.of(...key, ...peer);
    checked(this.realm.lend(both, (at) => this.#exports.probe_agree(curve, at, key.length, peer.length)));
  }

  /** Reads the key (DER) for `signKept`, in place of the one before. */
  keepKey(key: Uint8Array): void {
    checked(this.realm.lend(key, (at) => this.#exports.probe_keep_key(at, key.length)));
  }

  /** A signature as a server makes it, whose key is read once: ECDSA or PKCS#1 v1.5, or RSASSA-PSS. */
  signKept(digest: Uint8Array, pss = false): Uint8Array {
    const size = checked(this.realm.lend(digest, (at) => this.#exports.probe_sign_kept(at, Number(pss))));
    const result = new Uint8Array(size);
    this.realm.moveFromScratch(result, size);
    return result;
  }

  /** Does it to the same `size` bytes, `times` times for each call of the answer; with `undo` decrypts, which only CBC can do here. */
  repeated(work: Work, size: number, times: number, undo = false): () => void {
    const at = this.realm.exports.wt_allocate(size + 16);
    const number = works.indexOf(work) + (undo ? undoing : 0);
    return () => void checked(this.#exports.probe_repeat(number, at, size, times));
  }
}

function checked(result: number): number {
  if (result < 0) throw new Error(`it answers ${result}`);
  return result;
}
