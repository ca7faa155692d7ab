// Owns what a context can be told, and the form in which it keeps it. Refuses to know how it is checked (check-options.ts).
import type { SettingsInput } from "../engine/settings.ts";
import type { Bytes } from "./bytes.ts";
import type { PskLookup, SelectAlpn, SelectContext, SniCallback, TraceListener, VerifyHook } from "./hooks.ts";
import type { Identity } from "./identity/identity.ts";
import type { PemOrDer } from "./pem.ts";
import type { SSLSession } from "./session.ts";
import type { CipherName, NamedGroup, SignatureScheme, TLSVersion } from "./tables.ts";
import type { TicketKeys } from "./ticket-keys.ts";
import type { CertProfile, VerifyMode } from "./verification.ts";
import type { Crl, CrlCheck } from "./x509/crl.ts";
import type { TrustStore } from "./x509/trust-store.ts";

/** How much memory connections share: one wasm instance for all, one for the context, or one for each connection. */
export type Isolation = "shared" | "context" | "connection";

/** What clients and servers can be told alike. Whatever is left out has a safe default. */
export interface BaseOptions {
  /** Default `"TLSv1.2"`, or what `cipherSuites` are for. */
  readonly minVersion?: TLSVersion;
  /** Default `"TLSv1.3"`, or what `cipherSuites` are for. */
  readonly maxVersion?: TLSVersion;
  /** IANA or OpenSSL names or numbers, in order of preference; for both versions in one list. Default: AEAD with forward secrecy only. */
  readonly cipherSuites?: readonly (CipherName | (string & {}) | number)[];
  /**
   * In order of preference. Default `["x25519", "secp256r1", "secp384r1", "secp521r1"]`. In TLS 1.2 the list also says which
   * curves the certificate of the peer may use (RFC 8422, section 5.1.1): without `secp256r1` no P-256 certificate.
   */
  readonly groups?: readonly NamedGroup[];
  /** For the signatures of both sides, in order of preference. Default: ECDSA and RSA-PSS, then RSA with PKCS#1, SHA-256 and above. */
  readonly signatureAlgorithms?: readonly SignatureScheme[];
  /** Application protocols in order of preference (RFC 7301), 1 to 255 bytes each. */
  readonly alpn?: readonly string[];
  /** Own certificates with their keys. A server needs at least one. */
  readonly identities?: readonly Identity[];
  /** Certificates to trust: PEM with any number of them, or DER. All of them must be usable. */
  readonly ca?: PemOrDer | readonly PemOrDer[];
  /** Certificates to trust, beside `ca`: a store, which may be shared by contexts and is read when it is needed. */
  readonly trust?: TrustStore;
  /** Let a chain end at any trusted certificate, not only at a self-issued one. Default `true`, as in Python since 3.13. */
  readonly partialChain?: boolean;
  /** How much certificates must do right. Default `"standard"`. */
  readonly certProfile?: CertProfile;
  /** Certificate revocation lists, PEM or DER. */
  readonly crls?: PemOrDer | readonly PemOrDer[];
  /** For which certificates a revocation list must be there: none, the peer's own, or all but the trusted one. Default: `"leaf"` if `crls` are given. */
  readonly crlCheck?: CrlCheck;
  /**
   * The keys that the peer is held to, as `spkiPin` gives them or in the form of RFC 7469: some certificate of the verified
   * path, the trusted one included, must have one of them. Everything else is verified as without pins; with
   * `verifyMode: "none"` nothing is, and the peer's own certificate must have a pinned key.
   */
  readonly pins?: readonly string[];
  /** Default: `"required"` for clients, `"none"` for servers. */
  readonly verifyMode?: VerifyMode;
  /** TLS 1.2 without the extended master secret (RFC 7627) is refused unless this is `false`. */
  readonly requireExtendedMasterSecret?: boolean;
  /** The application's own judgement of the peer, in the handshake; beside the verdict that is found here. */
  readonly verify?: VerifyHook;
  /**
   * A pre-shared key (RFC 8446, section 4.2.11; RFC 5489), instead of certificates. Client: its identity and key. Server: the
   * same, or a function that finds the key for an identity. TLS 1.2 gets `TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256` added to
   * the cipher suites, unless you name some.
   */
  readonly psk?: PskIdentity | PskLookup;
  /** The time for certificates and sessions, in milliseconds since 1970. Default `Date.now`. */
  readonly now?: () => number;
  /** Gets each line of the key log (NSS format, as Wireshark reads it): whoever has it can decrypt the connections. */
  readonly onKeyLog?: ((line: string) => void) | undefined;
  /**
   * Gets everything that happens on the wire, for people who want to look: records, handshake messages and alerts in the clear,
   * the names of secrets, each with the connection. It has none of the data and no secret. `explainTrace` makes words of it.
   */
  readonly onTrace?: TraceListener | undefined;
  /** Default `"shared"`. */
  readonly isolation?: Isolation;
}

