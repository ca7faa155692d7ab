// Owns what a path is held to, and what holds when somebody does not say. Refuses to know how a path is found.
import type { HostName } from "../names.ts";
import type { Crl, CrlCheck } from "./crl.ts";
import type { SignatureCheck } from "./keys.ts";
import type { PathMemory } from "./memory.ts";
import type { Pinning } from "./pins.ts";
import { type Profile, type Purpose, standardProfile } from "./profile.ts";
import type { TrustStore } from "./trust-store.ts";

export interface PathOptions {
  /** What the peer presented, DER: its own certificate, then others in any order, needed or not. */
  readonly chain: readonly Uint8Array[];
  readonly trust: TrustStore;
  readonly purpose: Purpose;
  /** Who the peer's certificate must stand for; null when names are not compared. */
  readonly host: HostName | null;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly verify: SignatureCheck;
  /** Default `standardProfile`. */
  readonly profile?: Profile;
  /** Compare the subject's common name when the certificate has neither DNS names nor addresses. Default `false`. */
  readonly commonNameFallback?: boolean;
  /** Let a path end at any trusted certificate, not at self-issued ones only. Default `false`. */
  readonly partialChain?: boolean;
  /** Authorities between the peer's certificate and the trusted one. Default 8. */
  readonly maxIntermediates?: number;
  /** Signatures that one validation may check; one under a key on P-384 counts as 4, on P-521 as 6. Default 100. */
  readonly signatureBudget?: number;
  readonly crls?: readonly Crl[];
  /** Default `"off"`. */
  readonly crlCheck?: CrlCheck;
  /** Keys of which the path must have one; null, the default, for any path. */
  readonly pinning?: Pinning | null;
  /** What is known of earlier paths; null, the default, for none. */
  readonly memory?: PathMemory | null;
}

/** The options with nothing left out. */
export type Settings = Required<Omit<PathOptions, "chain">>;

export function withDefaults(options: PathOptions): Settings {
  return {
    trust: options.trust,
    purpose: options.purpose,
    host: options.host,
    time: options.time,
    verify: options.verify,
    profile: options.profile ?? standardProfile,
    commonNameFallback: options.commonNameFallback ?? false,
    partialChain: options.partialChain ?? false,
    maxIntermediates: options.maxIntermediates ?? 8,
    signatureBudget: options.signatureBudget ?? 100,
    crls: options.crls ?? [],
    crlCheck: options.crlCheck ?? "off",
    pinning: options.pinning ?? null,
    memory: options.memory ?? null,
  };
}
