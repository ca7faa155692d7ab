"""A TLS peer over loopback with GnuTLS, by ctypes. Same arguments, events and byte pattern as peer.py in test/support,
echo mode only and no more bytes than a socket takes at once; knows nothing of wanttls.
"""

import argparse
import ctypes
import hashlib
import json
import socket
import sys

gnutls = ctypes.CDLL("libgnutls.so.30")
for name in ("gnutls_strerror", "gnutls_protocol_get_name", "gnutls_cipher_get_name"):
    getattr(gnutls, name).restype = ctypes.c_char_p
for name in ("gnutls_record_recv", "gnutls_record_send"):
    getattr(gnutls, name).restype = ctypes.c_ssize_t
    getattr(gnutls, name).argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t]

SERVER, CLIENT = 1, 2
NO_TICKETS = 1 << 10
CRD_CERTIFICATE, CRD_PSK = 1, 4
CERT_REQUIRE = 2
FMT_PEM = 1
NAME_DNS = 1
SHUT_WR = 1
KEY_UPDATE_BOTH = 1
PASSING = (-52, -28)  # interrupted, again
VERSIONS = {"TLSv1.2": "VERS-TLS1.2", "TLSv1.3": "VERS-TLS1.3"}


class Datum(ctypes.Structure):
    _fields_ = [("data", ctypes.POINTER(ctypes.c_ubyte)), ("size", ctypes.c_uint)]

    @classmethod
    def of(cls, content):
        return cls((ctypes.c_ubyte * len(content))(*content), len(content))

    def content(self):
        return ctypes.string_at(self.data, self.size)


class Failure(Exception):
    pass


def main():
    options = arguments()
    try:
        serve(options) if options.role == "server" else connect(options)
    except (OSError, Failure) as error:
        fail(error)
        sys.exit(1)


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("role", choices=["server", "client"])
    parser.add_argument("--mode", choices=["echo"])
    for name in ("port", "bytes", "count"):
        parser.add_argument(f"--{name}", type=int, default=0)
    parser.add_argument("--connections", type=int, default=1)
    for name in ("version", "cert", "key", "ca", "name", "psk-identity", "psk-key"):
        parser.add_argument(f"--{name}")
    for name in ("verify", "no-tickets", "rekey"):
        parser.add_argument(f"--{name}", action="store_true")
    return parser.parse_args()


def serve(options):
    credentials = make_credentials(options)
    ticket_key = Datum()
    check(gnutls.gnutls_session_ticket_key_generate(ctypes.byref(ticket_key)))
    listener = socket.create_server(("127.0.0.1", options.port))
    say("ready", listener.getsockname()[1])
    served = 0
    while options.count == 0 or served < options.count:
        raw, _ = listener.accept()
        served += 1
        try:
            answer(raw, options, credentials, ticket_key)
        except (OSError, Failure) as error:
            fail(error)
        raw.close()


def answer(raw, options, credentials, ticket_key):
    session = open_session(raw, SERVER, options, credentials)
    if not options.no_tickets:
        check(gnutls.gnutls_session_ticket_enable_server(session, ctypes.byref(ticket_key)))
    if options.verify:
        gnutls.gnutls_certificate_server_set_request(session, CERT_REQUIRE)
        gnutls.gnutls_session_set_verify_cert(session, None, 0)
    shake_hands(session)
    digest, received = hashlib.sha256(), 0
    while data := receive(session):
        digest.update(data)
        received += len(data)
        if options.rekey:
            check(gnutls.gnutls_session_key_update(session, KEY_UPDATE_BOTH))
        send(session, data)
    close(session)
    say("done", {"received": received, "sha256": digest.hexdigest()})


def connect(options):
    """Every connection but the first offers the session of the one before."""
    credentials = make_credentials(options)
    resumable = None
    for _ in range(options.connections):
        raw = socket.create_connection(("127.0.0.1", options.port))
        session = open_session(raw, CLIENT, options, credentials)
        if options.name:
            name = options.name.encode()
            check(gnutls.gnutls_server_name_set(session, NAME_DNS, name, ctypes.c_size_t(len(name))))
            if options.verify:
                gnutls.gnutls_session_set_verify_cert(session, name, 0)
        if resumable:
            check(gnutls.gnutls_session_set_data(session, resumable, ctypes.c_size_t(len(resumable))))
        shake_hands(session)
        converse(session, options)
        resumable = session_data(session)
        close(session)
        raw.close()


def converse(session, options):
    sent = bytes((i * 167 + (i >> 8) * 13) & 0xFF for i in range(options.bytes))
    middle = len(sent) // 2 if options.rekey else 0
    received = exchange(session, sent[:middle])
    if options.rekey:
        check(gnutls.gnutls_session_key_update(session, KEY_UPDATE_BOTH))
    received += exchange(session, sent[middle:])
    say("done", {"sent": len(sent), "received": len(received), "sha256": hashlib.sha256(received).hexdigest()})


