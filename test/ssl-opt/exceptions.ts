// What is different on purpose: scenarios whose demand we do not meet, each with the reason.

/** Titles as main.ts prints them. */
export interface Exception {
  readonly pattern: RegExp;
  readonly reason: string;
  /** What comes of it depends on who is quicker. */
  readonly sometimes?: true;
}

export const exceptions: readonly Exception[] = [
  { pattern: /Default, TLS 1\.2$/, reason: "our order: ECDSA before RSA, and no preference for SHA-512" },
  {
    pattern: /^our server: SHA-1 explicitly allowed in client/,
    reason: "SHA-1 is never allowed in the peer's certificate",
  },
  { pattern: /^our server: DER format: with/, reason: "bytes behind a certificate are refused" },
  {
    pattern: /Renegotiation: server-initiated, client-rejected, delay 0$/,
    reason: "the server's end without close_notify is an error for us",
  },
  {
    pattern: /gnutls client unsafe, server break legacy/,
    reason: "TLS 1.2 without renegotiation at all needs no renegotiation_info (RFC 5746, section 4.3)",
  },
  {
    pattern:
      /^our client: Authentication: (server (badcert|goodcert)|hostname mismatch), client optional|^our client: .*send alt (conf|hs) DN hints in CertificateRequest$|^our server: Authentication: client badcert, server optional|^our server: (ext)?[kK]eyUsage cli-auth 1\.2: .*fail \(soft\)|^our client: extKeyUsage cli 1\.2: .*fail \(soft\)/,
    reason: "optional is Python's CERT_OPTIONAL: what is presented must be good",
  },
  {
    pattern: /^our server: (ext)?[kK]eyUsage cli-auth 1\.3: .*fail \(soft\)/,
    reason: "as before; OpenSSL's client may have ended well before it is refused",
    sometimes: true,
  },
  { pattern: /hostname mismatch \(empty\)/, reason: "the text is that of a certificate with another name" },
  {
    pattern: /^our server: .*p256v1 unsupported/,
    reason: "a server without a certificate for the client's groups ends the handshake",
  },
  {
    pattern: /^our server: SNI: no matching cert/,
    reason: "an unknown name gets the certificate of the context, as in Python",
  },
  {
    pattern:
      /^our client: keyUsage cli 1\.[23]: .*KeyEncipherment.*fail|^our client: keyUsage cli 1\.2: DigitalSignature, RSA: fail \(hard\)/,
    reason: "keyEncipherment is enough for a server, as for OpenSSL: a handshake with static RSA needs no more",
  },
  { pattern: /ECC, keyAgreement -> ECDH-/, reason: "no static ECDH" },
  { pattern: /^our server: DHM/, reason: "no finite-field Diffie-Hellman" },
  { pattern: /Large PSK identity/, reason: "identities have up to 1024 bytes" },
  { pattern: /^our server: ClientHello without extensions/, reason: "the extended master secret is demanded" },
  {
    pattern: /^our server: .*no server certificate available/,
    reason: "a server without certificate and key is refused when it is made",
  },
  {
    pattern: /^our client: Handshake defragmentation on client: len=(13|5|4), TLS 1\.3$/,
    reason: "a ticket in more than 32 records runs into the limit of records without data",
  },
  {
    pattern: /^our server: Handshake defragmentation on server: len=3,|^our client: .* len=3, TLS 1\.2$/,
    reason: "upstream cannot put together a message whose first piece is under 4 bytes; we can",
  },
  {
    pattern: /^our server: .*group\(x448\) check, good$/,
    reason: "no X448",
  },
  {
    pattern: /^our client: .*Multiple PSKs: invalid ticket, reconnect with PSK$/,
    reason: "with a session, the pre-shared key of the context is not offered beside it",
  },
  {
    pattern: /^our client: .*resumption fails, ticket (lifetime=0|handling disabled)/,
    reason: "a client without a session connects without one",
  },
];
