// What became of each name of Python's ssl module: the judgement behind docs/python-surface.md. python-surface.ts sees to it
// that no name is without a row, and that everything that is said to be ours exists.

/** Ours, by the names under which our users find it; deliberately absent; or nothing that there could be here. */
export type Row =
  | { readonly ours: readonly string[]; readonly note: string }
  | { readonly absent: string }
  | { readonly notApplicable: string };

/** The row of a name, if there is one: from the table, or by the rule for its kind. */
export function rowOf(name: string): Row | undefined {
  return rows[name] ?? ruleFor(name);
}

/** The names that have a row of their own. */
export function namesWithRows(): string[] {
  return Object.keys(rows);
}

/** Names that came after the version of Python that was asked, by its documentation, with the version that has them first. */
export const newer: Readonly<Record<string, string>> = {
  OP_LEGACY_SERVER_CONNECT: "3.12",
  OP_ENABLE_KTLS: "3.12",
  HAS_PSK: "3.13",
  "SSLContext.set_psk_client_callback": "3.13",
  "SSLContext.set_psk_server_callback": "3.13",
  "SSLObject.get_unverified_chain": "3.13",
  "SSLObject.get_verified_chain": "3.13",
  "SSLSocket.get_unverified_chain": "3.13",
  "SSLSocket.get_verified_chain": "3.13",
  HAS_PHA: "3.14",
  HAS_PSK_TLS13: "3.15",
  get_sigalgs: "3.15",
  "SSLContext.get_groups": "3.15",
  "SSLContext.set_ciphersuites": "3.15",
  "SSLContext.set_client_sigalgs": "3.15",
  "SSLContext.set_groups": "3.15",
  "SSLContext.set_server_sigalgs": "3.15",
  "SSLObject.client_sigalg": "3.15",
  "SSLObject.group": "3.15",
  "SSLObject.server_sigalg": "3.15",
  "SSLSocket.client_sigalg": "3.15",
  "SSLSocket.group": "3.15",
  "SSLSocket.server_sigalg": "3.15",
};

/** Members of enumerations are the constants of the module over again; an alert and a feature are found by their names. */
function ruleFor(name: string): Row | undefined {
  const member = /^(?:AlertDescription|Options|SSLErrorNumber|VerifyFlags|VerifyMode)\.(\w+)$/.exec(name)?.[1];
  if (member !== undefined) return rowOf(member);
  const alert = /^ALERT_DESCRIPTION_(\w+)$/.exec(name)?.[1]?.toLowerCase();
  if (alert !== undefined) return ours(`alertDescription.${alert === "user_cancelled" ? "user_canceled" : alert}`);
  const feature = /^HAS_(\w+)$/.exec(name)?.[1];
  if (feature !== undefined) return ours(`features.${feature}`);
  const shared = /^SSLSocket\.(\w+)$/.exec(name)?.[1];
  return shared === undefined ? undefined : rows[`SSLObject.${shared}`];
}

function ours(names: string | readonly string[], note = ""): Row {
  return { ours: typeof names === "string" ? [names] : names, note };
}

function absent(reason: string): Row {
  return { absent: reason };
}

function notApplicable(reason: string): Row {
  return { notApplicable: reason };
}

const pythonImport = notApplicable("a module or name that Python's file imports");
const oldProtocol = absent("TLS 1.2 and 1.3 are all there is; asking for another version is an error");
const renamedProtocol = ours(
  ["SSLContext.client", "SSLContext.server"],
  "the highest version that both sides know; deprecated in Python",
);
const datagrams = notApplicable("Python refuses it too: TLS is a stream");
const inRuntimes = "in `wanttls/node`, `wanttls/deno` and `wanttls/bun`";
const socketOptions = notApplicable("belongs to the runtime's own socket, which the transport was made of");
const inTransport = "the transport is made by the runtime's own means, then wrapped";
const postHandshake = absent("Mbed TLS has no authentication after the handshake (`features.PHA`)");
const noNpn = absent("NPN was never standardized; ALPN is what replaced it (`features.NPN`)");
const flags = absent("options have names of their own; there is no bit mask");
const immutable = "contexts do not change after they were made; `with` makes a variant";