/** What clients can be told. */
export interface ClientOptions extends BaseOptions {
  /** Whether the certificate must be for `serverHostname`. Default `true`, unless `verifyMode` is `"none"`. */
  readonly checkHostname?: boolean;
  /** Compare the subject's common name when the certificate has no subjectAltName. Default `false`. */
  readonly commonNameFallback?: boolean;
  /** Gets each session that can be resumed later; in TLS 1.3 they come with the first reads after the handshake. */
  readonly onSession?: (session: SSLSession) => void;
  /** 32 bytes of secret for `SSLSession.serialize` and `deserialize`. Default: random ones, which only this context has. */
  readonly sessionKey?: Bytes;
}

/** A pre-shared key and the name under which the other side knows it. */
export interface PskIdentity {
  /** A string stands for its UTF-8 bytes. */
  readonly identity: string | Bytes;
  /** 1 to 256 bytes; random ones, no password. */
  readonly key: Bytes;
}

/** Where a server keeps sessions of TLS 1.2 clients that take no tickets; what it keeps is sealed with the `ticketKeys`. */
export interface SessionCache {
  get(id: Uint8Array): Bytes | null | undefined | PromiseLike<Bytes | null | undefined>;
  /** What it answers is not waited for; when it is a promise that fails, the session will not be found. */
  set(id: Uint8Array, session: Uint8Array): unknown;
}

/** What servers can be told. */
export interface ServerOptions extends BaseOptions {
  /** Whether the server's order of cipher suites decides in TLS 1.2; in TLS 1.3 the client's does. Default `true`. */
  readonly honorCipherOrder?: boolean;
  /** A client that offers protocols, but none of `alpn`: an error (RFC 7301), or no protocol at all as in Python. Default `"fatal"`. */
  readonly alpnMismatch?: "fatal" | "ignore";
  /** Chooses the context for a client by what it says first. */
  readonly selectContext?: SelectContext;
  /** As Python's `sni_callback`; not together with `selectContext`. */
  readonly sniCallback?: SniCallback;
  /** Chooses the application protocol, instead of the order of `alpn`. */
  readonly selectAlpn?: SelectAlpn;
  /** Tickets that a client gets in TLS 1.3; with 0 nobody gets any, in TLS 1.2 neither. Default 2. */
  readonly numTickets?: number;
  /** Default: keys of its own. */
  readonly ticketKeys?: TicketKeys;
  /** For TLS 1.2 clients without tickets. Default: none, they get full handshakes. */
  readonly sessionCache?: SessionCache;
  /** For how many seconds a session can be resumed. Default 7200, at most 604800. */
  readonly sessionTimeout?: number;
}

/** The options as a context keeps them. */
export interface CheckedOptions {
  readonly input: SettingsInput;
  readonly alpn: readonly string[];
  readonly verifyMode: VerifyMode;
  readonly checkHostname: boolean;
  readonly trust: TrustStore;
  readonly partialChain: boolean;
  readonly certProfile: CertProfile;
  readonly crls: readonly Crl[];
  readonly crlCheck: CrlCheck;
  readonly pins: ReadonlySet<string> | null;
  readonly commonNameFallback: boolean;
  readonly tolerateAlpnMismatch: boolean;
  readonly now: () => number;
  readonly onKeyLog: ((line: string) => void) | null;
  readonly onTrace: TraceListener | null;
  readonly isolation: Isolation;
  readonly verify: VerifyHook | null;
  readonly pskLookup: PskLookup | null;
  readonly onSession: ((session: SSLSession) => void) | null;
  readonly sessionKey: Uint8Array | null;
  readonly selectContext: SelectContext | null;
  readonly sniCallback: SniCallback | null;
  readonly selectAlpn: SelectAlpn | null;
  readonly numTickets: number;
  readonly ticketKeys: TicketKeys;
  readonly sessionCache: SessionCache | null;
  readonly sessionTimeout: number;
}

/** What an embedding decides for one connection, in the place of what its context says. */
export type ConnectionHooks = Partial<
  Pick<CheckedOptions, "onKeyLog" | "onSession" | "pskLookup" | "selectAlpn" | "selectContext" | "sessionCache">
> & {
  /** In the place of `verify`: throws to refuse a peer who is trusted and has presented these certificates (DER). */
  readonly approve?: (chain: readonly Uint8Array[]) => void;
};
