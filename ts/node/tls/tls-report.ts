// Owns what can be asked about a connection: certificates, cipher suite, keys, addresses. Refuses to change anything.
import { X509Certificate } from "node:crypto";
import type net from "node:net";
import type { CipherNameAndProtocol, DetailedPeerCertificate, EphemeralKeyInfo, PeerCertificate } from "node:tls";
import type { SSLSession } from "../../index.ts";
import { signatureSchemeId } from "../../ssl/tables.ts";
import { detailedCertificate, plainCertificate, type TrustedIssuers, x509Chain } from "./certificates.ts";
import { invalidArgType, nodeError, requireInteger, requireString } from "./errors.ts";
import { groupInfo, sigalgName } from "./parameters.ts";
import { TLSStream } from "./tls-stream.ts";

/** A `TLSStream` that answers the questions of Node's `TLSSocket`. */
export abstract class TLSReport extends TLSStream {
  /** Always true: this is no plain `net.Socket`. */
  readonly encrypted: true = true;
  #session: SSLSession | undefined;
  /** Made when somebody asks, as it takes time. */
  #sessionBytes: Uint8Array | undefined;

  /** How to get from a certificate to those that this side trusts. */
  protected abstract get trusted(): TrustedIssuers;

  /** Keeps the latest session. */
  protected keepSession(session: SSLSession): void {
    if (session === this.#session) return;
    this.#session = session;
    this.#sessionBytes = undefined;
  }

  /** The peer's certificate; with `detailed` also those above it. `{}` when it sent none, null after the end. */
  getPeerCertificate(detailed: true): DetailedPeerCertificate;
  getPeerCertificate(detailed?: false): PeerCertificate;
  getPeerCertificate(detailed?: boolean): PeerCertificate | DetailedPeerCertificate;
  getPeerCertificate(detailed?: boolean): PeerCertificate | DetailedPeerCertificate | null {
    if (this.destroyed) return null;
    const chain = this.#peerChain();
    return detailed === true ? detailedCertificate(chain, this.trusted) : plainCertificate(chain[0]);
  }

  /** The peer's certificate; undefined when it sent none, and after the end. */
  getPeerX509Certificate(): X509Certificate | undefined {
    return x509Chain(this.#peerChain());
  }

  /** The own certificate; `{}` when there is none, null after the end. */
  getCertificate(): PeerCertificate | object | null {
    if (this.destroyed) return null;
    return plainCertificate(this.#ownCertificate());
  }

  /** The own certificate; undefined when there is none, and after the end. */
  getX509Certificate(): X509Certificate | undefined {
    const own = this.#ownCertificate();
    return own === undefined ? undefined : new X509Certificate(own);
  }

  /** The cipher suite; null before the end of the handshake and after that of the connection. */
  getCipher(): CipherNameAndProtocol | null {
    const cipher = this.#live()?.cipher() ?? null;
    if (cipher === null) return null;
    const { name, standardName, version } = cipher;
    return { name, standardName, version };
  }

  /** `"TLSv1.2"`, `"TLSv1.3"`, `"unknown"` before the end of the handshake, null after that of the connection. */
  getProtocol(): string | null {
    return this.destroyed ? null : (this.#live()?.version() ?? "unknown");
  }

  /** Client: the group of the key exchange; null on servers. */
  getEphemeralKeyInfo(): EphemeralKeyInfo | object | null {
    const engine = this.#live();
    if (engine === null || engine.serverSide) return null;
    const group = engine.group();
    return group === null ? {} : { type: "ECDH", ...groupInfo[group] };
  }

  /** The Finished message of this side; TLS 1.2 only. */
  getFinished(): Buffer | undefined {
    return bufferOf(this.#live()?.finished()?.own);
  }

  /** The Finished message of the other side; TLS 1.2 only. */
  getPeerFinished(): Buffer | undefined {
    return bufferOf(this.#live()?.finished()?.peer);
  }

  /** Server: the signature schemes that both sides have, by OpenSSL's names, in the client's order. */
  getSharedSigalgs(): string[] {
    const engine = this.#live();
    const own = engine?.context.getSigalgs() ?? [];
    const offered = engine?.clientHello?.signatureAlgorithms ?? [];
    const shared = offered.flatMap((id) => own.find((scheme) => signatureSchemeId[scheme] === id) ?? []);
    return shared.map(sigalgName);
  }

  /** Client: the latest session that can be resumed, for the option `session`; undefined before there is one. */
  getSession(): Buffer | undefined {
    return bufferOf((this.#sessionBytes ??= this.#session?.serialize()));
  }

  /** Always undefined: a ticket is part of the session here, and is not given out alone. */
  getTLSTicket(): Buffer | undefined {
    return undefined;
  }

  /** Whether a session was resumed. */
  isSessionReused(): boolean {
    return this.#live()?.sessionReused ?? false;
  }

  /**
   * Keying material that both sides can compute (RFC 5705). Throws ERR_TLS_INVALID_STATE before the end of the handshake,
   * ERR_INVALID_ARG_TYPE and ERR_OUT_OF_RANGE.
   */
  exportKeyingMaterial(length: number, label: string, context?: Buffer): Buffer {
    requireInteger(length, "length", 1, 2 ** 31 - 1);
    requireString(label, "label");
    if (context !== undefined && !ArrayBuffer.isView(context))
      throw invalidArgType("context", ["Buffer", "TypedArray", "DataView"], context);
    const engine = this.#live();
    if (engine === null || !this.secured)
      throw nodeError("ERR_TLS_INVALID_STATE", "TLS socket connection must be securely established");
    return Buffer.from(engine.exportKeyingMaterial(length, label, context as Buffer<ArrayBuffer> | undefined));
  }

  /** As of the socket below; `{}` when it has none. */
  override address(): net.AddressInfo | object {
    return this.below?.address?.() ?? {};
  }

  #live(): TLSStream["engine"] {
    return this.destroyed ? null : this.engine;
  }

  #peerChain(): readonly Uint8Array[] {
    return this.secured ? (this.#live()?.getUnverifiedChain() ?? []) : [];
  }

  #ownCertificate(): Uint8Array | undefined {
    return this.secured ? (this.#live()?.ownCertificate() ?? undefined) : this.presented();
  }

  /** The certificate that will be presented, as far as that is known. */
  protected abstract presented(): Uint8Array | undefined;
}

function bufferOf(bytes: Uint8Array | undefined): Buffer | undefined {
  return bytes === undefined ? undefined : Buffer.from(bytes);
}

/** What `net.Socket` reads from its handle is here the socket's below, or counted. */
const answers: Readonly<Record<string, (socket: Seen) => unknown>> = {
  remoteAddress: ({ below }) => below?.remoteAddress,
  remoteFamily: ({ below }) => below?.remoteFamily,
  remotePort: ({ below }) => below?.remotePort,
  localAddress: ({ below }) => below?.localAddress,
  localFamily: ({ below }) => below?.localFamily,
  localPort: ({ below }) => below?.localPort,
  pending: ({ below, connecting }) => below === null || connecting,
  bufferSize: ({ destroyed, writableLength }) => (destroyed ? undefined : writableLength),
  bytesRead: ({ plaintextRead }) => plaintextRead,
  bytesWritten: ({ plaintextWritten }) => plaintextWritten,
};

type AddressOf = "localAddress" | "localFamily" | "localPort" | "remoteAddress" | "remoteFamily" | "remotePort";

/** The part of the class that the answers need. */
interface Seen {
  readonly below: Partial<Pick<net.Socket, AddressOf>> | null;
  readonly connecting: boolean;
  readonly destroyed: boolean;
  readonly writableLength: number;
  readonly plaintextRead: number;
  readonly plaintextWritten: number;
}

// Accessors, as in net.Socket; its types call them properties, so they cannot be written as accessors of the class.
for (const [name, answer] of Object.entries(answers)) {
  Object.defineProperty(TLSReport.prototype, name, {
    configurable: true,
    get(this: Seen) {
      return answer(this);
    },
    set() {}, // some runtimes' net.Socket assigns to them
  });
}
