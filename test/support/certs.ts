// The certificates and keys of the tests by short names, as PEM strings and as files. Knows nothing of TLS;
// scripts/make-certs.ts says what each one is and makes them anew.
import { fileURLToPath } from "node:url";
import { ecKeyForms, generated, rsaKeyForms, strangerKey } from "./certs.gen.ts";

/** A certificate, its PKCS#8 key, and what a server sends (the certificate and its intermediates), all PEM. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
  readonly chain: string;
}

/** One key in many encodings; `*Der` are base64 of DER, `encrypted*` open with `keyPassword`. */
export interface KeyForms {
  readonly pkcs8: string;
  readonly traditional: string;
  readonly encryptedPkcs8: string;
  readonly encryptedTraditional: string;
  readonly pkcs8Der: string;
  readonly traditionalDer: string;
  readonly certDer: string;
}

export type CertName =
  | "root"
  | "rsaRoot"
  | "unknownRoot"
  | "intermediate"
  | "localhost"
  | "localhostRsa"
  | "localhostP384"
  | "viaIntermediate"
  | "otherHost"
  | "wildcard"
  | "cnOnly"
  | "ipOnly"
  | "idn"
  | "expired"
  | "notYetValid"
  | "selfSigned"
  | "unknownCa"
  | "wrongUsage"
  | "client"
  | "clientRsa"
  | "clientUnknown"
  | "ed25519"
  | "rsa1024";

/**
 * Valid from 2020 to 2120 and issued by `root` (EC P-256) unless the name says otherwise: `localhostRsa` and `rsa1024`
 * are issued by `rsaRoot`, `viaIntermediate` by `intermediate`, `unknownCa` and `clientUnknown` by `unknownRoot`.
 * The localhost leaves carry localhost, 127.0.0.1 and ::1.
 */
export const certs: Readonly<Record<CertName, Identity>> = generated;

/** A P-256 key that fits none of the certificates. */
export const stranger: string = strangerKey;

/** The keys of `certs.localhost` (EC) and `certs.localhostRsa` (RSA) in all encodings. */
export const keyForms: Readonly<Record<"ec" | "rsa", KeyForms>> = { ec: ecKeyForms, rsa: rsaKeyForms };

/** Opens the encrypted forms of `keyForms`. */
export const keyPassword = "opensesame";

/** The file that holds a part of an identity, for peers that read files. */
export function certPath(name: CertName, part: keyof Identity): string {
  const kebab = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return fileURLToPath(new URL(`./certs/${kebab}.${part}.pem`, import.meta.url));
}
