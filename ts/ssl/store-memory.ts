// Owns the store that was made last of what a system, or Mozilla, trusts. Whoever asks time and again gets the same one while the
// same certificates come, so that they are indexed once, and paths that were verified for one context are known to the next.
// Refuses to know where certificates come from.
import type { TrustStore } from "./x509/trust-store.ts";

/** The class of a store. */
interface StoreClass {
  fromPem(pem: string): TrustStore;
}

export class StoreMemory {
  #latest: { readonly type: StoreClass; readonly text: string; readonly store: TrustStore } | undefined;

  /** The store of these certificates, PEM. The texts are compared, as times and sizes of files could be the same by chance. */
  of(type: StoreClass, text: string): TrustStore {
    if (this.#latest?.type !== type || this.#latest.text !== text)
      this.#latest = { type, text, store: type.fromPem(text) };
    return this.#latest.store;
  }
}
