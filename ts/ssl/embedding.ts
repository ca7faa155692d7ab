// What a face of another ecosystem needs of a connection and Python's face does not have. Not part of the package's interface.
// Owns no decision. Refuses to know sockets and runtimes.
import type { Tenant } from "../engine/connection.ts";
import type { SSLError } from "../engine/errors.ts";
import { MemoryBIO } from "./memory-bio.ts";
import type { ConnectionHooks } from "./options.ts";
import type { SSLContext } from "./ssl-context.ts";
import { SSLObject } from "./ssl-object.ts";
import { judge, policyOf } from "./verification.ts";
import type { WrapOptions } from "./wrapping.ts";
import type { TrustStore } from "./x509/trust-store.ts";

export type { ConnectionHooks };

/** A connection over bytes that are handed in and out. */
export class EmbeddedObject extends SSLObject {
  /**
   * Makes one; ciphertext of the peer is read from `incoming`, where some may have come already. The hooks are not checked: they
   * cost nothing, so that connections with hooks of their own can share a context.
   */
  static open(context: SSLContext, incoming: MemoryBIO, options: WrapOptions, hooks: ConnectionHooks): EmbeddedObject {
    return new EmbeddedObject(context.open(incoming, new MemoryBIO(), options, hooks));
  }

  /** Goes on with the handshake: true when it is over, false when it needs more of the peer, or a promise to wait for. */
  advance(): boolean | Promise<void> {
    const result = this.tryHandshake();
    if (result.kind !== "want") return true;
    return result.want === "callback" ? this.answerReady : false;
  }

  /** Has `tenant` told when a trap, perhaps that of another connection, has ended this one; it is not kept alive for it. */
  tellOfTrap(tenant: Tenant): void {
    this.connection.tellOfTrap(tenant);
  }

  /** Whether part of a record has come, and the rest is awaited. */
  get midRecord(): boolean {
    return this.connection.midRecord;
  }

  /** What is to be sent. */
  take(): Uint8Array {
    return this.outgoing.read();
  }

  /** The Finished messages of both sides, TLS 1.2 only; null before there are any. */
  finished(): { readonly own: Uint8Array; readonly peer: Uint8Array } | null {
    return this.connection.handshakeOver ? this.connection.facts.finished() : null;
  }

  /** The certificate that this side presented, DER, or null. */
  ownCertificate(): Uint8Array | null {
    return this.connection.facts.ownCertificate();
  }
}

/** Appends bytes to a queue as they are: nobody may change them from now on. */
export function handOver(bytes: Uint8Array, queue: MemoryBIO): void {
  queue.append(bytes);
}

/** What would have been said against a chain had the context verified it, null for nothing. Names are not compared. */
export function complaintAbout(chain: readonly Uint8Array[], context: SSLContext): SSLError | null {
  const { checked, arithmetic } = context.internals();
  const verdict = judge(chain, { ...policyOf(checked, context.serverSide, null), mode: "required" }, arithmetic);
  return verdict.trusted ? null : verdict.failure.error;
}

/** The trusted certificates, DER, that bear the name of the issuer of this one. */
export function trustedIssuers(der: Uint8Array, trust: TrustStore): readonly Uint8Array[] {
  return trust.issuersOf(der);
}
