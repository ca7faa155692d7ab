// The object identifiers that path validation knows (RFC 5280, RFC 3279, RFC 4055, RFC 5480, RFC 8410).

export const extensionOid = {
  subjectKeyIdentifier: "2.5.29.14",
  keyUsage: "2.5.29.15",
  subjectAltName: "2.5.29.17",
  issuerAltName: "2.5.29.18",
  basicConstraints: "2.5.29.19",
  crlNumber: "2.5.29.20",
  crlReason: "2.5.29.21",
  invalidityDate: "2.5.29.24",
  deltaCrlIndicator: "2.5.29.27",
  issuingDistributionPoint: "2.5.29.28",
  certificateIssuer: "2.5.29.29",
  nameConstraints: "2.5.29.30",
  crlDistributionPoints: "2.5.29.31",
  certificatePolicies: "2.5.29.32",
  policyMappings: "2.5.29.33",
  authorityKeyIdentifier: "2.5.29.35",
  policyConstraints: "2.5.29.36",
  extKeyUsage: "2.5.29.37",
  inhibitAnyPolicy: "2.5.29.54",
  authorityInfoAccess: "1.3.6.1.5.5.7.1.1",
} as const;

export const purposeOid = {
  any: "2.5.29.37.0",
  serverAuth: "1.3.6.1.5.5.7.3.1",
  clientAuth: "1.3.6.1.5.5.7.3.2",
} as const;

export const attributeOid = {
  commonName: "2.5.4.3",
  organizationName: "2.5.4.10",
  emailAddress: "1.2.840.113549.1.9.1",
} as const;

export const keyOid = {
  rsa: "1.2.840.113549.1.1.1",
  rsaPss: "1.2.840.113549.1.1.10",
  ec: "1.2.840.10045.2.1",
  ed25519: "1.3.101.112",
} as const;

export const smtpUtf8Mailbox = "1.3.6.1.5.5.7.8.9";

/** The types of an otherName that are shown, under OpenSSL's names. */
export const otherNames: Readonly<Record<string, string>> = {
  [smtpUtf8Mailbox]: "SmtpUTF8Mailbox",
  "1.3.6.1.5.5.7.8.5": "XmppAddr",
  "1.3.6.1.5.5.7.8.7": "SRVName",
  "1.3.6.1.5.5.7.8.8": "NAIRealm",
  "1.3.6.1.4.1.311.20.2.3": "UPN",
};

export const anyPolicy = "2.5.29.32.0";

export const mgf1 = "1.2.840.113549.1.1.8";

/** The named curves and the size of a coordinate in bytes. */
export const curves: Readonly<Record<string, readonly [name: string, size: number]>> = {
  "1.2.840.10045.3.1.1": ["P-192", 24],
  "1.3.132.0.33": ["P-224", 28],
  "1.2.840.10045.3.1.7": ["P-256", 32],
  "1.3.132.0.34": ["P-384", 48],
  "1.3.132.0.35": ["P-521", 66],
};
