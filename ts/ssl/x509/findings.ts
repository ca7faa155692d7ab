// What can be wrong with a path, and what it is called elsewhere: OpenSSL's number and name (Node's are the same), Mbed TLS's
// bit, the alert for the peer. Judges nothing.
import { alert, type AlertName } from "../../engine/alerts.ts";
import { verifyFlag } from "../../engine/codes.gen.ts";
import { type Failure, SSLCertVerificationError } from "../../engine/errors.ts";
import { nameForPeople } from "./distinguished-name.ts";
import type { X509 } from "./certificate.ts";

type Meaning = readonly [verifyCode: number, flag: keyof typeof verifyFlag, alert: AlertName];

/** The gravest first: what tells that nobody vouches for the peer comes before what is wrong with good certificates. */
const meanings: Readonly<Record<FindingCode, Meaning>> = {
  CERT_REVOKED: [23, "BADCERT_REVOKED", "certificate_revoked"],
  CERT_SIGNATURE_FAILURE: [7, "BADCERT_NOT_TRUSTED", "unknown_ca"],
  DEPTH_ZERO_SELF_SIGNED_CERT: [18, "BADCERT_NOT_TRUSTED", "unknown_ca"],
  SELF_SIGNED_CERT_IN_CHAIN: [19, "BADCERT_NOT_TRUSTED", "unknown_ca"],
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: [20, "BADCERT_NOT_TRUSTED", "unknown_ca"],
  UNABLE_TO_GET_ISSUER_CERT: [2, "BADCERT_NOT_TRUSTED", "unknown_ca"],
  CERT_CHAIN_TOO_LONG: [22, "BADCERT_NOT_TRUSTED", "unknown_ca"],
  UNSPECIFIED: [1, "BADCERT_OTHER", "bad_certificate"],
  INVALID_CA: [79, "BADCERT_NOT_TRUSTED", "unknown_ca"],
  PATH_LENGTH_EXCEEDED: [25, "BADCERT_NOT_TRUSTED", "unknown_ca"],
  KEYUSAGE_NO_CERTSIGN: [32, "BADCERT_KEY_USAGE", "unknown_ca"],
  PERMITTED_VIOLATION: [47, "BADCERT_OTHER", "bad_certificate"],
  EXCLUDED_VIOLATION: [48, "BADCERT_OTHER", "bad_certificate"],
  UNSUPPORTED_CONSTRAINT_TYPE: [51, "BADCERT_OTHER", "bad_certificate"],
  UNHANDLED_CRITICAL_EXTENSION: [34, "BADCERT_OTHER", "unsupported_certificate"],
  INVALID_POLICY_EXTENSION: [42, "BADCERT_OTHER", "bad_certificate"],
  NO_EXPLICIT_POLICY: [43, "BADCERT_OTHER", "bad_certificate"],
  UNSUPPORTED_SIGNATURE_ALGORITHM: [76, "BADCERT_BAD_PK", "unsupported_certificate"],
  CA_MD_TOO_WEAK: [68, "BADCERT_BAD_MD", "bad_certificate"],
  EC_KEY_EXPLICIT_PARAMS: [94, "BADCERT_BAD_KEY", "bad_certificate"],
  CA_KEY_TOO_SMALL: [67, "BADCERT_BAD_KEY", "bad_certificate"],
  EE_KEY_TOO_SMALL: [66, "BADCERT_BAD_KEY", "bad_certificate"],
  CERT_HAS_EXPIRED: [10, "BADCERT_EXPIRED", "certificate_expired"],
  CERT_NOT_YET_VALID: [9, "BADCERT_FUTURE", "bad_certificate"],
  INVALID_PURPOSE: [26, "BADCERT_EXT_KEY_USAGE", "unsupported_certificate"],
  HOSTNAME_MISMATCH: [62, "BADCERT_CN_MISMATCH", "bad_certificate"],
  IP_ADDRESS_MISMATCH: [64, "BADCERT_CN_MISMATCH", "bad_certificate"],
  PINNED_KEY_NOT_IN_CHAIN: [50, "BADCERT_OTHER", "bad_certificate"],
  UNABLE_TO_GET_CRL: [3, "BADCRL_NOT_TRUSTED", "certificate_unknown"],
  CRL_SIGNATURE_FAILURE: [8, "BADCRL_NOT_TRUSTED", "certificate_unknown"],
  KEYUSAGE_NO_CRL_SIGN: [35, "BADCRL_NOT_TRUSTED", "certificate_unknown"],
  UNHANDLED_CRITICAL_CRL_EXTENSION: [36, "BADCRL_NOT_TRUSTED", "certificate_unknown"],
  DIFFERENT_CRL_SCOPE: [44, "BADCRL_NOT_TRUSTED", "certificate_unknown"],
  CRL_HAS_EXPIRED: [12, "BADCRL_EXPIRED", "certificate_unknown"],
  CRL_NOT_YET_VALID: [11, "BADCRL_FUTURE", "certificate_unknown"],
  EXTENSIONS_REQUIRE_VERSION_3: [93, "BADCERT_OTHER", "bad_certificate"],
  INVALID_EXTENSION: [41, "BADCERT_OTHER", "bad_certificate"],
  PATHLEN_INVALID_FOR_NON_CA: [80, "BADCERT_OTHER", "bad_certificate"],
  PATHLEN_WITHOUT_KU_KEY_CERT_SIGN: [81, "BADCERT_OTHER", "bad_certificate"],
  KU_KEY_CERT_SIGN_INVALID_FOR_NON_CA: [82, "BADCERT_KEY_USAGE", "bad_certificate"],
  ISSUER_NAME_EMPTY: [83, "BADCERT_OTHER", "bad_certificate"],
  SUBJECT_NAME_EMPTY: [84, "BADCERT_OTHER", "bad_certificate"],
  MISSING_AUTHORITY_KEY_IDENTIFIER: [85, "BADCERT_OTHER", "bad_certificate"],
  MISSING_SUBJECT_KEY_IDENTIFIER: [86, "BADCERT_OTHER", "bad_certificate"],
  EMPTY_SUBJECT_SAN_NOT_CRITICAL: [88, "BADCERT_OTHER", "bad_certificate"],
  CA_BCONS_NOT_CRITICAL: [89, "BADCERT_OTHER", "bad_certificate"],
  AUTHORITY_KEY_IDENTIFIER_CRITICAL: [90, "BADCERT_OTHER", "bad_certificate"],
  SUBJECT_KEY_IDENTIFIER_CRITICAL: [91, "BADCERT_OTHER", "bad_certificate"],
  CA_CERT_MISSING_KEY_USAGE: [92, "BADCERT_KEY_USAGE", "bad_certificate"],
};

