// Owns what is agreed on in a measured connection: the version, the suite, the certificates, the name. The same for all contenders.
import { certs } from "../support/certs.ts";

export interface Setup {
  readonly version: "TLSv1.2" | "TLSv1.3";
  /** In the place of the version, for a rival that has nothing newer. */
  readonly legacy?: "TLSv1.1";
  /** OpenSSL's name. */
  readonly suite: string;
  readonly key: "ECDSA P-256" | "RSA-2048" | Impostor | `${Impostor}, RSA`;
}

/** Servers whom nobody who verifies may accept. */
export type Impostor = (typeof impostors)[number];
export const impostors = ["another issuer", "another name"] as const;

/** PEM. The P-256 chain is a leaf and an intermediate certificate; the RSA chain is a leaf only. */
export interface Certificates {
  readonly chain: string;
  readonly key: string;
  readonly ca: string;
}

export const versions = ["TLSv1.3", "TLSv1.2"] as const;
export const keys = ["ECDSA P-256", "RSA-2048"] as const;

/** What data is measured with, all of TLS 1.3. */
export const bulkSuites: Readonly<Record<string, string>> = {
  "ChaCha20-Poly1305": "TLS_CHACHA20_POLY1305_SHA256",
  "AES-128-GCM": "TLS_AES_128_GCM_SHA256",
  "AES-256-GCM": "TLS_AES_256_GCM_SHA384",
};

/** The server's name in the certificates. */
export const serverName = "localhost";
/** Where everything listens. */
export const address = "127.0.0.1";

const identities = {
  "ECDSA P-256": [certs.viaIntermediate, certs.root],
  "RSA-2048": [certs.localhostRsa, certs.rsaRoot],
  "another issuer": [certs.unknownCa, certs.root],
  "another name": [certs.otherHost, certs.root],
  "another issuer, RSA": [certs.localhostRsa, certs.clientRsa],
  "another name, RSA": [certs.rsaRoot, certs.rsaRoot],
} as const;

export function isImpostor(key: Setup["key"]): key is Impostor {
  return impostors.some((impostor) => impostor === key);
}

export function setupFor(version: Setup["version"], key: Setup["key"]): Setup {
  if (version === "TLSv1.3") return { version, key, suite: "TLS_AES_128_GCM_SHA256" };
  return { version, key, suite: `ECDHE-${key === "RSA-2048" ? "RSA" : "ECDSA"}-AES128-GCM-SHA256` };
}

export function bulkSetup(suite: string): Setup {
  return { version: "TLSv1.3", key: "ECDSA P-256", suite };
}

export function certificatesFor({ key }: Setup): Certificates {
  const [leaf, root] = identities[key];
  return { chain: leaf.chain, key: leaf.key, ca: root.cert };
}
