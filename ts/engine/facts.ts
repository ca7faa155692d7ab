// Owns the questions about a connection that Mbed TLS answers and that change nothing. Refuses to know how far the handshake has
// come: whoever asks knows whether there is an answer yet. Each throws SSLStateError when there is nobody to ask.
import type { Handle } from "./handle.ts";

export class Facts {
  readonly #handle: Handle;

  constructor(handle: Handle) {
    this.#handle = handle;
  }

  protocolVersion(): number {
    return this.#handle.realm.exports.wt_protocol_version(this.#handle.live());
  }

  cipherSuite(): number {
    return this.#handle.realm.exports.wt_ciphersuite(this.#handle.live());
  }

  group(): number {
    return this.#handle.realm.exports.wt_group(this.#handle.live());
  }

  /** The signature scheme that the server, or the client, used in this handshake; 0 when it signed nothing. */
  signatureScheme(server: boolean): number {
    return this.#handle.realm.exports.wt_signature_scheme(this.#handle.live(), Number(server));
  }

  alpn(): string | null {
    const { realm } = this.#handle;
    return realm.textAt(realm.exports.wt_alpn(this.#handle.live()));
  }

  /** Whether a session was resumed instead of a full handshake; known once both hellos were. */
  resumed(): boolean {
    return this.#handle.made && this.#handle.realm.exports.wt_resumed(this.#handle.live()) !== 0;
  }

  /** Whether both sides know each other by a pre-shared key. */
  pskUsed(): boolean {
    return this.#handle.made && this.#handle.realm.exports.wt_psk_used(this.#handle.live()) !== 0;
  }

  /** What the client of a server that stands at `psk` calls itself. */
  pskIdentity(): Uint8Array {
    const { realm } = this.#handle;
    const pointer = this.#handle.live();
    return realm.copyOut(realm.exports.wt_psk_identity(pointer), realm.exports.wt_psk_identity_size(pointer));
  }

  /** The certificates that the peer presented in this handshake, DER; none in one that resumes a session. */
  presentedChain(): Uint8Array[] {
    const { realm } = this.#handle;
    const pointer = this.#handle.live();
    const chain: Uint8Array[] = [];
    for (let i = 0, size: number; (size = realm.exports.wt_peer_certificate_size(pointer, i)) > 0; i++) {
      chain.push(realm.copyOut(realm.exports.wt_peer_certificate(pointer, i), size));
    }
    return chain;
  }

  /** The certificate that this side presented, DER, or null. */
  ownCertificate(): Uint8Array | null {
    const { realm } = this.#handle;
    const pointer = this.#handle.live();
    const size = realm.exports.wt_own_certificate_size(pointer);
    return size === 0 ? null : realm.copyOut(realm.exports.wt_own_certificate(pointer), size);
  }

  /** Whether no other connection can have the same keying material: TLS 1.3, or the extended master secret (RFC 7627). */
  uniqueMasterSecret(): boolean {
    return this.#handle.realm.exports.wt_unique_master_secret(this.#handle.live()) !== 0;
  }

  /** The Finished messages of TLS 1.2 (RFC 5246, section 7.4.9), or null. */
  finished(): { readonly own: Uint8Array; readonly peer: Uint8Array } | null {
    const { realm } = this.#handle;
    const size = realm.exports.wt_finished(this.#handle.live());
    if (size === 0) return null;
    const both = new Uint8Array(2 * size);
    realm.moveFromScratch(both, both.length);
    return { own: both.slice(0, size), peer: both.slice(size) };
  }
}
