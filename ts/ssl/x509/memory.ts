// What is remembered of paths that held: their certificates, parsed, and under which key each signature was found right. Both
// follow from bytes alone and stay true. Refuses to know names, times and trust: those are judged anew for each path.
import { sameBytes, type X509 } from "./certificate.ts";
import type { PublicKey, Signed } from "./keys.ts";

/** A signature that is right, and the key that it is right under. */
export type Link = readonly [signed: Signed, key: PublicKey];

/**
 * The memory of one trust store in one realm. Only what belongs to a path that held comes in, so that strangers cannot fill
 * it; nothing that was wrong is kept. Certificates are compared byte by byte, never by a digest.
 */
export class PathMemory {
  /** The one that was not needed for the longest time is the first. */
  readonly #certificates = new Map<number, X509>();
  /** One key each: more than one makes the same signature right only where somebody tries to confuse. */
  readonly #signers = new WeakMap<Signed, PublicKey>();

  /** How many certificates are remembered. */
  get size(): number {
    return this.#certificates.size;
  }

  /** The certificate with exactly these bytes, parsed when it came in; null when it is not remembered. */
  certificate(der: Uint8Array): X509 | null {
    const place = placeOf(der);
    const known = this.#certificates.get(place);
    if (known === undefined || !sameBytes(known.raw, der)) return null;
    this.#put(place, known);
    return known;
  }

  /** Whether the signature was found right under this very key. */
  isSigned(signed: Signed, key: PublicKey): boolean {
    const signer = this.#signers.get(signed);
    return signer !== undefined && sameBytes(signer.raw, key.raw);
  }

  /** Keeps a path that holds, and the signatures that were right. Its certificates must not change any more. */
  keep(path: readonly X509[], links: Iterable<Link>): void {
    for (const certificate of path) {
      const { raw } = certificate;
      if (raw.length <= largestCertificate) this.#put(placeOf(raw), certificate);
    }
    for (const [signed, key] of links) this.#signers.set(signed, key);
  }

  #put(place: number, certificate: X509): void {
    this.#certificates.delete(place);
    this.#certificates.set(place, certificate);
    if (this.#certificates.size > mostCertificates) this.#certificates.delete(this.#certificates.keys().next().value!);
  }
}

/** Enough for the servers that a program talks to, and not much memory where a server sees many clients. */
export const mostCertificates = 256;

/** A larger one is parsed each time. */
const largestCertificate = 8192;

/** A certificate ends with its signature. Two that end alike take the place of each other, no more. */
function placeOf(der: Uint8Array): number {
  let place = 0;
  for (let at = Math.max(0, der.length - 6); at < der.length; at++) place = place * 256 + der[at]!;
  return place;
}