/** OpenSSL's name, without X509_V_ERR_; what it leaves to applications (number 50) has one of ours. */
export type FindingCode =
  | "CERT_REVOKED"
  | "CERT_SIGNATURE_FAILURE"
  | "DEPTH_ZERO_SELF_SIGNED_CERT"
  | "SELF_SIGNED_CERT_IN_CHAIN"
  | "UNABLE_TO_GET_ISSUER_CERT_LOCALLY"
  | "UNABLE_TO_GET_ISSUER_CERT"
  | "CERT_CHAIN_TOO_LONG"
  | "UNSPECIFIED"
  | "INVALID_CA"
  | "PATH_LENGTH_EXCEEDED"
  | "KEYUSAGE_NO_CERTSIGN"
  | "PERMITTED_VIOLATION"
  | "EXCLUDED_VIOLATION"
  | "UNSUPPORTED_CONSTRAINT_TYPE"
  | "UNHANDLED_CRITICAL_EXTENSION"
  | "INVALID_POLICY_EXTENSION"
  | "NO_EXPLICIT_POLICY"
  | "UNSUPPORTED_SIGNATURE_ALGORITHM"
  | "CA_MD_TOO_WEAK"
  | "EC_KEY_EXPLICIT_PARAMS"
  | "CA_KEY_TOO_SMALL"
  | "EE_KEY_TOO_SMALL"
  | "CERT_HAS_EXPIRED"
  | "CERT_NOT_YET_VALID"
  | "INVALID_PURPOSE"
  | "HOSTNAME_MISMATCH"
  | "IP_ADDRESS_MISMATCH"
  | "PINNED_KEY_NOT_IN_CHAIN"
  | "UNABLE_TO_GET_CRL"
  | "CRL_SIGNATURE_FAILURE"
  | "KEYUSAGE_NO_CRL_SIGN"
  | "UNHANDLED_CRITICAL_CRL_EXTENSION"
  | "DIFFERENT_CRL_SCOPE"
  | "CRL_HAS_EXPIRED"
  | "CRL_NOT_YET_VALID"
  | "EXTENSIONS_REQUIRE_VERSION_3"
  | "INVALID_EXTENSION"
  | "PATHLEN_INVALID_FOR_NON_CA"
  | "PATHLEN_WITHOUT_KU_KEY_CERT_SIGN"
  | "KU_KEY_CERT_SIGN_INVALID_FOR_NON_CA"
  | "ISSUER_NAME_EMPTY"
  | "SUBJECT_NAME_EMPTY"
  | "MISSING_AUTHORITY_KEY_IDENTIFIER"
  | "MISSING_SUBJECT_KEY_IDENTIFIER"
  | "EMPTY_SUBJECT_SAN_NOT_CRITICAL"
  | "CA_BCONS_NOT_CRITICAL"
  | "AUTHORITY_KEY_IDENTIFIER_CRITICAL"
  | "SUBJECT_KEY_IDENTIFIER_CRITICAL"
  | "CA_CERT_MISSING_KEY_USAGE";

