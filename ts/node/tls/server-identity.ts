// Owns asking whether a certificate is the one of the host. Refuses to know who is trusted, and what becomes of the answer.
import type { PeerCertificate } from "node:tls";
import { nodeTls } from "../builtin.ts";
import { detailedCertificate, type TrustedIssuers } from "./certificates.ts";

/** A function as `checkServerIdentity` of Node. */
export type CheckServerIdentity = (host: string, certificate: PeerCertificate) => Error | undefined | void;

/** Node's own. It compares names and nothing else, so what it found good once is good for ever. */
export const checkNames: CheckServerIdentity = nodeTls().checkServerIdentity;

/** For how many hosts a chain is remembered; the one that was not asked for the longest is forgotten first. */
const most = 64;

/** Which chains are known to be for which hosts. To make of a certificate what `checkServerIdentity` gets takes longer than all else. */
export class KnownServers {
  readonly #known = new Map<string, readonly Uint8Array[]>();

  /** What is wrong with the certificate for the host, nothing when it is for it. Throws what `check` throws. */
  complaint(
    check: CheckServerIdentity,
    host: string,
    chain: readonly Uint8Array[],
    trusted: TrustedIssuers,
  ): Error | undefined {
    const known = check === checkNames && isSame(chain, this.#known.get(host));
    const complaint = known ? undefined : check(host, detailedCertificate(chain, trusted));
    if (check === checkNames && complaint === undefined) this.#remember(host, chain);
    return complaint ?? undefined;
  }

  #remember(host: string, chain: readonly Uint8Array[]): void {
    this.#known.delete(host);
    this.#known.set(host, chain);
    if (this.#known.size > most) this.#known.delete(this.#known.keys().next().value!);
  }
}

function isSame(chain: readonly Uint8Array[], other: readonly Uint8Array[] | undefined): boolean {
  return other?.length === chain.length && chain.every((der, i) => Buffer.compare(der, other[i]!) === 0);
}
