// Owns whom contexts trust that were not told: what this process trusts by default, which is Node's to say (its roots,
// NODE_EXTRA_CA_CERTS, --use-system-ca, setDefaultCACertificates). Refuses to judge certificates.
import { TrustStore } from "../../index.ts";
import { nodeTls } from "../builtin.ts";

type NodeTls = typeof import("node:tls");

/** What Node calls "default"; a store is made of it once for each list. */
export function defaultTrust(): TrustStore {
  const { getCACertificates } = nodeTls() as Partial<NodeTls>;
  const list = getCACertificates === undefined ? nodeTls().rootCertificates : getCACertificates("default");
  if (list.length === 0) return TrustStore.empty();
  const known = stores.get(list);
  if (known !== undefined) return known;
  const store = TrustStore.fromPem(list.join("\n"));
  stores.set(list, store);
  return store;
}

/** Node answers the same list until another one is set. */
const stores = new WeakMap<readonly string[], TrustStore>();
