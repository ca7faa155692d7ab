// Owns the names of numbers in IANA's registries of TLS, as far as people meet them in a handshake. What has no name here is
// shown by its number. Refuses to know what can be negotiated here.
import { cipherSuiteId } from "../../engine/codes.gen.ts";
import { groupId, nameOfId, signatureSchemeId } from "../tables.ts";

/** RFC 8446, section 4; the types of RFC 5246 and RFC 6066 beside them. */
export function messageName(type: number): string {
  return messages[type] ?? `handshake message ${type}`;
}

export function extensionName(type: number): string {
  return extensions[type] ?? unknown("extension", type);
}

export function suiteName(id: number): string {
  return nameOfId(cipherSuiteId, id) ?? suites[id] ?? unknown("suite", id);
}

export function groupName(id: number): string {
  return nameOfId(groupId, id) ?? groups[id] ?? unknown("group", id);
}

export function schemeName(id: number): string {
  return nameOfId(signatureSchemeId, id) ?? schemes[id] ?? unknown("scheme", id);
}

export function versionName(id: number): string {
  return versions[id] ?? unknown("version", id);
}

/** The content type of a record (RFC 8446, section 5.1). */
export function contentName(type: number): string {
  return contents[type] ?? `content ${type}`;
}

/** Values that mean nothing, sent so that nobody chokes on unknown ones (RFC 8701). */
export function isGrease(id: number): boolean {
  const [high, low] = [Math.floor(id / 256), id % 256];
  return high === low && low % 16 === 10;
}

/** As the registries write it: four hexadecimal digits. */
function unknown(what: string, id: number): string {
  return isGrease(id) ? "GREASE" : `${what} 0x${id.toString(16).padStart(4, "0")}`;
}

type Names = Readonly<Record<number, string>>;

const messages: Names = {
  0: "HelloRequest",
  1: "ClientHello",
  2: "ServerHello",
  4: "NewSessionTicket",
  5: "EndOfEarlyData",
  8: "EncryptedExtensions",
  11: "Certificate",
  12: "ServerKeyExchange",
  13: "CertificateRequest",
  14: "ServerHelloDone",
  15: "CertificateVerify",
  16: "ClientKeyExchange",
  20: "Finished",
  21: "CertificateURL",
  22: "CertificateStatus",
  24: "KeyUpdate",
  25: "CompressedCertificate",
  67: "NextProtocol",
};

const contents: Names = {
  20: "change_cipher_spec",
  21: "alert",
  22: "handshake",
  23: "application_data",
  24: "heartbeat",
};

const versions: Names = { 768: "SSLv3", 769: "TLSv1.0", 770: "TLSv1.1", 771: "TLSv1.2", 772: "TLSv1.3" };

const extensions: Names = {
  0: "server_name",
  1: "max_fragment_length",
  5: "status_request",
  10: "supported_groups",
  11: "ec_point_formats",
  13: "signature_algorithms",
  14: "use_srtp",
  15: "heartbeat",
  16: "application_layer_protocol_negotiation",
  17: "status_request_v2",
  18: "signed_certificate_timestamp",
  19: "client_certificate_type",
  20: "server_certificate_type",
  21: "padding",
  22: "encrypt_then_mac",
  23: "extended_master_secret",
  24: "token_binding",
  25: "cached_info",
  27: "compress_certificate",
  28: "record_size_limit",
  34: "delegated_credential",
  35: "session_ticket",
  41: "pre_shared_key",
  42: "early_data",
  43: "supported_versions",
  44: "cookie",
  45: "psk_key_exchange_modes",
  47: "certificate_authorities",
  48: "oid_filters",
  49: "post_handshake_auth",
  50: "signature_algorithms_cert",
  51: "key_share",
  57: "quic_transport_parameters",
  13172: "next_protocol_negotiation",
  17513: "application_settings",
  17613: "application_settings",
  65037: "encrypted_client_hello",
  65281: "renegotiation_info",
};

/** Suites that others offer and this library does not have. */
const suites: Names = {
  10: "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
  22: "TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA",
  51: "TLS_DHE_RSA_WITH_AES_128_CBC_SHA",
  57: "TLS_DHE_RSA_WITH_AES_256_CBC_SHA",
  103: "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256",
  107: "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256",
  158: "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256",
  159: "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384",
  162: "TLS_DHE_DSS_WITH_AES_128_GCM_SHA256",
  163: "TLS_DHE_DSS_WITH_AES_256_GCM_SHA384",
  255: "TLS_EMPTY_RENEGOTIATION_INFO_SCSV",
  22016: "TLS_FALLBACK_SCSV",
  49160: "TLS_ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA",
  49170: "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA",
  49310: "TLS_DHE_RSA_WITH_AES_128_CCM",
  49311: "TLS_DHE_RSA_WITH_AES_256_CCM",
  52394: "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
  52397: "TLS_DHE_PSK_WITH_CHACHA20_POLY1305_SHA256",
};

const groups: Names = {
  21: "secp224r1",
  22: "secp256k1",
  26: "brainpoolP256r1",
  27: "brainpoolP384r1",
  28: "brainpoolP512r1",
  30: "x448",
  31: "brainpoolP256r1tls13",
  32: "brainpoolP384r1tls13",
  33: "brainpoolP512r1tls13",
  41: "curveSM2",
  256: "ffdhe2048",
  257: "ffdhe3072",
  258: "ffdhe4096",
  259: "ffdhe6144",
  260: "ffdhe8192",
  512: "MLKEM512",
  513: "MLKEM768",
  514: "MLKEM1024",
  4587: "SecP256r1MLKEM768",
  4588: "X25519MLKEM768",
  4589: "SecP384r1MLKEM1024",
  25497: "X25519Kyber768Draft00",
};

const schemes: Names = {
  513: "rsa_pkcs1_sha1",
  514: "dsa_sha1",
  515: "ecdsa_sha1",
  769: "rsa_pkcs1_sha224",
  770: "dsa_sha224",
  771: "ecdsa_sha224",
  1026: "dsa_sha256",
  1282: "dsa_sha384",
  1538: "dsa_sha512",
  2055: "ed25519",
  2056: "ed448",
  2057: "rsa_pss_pss_sha256",
  2058: "rsa_pss_pss_sha384",
  2059: "rsa_pss_pss_sha512",
  2074: "ecdsa_brainpoolP256r1tls13_sha256",
  2075: "ecdsa_brainpoolP384r1tls13_sha384",
  2076: "ecdsa_brainpoolP512r1tls13_sha512",
  2308: "mldsa44",
  2309: "mldsa65",
  2310: "mldsa87",
};
