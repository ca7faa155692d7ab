// What the layer gives to others.
export { alert as alertDescription, type AlertName } from "../engine/alerts.ts";
export { type ClientHello, type HelloExtension, parseClientHello } from "../engine/client-hello.ts";
export { engineVersion } from "../engine/realms.ts";
export type { GivenModule } from "../engine/realms.ts";
export type { SSLState } from "../engine/connection.ts";
export type {
  TraceAlert,
  TraceChangeCipherSpec,
  TraceDirection,
  TraceEstablished,
  TraceEvent,
  TraceMessage,
  TraceProtection,
  TraceRecord,
  TraceSecret,
} from "../engine/trace.ts";
export {
  type CertVerificationDetails,
  SSLAlertError,
  SSLCertVerificationError,
  SSLCertVerificationError as CertificateError,
  SSLConfigError,
  SSLEngineError,
  SSLEOFError,
  SSLError,
  type SSLErrorOptions,
  type SSLLibrary,
  SSLMemoryError,
  SSLNotSupportedError,
  SSLStateError,
  SSLSyscallError,
  SSLTimeoutError,
  SSLZeroReturnError,
} from "../engine/errors.ts";
export type { Bytes } from "./bytes.ts";
export { certTimeToSeconds } from "./cert-time.ts";
export { type AltName, type Certificate, type DistinguishedName, parseCertificate } from "./certificate.ts";
export type { ChannelBindingType } from "./channel-binding.ts";
export { type Feature, features } from "./features.ts";
export { type KnownHosts, trustOnFirstUse } from "./first-use.ts";
export type { Password } from "./identity/password.ts";
export type {
  PskLookup,
  SelectAlpn,
  SelectContext,
  SniCallback,
  TraceListener,
  VerifyHook,
  VerifyInfo,
} from "./hooks.ts";
export {
  generateSelfSigned,
  type SelfSigned,
  type SelfSignedKey,
  type SelfSignedOptions,
} from "./identity/self-signed.ts";
export type { Identity, KeyIdentity, PfxIdentity } from "./identity/identity.ts";
export { init, type InitOptions } from "./init.ts";
export { MemoryBIO } from "./memory-bio.ts";
export type { BaseOptions, ClientOptions, Isolation, PskIdentity, ServerOptions, SessionCache } from "./options.ts";
export { derCertToPem, pemCertToDer, type PemOrDer } from "./pem.ts";
export { SSLSession } from "./session.ts";
export type { SessionStats } from "./session-stats.ts";
export { type ContextClass, SSLContext } from "./ssl-context.ts";
export type { CertStoreStats } from "./store-stats.ts";
export { type IoResult, SSLObject } from "./ssl-object.ts";
export { spkiPin } from "./spki-pin.ts";
export type { CipherInfo, CipherName, NamedGroup, SignatureScheme, TLSVersion } from "./tables.ts";
export { TicketKeys } from "./ticket-keys.ts";
export type { CertProfile, VerifyMode } from "./verification.ts";
export { explainTrace, type TraceExplanation } from "./trace/explain.ts";
export { virtualHosts } from "./virtual-hosts.ts";
export type { WrapOptions } from "./wrapping.ts";
export { isWant, SSLWantCallbackError, SSLWantReadError, SSLWantWriteError } from "./want.ts";
export type { DefaultVerifyPaths } from "./system-trust.ts";
export type { CrlCheck } from "./x509/crl.ts";
export { type SkippedCertificate, TrustStore } from "./x509/trust-store.ts";