def exchange(session, data):
    send(session, data)
    echo = b""
    while len(echo) < len(data):
        piece = receive(session)
        if not piece:
            raise Failure("the peer closed before all was echoed")
        echo += piece
    return echo


def make_credentials(options):
    if options.psk_key:
        return CRD_PSK, psk_credentials(options)
    credentials = ctypes.c_void_p()
    check(gnutls.gnutls_certificate_allocate_credentials(ctypes.byref(credentials)))
    if options.cert:
        files = options.cert.encode(), options.key.encode()
        check(gnutls.gnutls_certificate_set_x509_key_file(credentials, *files, FMT_PEM))
    if options.ca:
        check(gnutls.gnutls_certificate_set_x509_trust_file(credentials, options.ca.encode(), FMT_PEM))
    return CRD_CERTIFICATE, credentials


def psk_credentials(options):
    credentials = ctypes.c_void_p()
    identity, key = options.psk_identity.encode(), Datum.of(bytes.fromhex(options.psk_key))
    if options.role == "client":
        check(gnutls.gnutls_psk_allocate_client_credentials(ctypes.byref(credentials)))
        check(gnutls.gnutls_psk_set_client_credentials(credentials, identity, ctypes.byref(key), 0))
        return credentials
    check(gnutls.gnutls_psk_allocate_server_credentials(ctypes.byref(credentials)))
    gnutls.gnutls_psk_set_server_credentials_function(credentials, find_key)
    psk_keys[identity] = bytes.fromhex(options.psk_key)
    return credentials


psk_keys = {}
allocate = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_size_t)(ctypes.c_void_p.in_dll(gnutls, "gnutls_malloc").value)


@ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p, ctypes.POINTER(Datum))
def find_key(_session, identity, result):
    key = psk_keys.get(identity)
    if key is None:
        return -1
    give(result.contents, key)
    return 0


def give(datum, content):
    """Fills a datum with memory that GnuTLS will free."""
    address = allocate(len(content))
    ctypes.memmove(address, content, len(content))
    datum.data, datum.size = ctypes.cast(address, ctypes.POINTER(ctypes.c_ubyte)), len(content)


def open_session(raw, role, options, credentials):
    session = ctypes.c_void_p()
    check(gnutls.gnutls_init(ctypes.byref(session), role | (NO_TICKETS if options.no_tickets else 0)))
    priority = "NORMAL" if credentials[0] == CRD_CERTIFICATE else "NORMAL:-KX-ALL:+ECDHE-PSK:+PSK"
    versions = [VERSIONS[options.version]] if options.version else VERSIONS.values()
    priority += ":-VERS-ALL" + "".join(f":+{version}" for version in versions)
    check(gnutls.gnutls_priority_set_direct(session, priority.encode(), None))
    check(gnutls.gnutls_credentials_set(session, *credentials))
    gnutls.gnutls_transport_set_int2(session, raw.fileno(), raw.fileno())
    return session


def shake_hands(session):
    while (code := gnutls.gnutls_handshake(session)) in PASSING:
        pass
    check(code)
    version = gnutls.gnutls_protocol_get_name(gnutls.gnutls_protocol_get_version(session)).decode()
    introduction = {
        "version": version.replace("TLS", "TLSv"),
        "cipher": gnutls.gnutls_cipher_get_name(gnutls.gnutls_cipher_get(session)).decode(),
        "alpn": None,
        "peer": None,
        "resumed": gnutls.gnutls_session_is_resumed(session) != 0,
    }
    say("connected", introduction)


def session_data(session):
    data = Datum()
    check(gnutls.gnutls_session_get_data2(session, ctypes.byref(data)))
    return data.content()


def send(session, data):
    while data:
        data = data[check(gnutls.gnutls_record_send(session, data, len(data))) :]


def receive(session):
    buffer = ctypes.create_string_buffer(16384)
    while (length := gnutls.gnutls_record_recv(session, buffer, len(buffer))) in PASSING:
        pass
    return buffer.raw[: check(length)]


def close(session):
    gnutls.gnutls_bye(session, SHUT_WR)
    gnutls.gnutls_deinit(session)


def check(code):
    if code < 0:
        raise Failure(gnutls.gnutls_strerror(code).decode())
    return code


def fail(error):
    say("failed", {"type": type(error).__name__, "reason": None, "text": str(error)})


def say(event, value):
    sys.stdout.write(json.dumps({event: value}) + "\n")
    sys.stdout.flush()


main()
