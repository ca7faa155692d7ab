// The certificates to trust: an index by subject over their bytes. Each is parsed when a path needs it, so that a store of
// all public roots costs next to nothing. Whether a path to them holds is decided elsewhere.
import { SSLConfigError, SSLError } from "../../engine/errors.ts";
import { type Bytes, toBytes } from "../bytes.ts";
import { type Certificate, parseCertificate } from "../certificate.ts";
import { pack } from "../packing.ts";
import { type PemBlock, pemBlocks, pemTextOf } from "../pem.ts";
import { parseIssuer, parseSubject, parseX509, sameBytes, type X509 } from "./certificate.ts";
import type { Name } from "./distinguished-name.ts";
import { PathMemory } from "./memory.ts";

/** Something that was given as a trusted certificate and is not usable as one. */
export interface SkippedCertificate {
  /** Its place among all that were given, from 0. */
  readonly index: number;
  readonly reason: string;
}

/**
 * A set of trusted certificates. Immutable; cheap to make, as nothing is decoded until it is used, and only what is used is
 * parsed. The class of this name in `wanttls/node`, `wanttls/deno` and `wanttls/bun` also has `system()` and `mozilla()`.
 *
 * @example
 * const trust = TrustStore.fromPem(await readFile("ca.pem"));
 */
export class TrustStore {
  readonly #parsed = new Map<Uint8Array, X509 | SSLError>();
  #given: readonly PemBlock[] | (() => readonly PemBlock[]);
  #index: Index | undefined;
  readonly #memories = new WeakMap<object, PathMemory>();
  readonly #digests = new WeakMap<object, Uint8Array>();

  /** What was given, or how to get it. */
  protected constructor(given: readonly PemBlock[] | (() => readonly PemBlock[])) {
    this.#given = given;
  }

  /** A store that trusts nobody. */
  static empty(): TrustStore {
    return new this([]);
  }

  /** Every certificate of a PEM text. Throws SSLConfigError when there is none; a broken one among others is skipped. */
  static fromPem(pem: string | Bytes): TrustStore {
    const text = pemTextOf(pem, "pem");
    const first = pemBlocks(text, certificateLabels).next();
    if (first.done === true) {
      const why = text.trim() === "" ? "the text is empty" : "the text has no CERTIFICATE block";
      throw new SSLConfigError(`Cannot read trusted certificates: ${why}`, { reason: "BAD_PEM", library: "PEM" });
    }
    return new this(() => [...pemBlocks(text, certificateLabels)]).#withSomething(first.value);
  }

  /** One certificate or several, DER. Throws SSLConfigError when none of them is usable. */
  static fromDer(der: Bytes | readonly Bytes[]): TrustStore {
    const list = isList(der) ? der : [der];
    const given = list.map((one) => ({ der: toBytes(one, "der").slice(), reason: null }));
    return new this(given).#withSomething(given[0]);
  }

  /** This store and another one together. */
  with(more: TrustStore): TrustStore {
    return new (this.constructor as typeof TrustStore)(() => [...this.#all(), ...more.#all()]);
  }

  /** How many different certificates it holds. */
  get size(): number {
    return this.#indexed().usable.length;
  }

  /** What was given, but is not usable, and why. */
  get skipped(): readonly SkippedCertificate[] {
    return this.#indexed().skipped;
  }

  /** The certificates, parsed for people. */
  certificates(): Certificate[] {
    return this.der().map((der) => parseCertificate(der));
  }

  /** The certificates as bytes. Not copies: leave them as they are. */
  der(): readonly Uint8Array[] {
    return this.#indexed().usable;
  }

  /** @internal Those with this subject that can be parsed. */
  issuers(subject: Name): X509[] {
    return (this.#indexed().bySubject.get(subject.key) ?? []).flatMap((der) => this.#parse(der) ?? []);
  }

  /** @internal The trusted certificates, DER, that bear the name of the issuer of this one. */
  issuersOf(der: Uint8Array): readonly Uint8Array[] {
    const issuer = attempt(() => parseIssuer(der));
    return issuer instanceof SSLError ? [] : (this.#indexed().bySubject.get(issuer.key) ?? []);
  }

  /** @internal Whether exactly this certificate is trusted. */
  has(certificate: X509): boolean {
    const same = this.#indexed().bySubject.get(certificate.subject.key) ?? [];
    return same.some((der) => sameBytes(der, certificate.raw));
  }

  /**
   * What is remembered of paths to these certificates. Each realm has its own, as one whose memory was corrupted must not
   * vouch for signatures to others.
   * @internal
   */
  memoryIn(realm: object): PathMemory {
    let memory = this.#memories.get(realm);
    if (memory === undefined) this.#memories.set(realm, (memory = new PathMemory()));
    return memory;
  }

  /**
   * Tells stores with other certificates apart; calculated once in each realm.
   * @internal
   */
  digestBy({
    realm,
    sha256,
  }: {
    readonly realm: object;
    readonly sha256: (data: Uint8Array) => Uint8Array;
  }): Uint8Array {
    let digest = this.#digests.get(realm);
    if (digest === undefined) this.#digests.set(realm, (digest = sha256(pack(this.der()))));
    return digest;
  }

  /** Looks at all of it only when the first one is not usable. */
  #withSomething(first: PemBlock | undefined): this {
    const usable = first !== undefined && first.der !== null && !(subjectOf(first.der) instanceof SSLError);
    if (usable || this.size > 0) return this;
    const why = this.skipped[0]?.reason ?? "there is none";
    throw new SSLConfigError(`Cannot read trusted certificates: ${why}`, {
      reason: "BAD_CERTIFICATE",
      library: "X509",
    });
  }

  #all(): readonly PemBlock[] {
    return typeof this.#given === "function" ? (this.#given = this.#given()) : this.#given;
  }

  #parse(der: Uint8Array): X509 | null {
    let parsed = this.#parsed.get(der);
    if (parsed === undefined) this.#parsed.set(der, (parsed = attempt(() => parseX509(der))));
    return parsed instanceof SSLError ? null : parsed;
  }

  #indexed(): Index {
    return (this.#index ??= indexOf(this.#all()));
  }
}

interface Index {
  readonly bySubject: ReadonlyMap<string, readonly Uint8Array[]>;
  /** The same certificate twice counts once. */
  readonly usable: readonly Uint8Array[];
  readonly skipped: readonly SkippedCertificate[];
}

const certificateLabels: ReadonlySet<string> = new Set(["CERTIFICATE", "X509 CERTIFICATE"]);

function indexOf(given: readonly PemBlock[]): Index {
  const bySubject = new Map<string, Uint8Array[]>();
  const usable: Uint8Array[] = [];
  const skipped: SkippedCertificate[] = [];
  for (const [index, { der, reason }] of given.entries()) {
    if (der === null) {
      skipped.push({ index, reason });
      continue;
    }
    const subject = subjectOf(der);
    if (subject instanceof SSLError) {
      skipped.push({ index, reason: subject.message });
      continue;
    }
    const same = bySubject.get(subject.key) ?? [];
    if (same.some((other) => sameBytes(other, der))) continue;
    same.push(der);
    usable.push(der);
    bySubject.set(subject.key, same);
  }
  return { bySubject, usable, skipped };
}

function subjectOf(der: Uint8Array): Name | SSLError {
  return attempt(() => parseSubject(der));
}

function attempt<T>(parse: () => T): T | SSLError {
  try {
    return parse();
  } catch (error) {
    if (error instanceof SSLError) return error;
    throw error;
  }
}

function isList(der: Bytes | readonly Bytes[]): der is readonly Bytes[] {
  return Array.isArray(der);
}