const rows: Readonly<Record<string, Row>> = {
  // Classes
  AlertDescription: ours(["alertDescription", "AlertName"], "a table by name"),
  CertificateError: ours("CertificateError"),
  DefaultVerifyPaths: ours("DefaultVerifyPaths"),
  MemoryBIO: ours("MemoryBIO"),
  Options: flags,
  Purpose: ours("Purpose", '`"server-auth"` and `"client-auth"`'),
  SSLCertVerificationError: ours("SSLCertVerificationError"),
  SSLContext: ours("SSLContext"),
  SSLEOFError: ours("SSLEOFError"),
  SSLError: ours("SSLError"),
  SSLErrorNumber: ours("SSLError.code", "each has a class of its own; `code` and `reason` are texts"),
  SSLObject: ours("SSLObject"),
  SSLSession: ours("SSLSession"),
  SSLSocket: ours("SSLSocket"),
  SSLSyscallError: ours("SSLSyscallError"),
  SSLWantReadError: ours("SSLWantReadError"),
  SSLWantWriteError: ours("SSLWantWriteError"),
  SSLZeroReturnError: ours("SSLZeroReturnError"),
  TLSVersion: ours("TLSVersion", '`"TLSv1.2"` and `"TLSv1.3"`'),
  VerifyFlags: ours(
    ["ClientOptions.crlCheck", "ClientOptions.partialChain", "ClientOptions.certProfile"],
    "an option each",
  ),
  VerifyMode: ours("VerifyMode"),

  // Functions
  DER_cert_to_PEM_cert: ours("derCertToPem"),
  PEM_cert_to_DER_cert: ours("pemCertToDer"),
  RAND_add: absent("randomness comes from the runtime (`crypto.getRandomValues`), which needs none of ours"),
  RAND_bytes: absent("every runtime has `crypto.getRandomValues`"),
  RAND_pseudo_bytes: absent("every runtime has `crypto.getRandomValues`; removed in Python 3.12"),
  RAND_status: absent("without randomness the engine does not start, and says so"),
  cert_time_to_seconds: ours("certTimeToSeconds"),
  create_connection: notApplicable("an import from Python's socket module"),
  create_default_context: ours("createDefaultContext"),
  get_default_verify_paths: ours("getDefaultVerifyPaths", inRuntimes),
  get_protocol_name: ours("SSLObject.version", "versions are texts already"),
  get_server_certificate: ours("getServerCertificate", inRuntimes),
  match_hostname: ours("ClientOptions.checkHostname", "done by the handshake; removed in Python 3.12"),
  wrap_socket: ours("SSLContext.wrapSocket", "the function without a context was removed in Python 3.12"),
  get_sigalgs: ours("SSLContext.getSigalgs"),

  // Constants
  CHANNEL_BINDING_TYPES: ours("ChannelBindingType", "and two more of them"),
  OPENSSL_VERSION: ours("engineVersion"),
  OPENSSL_VERSION_INFO: absent("what can be done is in `features`; a number of a version says less"),
  OPENSSL_VERSION_NUMBER: absent("what can be done is in `features`; a number of a version says less"),
  PEM_FOOTER: absent("`derCertToPem` writes it, `pemCertToDer` reads it"),
  PEM_HEADER: absent("`derCertToPem` writes it, `pemCertToDer` reads it"),
  CERT_NONE: ours(['VerifyMode "none"']),
  CERT_OPTIONAL: ours(['VerifyMode "optional"'], 'for clients the same as `"required"`, as in Python'),
  CERT_REQUIRED: ours(['VerifyMode "required"']),
  PROTOCOL_SSLv23: renamedProtocol,
  PROTOCOL_TLS: renamedProtocol,
  PROTOCOL_TLS_CLIENT: ours("SSLContext.client"),
  PROTOCOL_TLS_SERVER: ours("SSLContext.server"),
  PROTOCOL_TLSv1: oldProtocol,
  PROTOCOL_TLSv1_1: oldProtocol,
  PROTOCOL_TLSv1_2: ours(
    ["ClientOptions.minVersion", "ClientOptions.maxVersion"],
    "one version is both the lowest and the highest",
  ),
  OP_ALL: absent("there are no workarounds for old peers to switch on"),
  OP_CIPHER_SERVER_PREFERENCE: ours("ServerOptions.honorCipherOrder", "on by default; TLS 1.2 only"),
  OP_ENABLE_KTLS: notApplicable("no runtime gives its sockets' keys to the kernel"),
  OP_ENABLE_MIDDLEBOX_COMPAT: absent("always on (RFC 8446, appendix D.4)"),
  OP_IGNORE_UNEXPECTED_EOF: ours("WrapSocketOptions.suppressRaggedEofs"),
  OP_LEGACY_SERVER_CONNECT: absent(
    "there is no renegotiation, so servers without RFC 5746 are no danger and are not refused",
  ),
  OP_NO_COMPRESSION: absent("there is no compression"),
  OP_NO_RENEGOTIATION: absent("there is no renegotiation; asking for it is answered with a warning"),
  OP_NO_SSLv2: absent("there is none"),
  OP_NO_SSLv3: absent("there is none"),
  OP_NO_TICKET: ours("ServerOptions.numTickets", "0 is none"),
  OP_NO_TLSv1: absent("there is none"),
  OP_NO_TLSv1_1: absent("there is none"),
  OP_NO_TLSv1_2: ours("ClientOptions.minVersion"),
  OP_NO_TLSv1_3: ours("ClientOptions.maxVersion"),
  OP_SINGLE_DH_USE: absent("there is no finite-field key exchange in TLS 1.2"),
  OP_SINGLE_ECDH_USE: absent("every handshake has a key of its own"),
  SSL_ERROR_EOF: ours("SSLEOFError"),
  SSL_ERROR_INVALID_ERROR_CODE: notApplicable("a defect of the caller of OpenSSL"),
  SSL_ERROR_SSL: ours("SSLError"),
  SSL_ERROR_SYSCALL: ours("SSLSyscallError"),
  SSL_ERROR_WANT_CONNECT: notApplicable("the transport is connected before TLS begins, or says would-block itself"),
  SSL_ERROR_WANT_READ: ours("SSLWantReadError"),
  SSL_ERROR_WANT_WRITE: ours("SSLWantWriteError"),
  SSL_ERROR_WANT_X509_LOOKUP: ours("SSLWantCallbackError", "for every decision of the application"),
  SSL_ERROR_ZERO_RETURN: ours("SSLZeroReturnError"),
  VERIFY_ALLOW_PROXY_CERTS: absent("proxy certificates (RFC 3820) are not trusted"),
  VERIFY_CRL_CHECK_CHAIN: ours(['CrlCheck "chain"']),
  VERIFY_CRL_CHECK_LEAF: ours(['CrlCheck "leaf"']),
  VERIFY_DEFAULT: ours(['CrlCheck "off"']),
  VERIFY_X509_PARTIAL_CHAIN: ours("ClientOptions.partialChain", "on by default, as in Python since 3.13"),
  VERIFY_X509_STRICT: ours(['CertProfile "standard"'], "the default, as in Python since 3.13"),
  VERIFY_X509_TRUSTED_FIRST: absent("every way to a trusted certificate is tried"),

  // What Python's file imports
  SOCK_STREAM: pythonImport,
  SOL_SOCKET: pythonImport,
  SO_TYPE: pythonImport,
  base64: pythonImport,
  errno: pythonImport,
  namedtuple: pythonImport,
  os: pythonImport,
  socket: pythonImport,
  socket_error: pythonImport,
  sys: pythonImport,
  warnings: pythonImport,

  // Members of classes
  "DefaultVerifyPaths.cafile": ours("DefaultVerifyPaths.cafile"),
  "DefaultVerifyPaths.capath": ours("DefaultVerifyPaths.capath"),
  "DefaultVerifyPaths.openssl_cafile": ours("DefaultVerifyPaths.opensslCafile"),
  "DefaultVerifyPaths.openssl_cafile_env": ours("DefaultVerifyPaths.opensslCafileEnv"),
  "DefaultVerifyPaths.openssl_capath": ours("DefaultVerifyPaths.opensslCapath"),
  "DefaultVerifyPaths.openssl_capath_env": ours("DefaultVerifyPaths.opensslCapathEnv"),

  "MemoryBIO.eof": ours("MemoryBIO.eof"),
  "MemoryBIO.pending": ours("MemoryBIO.pending"),
  "MemoryBIO.read": ours(["MemoryBIO.read", "MemoryBIO.readInto"]),
  "MemoryBIO.write": ours("MemoryBIO.write"),
  "MemoryBIO.write_eof": ours("MemoryBIO.writeEof"),

  "Purpose.CLIENT_AUTH": ours(['Purpose "client-auth"']),
  "Purpose.SERVER_AUTH": ours(['Purpose "server-auth"']),
  "Purpose.fromname": notApplicable("a look into OpenSSL's table of names"),
  "Purpose.fromnid": notApplicable("a look into OpenSSL's table of names"),
  "Purpose.longname": notApplicable("a look into OpenSSL's table of names"),
  "Purpose.nid": notApplicable("a look into OpenSSL's table of names"),
  "Purpose.oid": notApplicable("a look into OpenSSL's table of names"),
  "Purpose.shortname": notApplicable("a look into OpenSSL's table of names"),

  "TLSVersion.MAXIMUM_SUPPORTED": ours(["ClientOptions.maxVersion"], "left out: the highest there is"),
  "TLSVersion.MINIMUM_SUPPORTED": ours(["ClientOptions.minVersion"], "left out: the lowest there is"),
  "TLSVersion.SSLv3": oldProtocol,
  "TLSVersion.TLSv1": oldProtocol,
  "TLSVersion.TLSv1_1": oldProtocol,
  "TLSVersion.TLSv1_2": ours(['TLSVersion "TLSv1.2"']),
  "TLSVersion.TLSv1_3": ours(['TLSVersion "TLSv1.3"']),

  "SSLError.characters_written": ours("SSLEOFError.bytesSent", "of an interrupted `sendAll`"),
  "SSLError.errno": ours("SSLError.errno"),
  "SSLError.filename": notApplicable("the core reads no files; the runtimes' errors name theirs"),
  "SSLError.filename2": notApplicable("the core reads no files; the runtimes' errors name theirs"),
  "SSLError.library": ours("SSLError.library"),
  "SSLError.reason": ours("SSLError.reason"),
  "SSLError.strerror": ours("SSLError", "`message`, as of every JavaScript error"),
  "SSLCertVerificationError.verify_code": ours("SSLCertVerificationError.verifyCode"),
  "SSLCertVerificationError.verify_message": ours("SSLCertVerificationError.verifyMessage"),

  "SSLContext.cert_store_stats": ours("SSLContext.certStoreStats"),
  "SSLContext.check_hostname": ours(["ClientOptions.checkHostname", "SSLContext.checkHostname"]),
  "SSLContext.get_ca_certs": ours("SSLContext.getCaCerts", "all that is trusted; each has its DER in `raw`"),
  "SSLContext.get_ciphers": ours("SSLContext.getCiphers"),
  "SSLContext.get_groups": ours("SSLContext.getGroups"),
  "SSLContext.hostname_checks_common_name": ours("ClientOptions.commonNameFallback", "off by default"),
  "SSLContext.keylog_filename": ours(
    ["ClientOptions.onKeyLog", "keyLogFile"],
    "gets the lines; a writer of files is in the runtimes' entries",
  ),
  "SSLContext.load_cert_chain": ours(["ClientOptions.identities", "Identity"], `from memory, any number; ${immutable}`),
  "SSLContext.load_default_certs": ours(["ClientOptions.trust", "TrustStore.system"], inRuntimes),
  "SSLContext.load_dh_params": absent("there is no finite-field key exchange in TLS 1.2"),
  "SSLContext.load_verify_locations": ours(
    ["ClientOptions.ca", "ClientOptions.trust", "ClientOptions.crls"],
    immutable,
  ),
  "SSLContext.maximum_version": ours(["ClientOptions.maxVersion", "SSLContext.maxVersion"]),
  "SSLContext.minimum_version": ours(["ClientOptions.minVersion", "SSLContext.minVersion"]),
  "SSLContext.num_tickets": ours("ServerOptions.numTickets"),
  "SSLContext.options": flags,
  "SSLContext.post_handshake_auth": postHandshake,
  "SSLContext.protocol": ours("SSLContext.serverSide", "a context is a client's or a server's"),
  "SSLContext.security_level": ours("ClientOptions.certProfile", "what is weak is refused under every profile"),
  "SSLContext.session_stats": ours(
    ["SSLContext.sessionStats", "SessionStats"],
    "without OpenSSL's cache, which is not here",
  ),
  "SSLContext.set_alpn_protocols": ours("ClientOptions.alpn"),
  "SSLContext.set_ciphers": ours(
    "ClientOptions.cipherSuites",
    "a list of names, OpenSSL's among them, in place of a rule",
  ),
  "SSLContext.set_ciphersuites": ours("ClientOptions.cipherSuites", "one list for both versions"),
  "SSLContext.set_client_sigalgs": ours("ClientOptions.signatureAlgorithms", "one list for both sides' signatures"),
  "SSLContext.set_default_verify_paths": ours("TrustStore.system", inRuntimes),
  "SSLContext.set_ecdh_curve": ours("ClientOptions.groups"),
  "SSLContext.set_groups": ours("ClientOptions.groups"),
  "SSLContext.set_npn_protocols": noNpn,
  "SSLContext.set_psk_client_callback": ours("ClientOptions.psk", "no hint: TLS 1.3 has none"),
  "SSLContext.set_psk_server_callback": ours("ServerOptions.psk"),
  "SSLContext.set_server_sigalgs": ours("ServerOptions.signatureAlgorithms", "one list for both sides' signatures"),
  "SSLContext.set_servername_callback": ours("ServerOptions.sniCallback"),
  "SSLContext.sni_callback": ours(["ServerOptions.sniCallback", "ServerOptions.selectContext"]),
  "SSLContext.sslobject_class": absent("wrap the connection in a class of your own"),
  "SSLContext.sslsocket_class": absent("wrap the connection in a class of your own"),
  "SSLContext.verify_flags": ours([
    "ClientOptions.crlCheck",
    "ClientOptions.partialChain",
    "ClientOptions.certProfile",
  ]),
  "SSLContext.verify_mode": ours(["ClientOptions.verifyMode", "SSLContext.verifyMode"]),
  "SSLContext.wrap_bio": ours("SSLContext.wrapBio", "the side is the context's"),
  "SSLContext.wrap_socket": ours("SSLContext.wrapSocket", "the handshake is not done by it"),

  "SSLObject.cipher": ours(["SSLObject.cipher", "CipherInfo"]),
  "SSLObject.client_sigalg": ours("SSLObject.clientSigalg"),
  "SSLObject.compression": ours("SSLObject.compression", "always null"),
  "SSLObject.context": ours("SSLObject.context", "to read; `sniCallback` and `selectContext` change it"),
  "SSLObject.do_handshake": ours(["SSLObject.doHandshake", "SSLObject.tryHandshake"]),
  "SSLObject.get_channel_binding": ours("SSLObject.getChannelBinding"),
  "SSLObject.get_unverified_chain": ours("SSLObject.getUnverifiedChain"),
  "SSLObject.get_verified_chain": ours("SSLObject.getVerifiedChain"),
  "SSLObject.getpeercert": ours(["SSLObject.getPeerCert", "Certificate"]),
  "SSLObject.group": ours("SSLObject.group"),
  "SSLObject.pending": ours(["SSLObject.pending", "SSLObject.hasBuffered"]),
  "SSLObject.read": ours(["SSLObject.read", "SSLObject.readInto", "SSLObject.tryRead"]),
  "SSLObject.selected_alpn_protocol": ours("SSLObject.selectedAlpnProtocol"),
  "SSLObject.selected_npn_protocol": noNpn,
  "SSLObject.server_hostname": ours("SSLObject.serverHostname"),
  "SSLObject.server_sigalg": ours("SSLObject.serverSigalg"),
  "SSLObject.server_side": ours("SSLObject.serverSide"),
  "SSLObject.session": ours("SSLObject.session"),
  "SSLObject.session_reused": ours("SSLObject.sessionReused"),
  "SSLObject.shared_ciphers": ours("SSLObject.sharedCiphers"),
  "SSLObject.unwrap": ours(["SSLObject.unwrap", "SSLObject.shutdownWrite"]),
  "SSLObject.verify_client_post_handshake": postHandshake,
  "SSLObject.version": ours("SSLObject.version"),
  "SSLObject.write": ours(["SSLObject.write", "SSLObject.tryWrite"]),

  "SSLSession.has_ticket": ours("SSLSession.hasTicket"),
  "SSLSession.id": ours("SSLSession.id"),
  "SSLSession.ticket_lifetime_hint": ours("SSLSession.ticketLifetimeHint"),
  "SSLSession.time": ours("SSLSession.time"),
  "SSLSession.timeout": ours("SSLSession.timeout"),

  "SSLSocket.accept": absent(`listening is the runtime's business; ${inTransport}`),
  "SSLSocket.bind": absent(`listening is the runtime's business; ${inTransport}`),
  "SSLSocket.close": ours(["SSLSocket.close", "SSLSocket.abort"]),
  "SSLSocket.connect": absent(inTransport),
  "SSLSocket.connect_ex": absent(inTransport),
  "SSLSocket.detach": ours(["SSLSocket.unwrap", "NonBlockingTransport.takeRemaining"], "ends TLS first"),
  "SSLSocket.dup": notApplicable("Python refuses it too: two cannot share one state"),
  "SSLSocket.family": socketOptions,
  "SSLSocket.fileno": ours("SSLSocket.watch", "readiness without descriptors; `select` and `Selector` use it"),
  "SSLSocket.get_inheritable": socketOptions,
  "SSLSocket.getblocking": absent("nothing blocks: what cannot go on throws, or answers, would-block"),
  "SSLSocket.getpeername": socketOptions,
  "SSLSocket.getsockname": socketOptions,
  "SSLSocket.getsockopt": socketOptions,
  "SSLSocket.gettimeout": ours("select", "waiting has the time limit"),
  "SSLSocket.listen": absent(`listening is the runtime's business; ${inTransport}`),
  "SSLSocket.makefile": ours("TLSConnection.readable", "and `writable`: streams instead of a file"),
  "SSLSocket.proto": socketOptions,
  "SSLSocket.recv": ours(["SSLSocket.recv", "SSLSocket.tryRecv"], "without flags, which Python refuses too"),
  "SSLSocket.recv_into": ours("SSLSocket.recvInto"),
  "SSLSocket.recvfrom": datagrams,
  "SSLSocket.recvfrom_into": datagrams,
  "SSLSocket.recvmsg": datagrams,
  "SSLSocket.recvmsg_into": datagrams,
  "SSLSocket.send": ours(["SSLSocket.send", "SSLSocket.trySend"], "without flags, which Python refuses too"),
  "SSLSocket.sendall": ours("SSLSocket.sendAll", "asynchronous"),
  "SSLSocket.sendfile": absent("a loop of `sendAll` over what the runtime reads: there is no faster way from outside"),
  "SSLSocket.sendmsg": datagrams,
  "SSLSocket.sendmsg_afalg": socketOptions,
  "SSLSocket.sendto": datagrams,
  "SSLSocket.set_inheritable": socketOptions,
  "SSLSocket.setblocking": absent("nothing blocks: what cannot go on throws, or answers, would-block"),
  "SSLSocket.setsockopt": socketOptions,
  "SSLSocket.settimeout": ours("select", "waiting has the time limit"),
  "SSLSocket.shutdown": ours(
    ["SSLSocket.shutdownWrite", "SSLSocket.close"],
    "with close_notify; Python's drops the protection and goes on in the clear",
  ),
  "SSLSocket.timeout": ours("select", "waiting has the time limit"),
  "SSLSocket.type": socketOptions,
};