/** One thing that is wrong with one certificate; `text` completes "it ...". */
export interface Finding {
  readonly code: FindingCode;
  readonly text: string;
  readonly certificate: X509 | null;
  /** The place in the path: 0 is the peer's own certificate. */
  readonly depth: number;
}

/** Why no path can be trusted. The first finding gives the number, the sentence and the alert; the flags are those of all. */
export interface PathFailure {
  readonly verifyCode: number;
  readonly nodeCode: string;
  readonly verifyMessage: string;
  readonly depth: number;
  readonly flags: number;
  readonly alert: number;
  readonly findings: readonly Finding[];
}

/** Sums findings up. At least one is needed. */
export function toFailure(findings: readonly Finding[]): PathFailure {
  const order = Object.keys(meanings);
  const sorted = findings.toSorted((a, b) => order.indexOf(a.code) - order.indexOf(b.code) || a.depth - b.depth);
  const [first] = sorted as [Finding, ...Finding[]];
  const [verifyCode, , alertName] = meanings[first.code];
  const sentences = new Set(sorted.map(sentence));
  return {
    verifyCode,
    nodeCode: nodeCodes[first.code] ?? first.code,
    verifyMessage: [...sentences].join("; "),
    depth: first.depth,
    flags: sorted.reduce((flags, { code }) => flags | verifyFlag[meanings[code][1]], 0),
    alert: alert[alertName],
    findings: sorted,
  };
}

/** The error to throw and the alert to send. */
export function errorOf(failure: PathFailure, chain: readonly Uint8Array[], hostname: string | null): Failure {
  return { error: new SSLCertVerificationError({ ...failure, chain, hostname }), alert: failure.alert };
}

/** Node has a name of its own where it compares the names itself. */
const nodeCodes: Readonly<Record<string, string>> = {
  HOSTNAME_MISMATCH: "ERR_TLS_CERT_ALTNAME_INVALID",
  IP_ADDRESS_MISMATCH: "ERR_TLS_CERT_ALTNAME_INVALID",
};

function sentence({ text, depth, certificate }: Finding): string {
  if (depth === 0) return `it ${text}`;
  const name = certificate === null ? `number ${depth}` : nameForPeople(certificate.subject);
  return `the certificate ${name} above it ${text}`;
}
