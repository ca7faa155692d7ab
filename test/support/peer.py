"""A TLS peer over loopback with CPython's ssl module; peers.ts starts it and reads its JSON lines.

Prints {"ready": port} (server), then per connection {"connected": {...}} and {"done": {...}} or {"failed": {...}}.
Bytes to send follow one pattern (see pattern() in peers.ts), so that both ends can compare SHA-256 sums.
"""

import argparse
import hashlib
import json
import select
import socket
import ssl
import struct
import sys
import threading

BLOCK = bytes((i * 167 + (i >> 8) * 13) & 0xFF for i in range(65536))


def main():
    options = arguments()
    try:
        context = client_context(options) if options.role == "client" else server_context(options)
        serve(options, context) if options.role == "server" else connect(options, context)
    except (OSError, ValueError) as error:
        say("failed", describe(error))
        sys.exit(1)


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("role", choices=["server", "client"])
    parser.add_argument("--mode", default="echo", choices=["echo", "send", "sink", "truncate", "reset"])
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--bytes", type=int, default=0)
    parser.add_argument("--count", type=int, default=0)
    parser.add_argument("--version")
    parser.add_argument("--cert")
    parser.add_argument("--key")
    parser.add_argument("--ca")
    parser.add_argument("--name")
    parser.add_argument("--alpn", action="append")
    parser.add_argument("--verify", action="store_true")
    parser.add_argument("--verify-optional", action="store_true")
    parser.add_argument("--no-tickets", action="store_true")
    parser.add_argument("--connections", type=int, default=1)
    return parser.parse_args()


def server_context(options):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if options.verify:
        context.verify_mode = ssl.CERT_REQUIRED
    if options.verify_optional:
        context.verify_mode = ssl.CERT_OPTIONAL
    return configure(context, options)


def client_context(options):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if not options.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return configure(context, options)


def configure(context, options):
    versions = {"TLSv1.2": ssl.TLSVersion.TLSv1_2, "TLSv1.3": ssl.TLSVersion.TLSv1_3}
    context.minimum_version = versions.get(options.version, ssl.TLSVersion.TLSv1_2)
    context.maximum_version = versions.get(options.version, ssl.TLSVersion.TLSv1_3)
    if options.cert:
        context.load_cert_chain(options.cert, options.key)
    if options.ca:
        context.load_verify_locations(options.ca)
    if options.no_tickets:
        context.options |= ssl.OP_NO_TICKET
    if options.alpn:
        context.set_alpn_protocols(options.alpn)
    return context


def serve(options, context):
    listener = socket.create_server(("127.0.0.1", options.port))
    say("ready", listener.getsockname()[1])
    served = 0
    while options.count == 0 or served < options.count:
        raw, _ = listener.accept()
        served += 1
        threading.Thread(target=answer, args=(raw, options, context)).start()


def answer(raw, options, context):
    try:
        with context.wrap_socket(raw, server_side=True, suppress_ragged_eofs=False) as connection:
            introduce(connection)
            converse(connection, options)
    except (OSError, ValueError) as error:
        say("failed", describe(error))
    finally:
        raw.close()


def converse(connection, options):
    if options.mode == "send":
        say("done", send_and_read(connection, options.bytes, 0))
        return
    digest, received = hashlib.sha256(), 0
    while data := connection.recv(65536):
        digest.update(data)
        received += len(data)
        if options.mode in ("echo", "truncate"):
            connection.sendall(data)
        if options.mode == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if options.mode in ("truncate", "reset"):
            connection.close()
            break
    else:
        close_properly(connection)
    say("done", {"received": received, "sha256": digest.hexdigest()})


def connect(options, context):
    """Every connection but the first offers the session of the one before."""
    settings = {"server_hostname": options.name, "suppress_ragged_eofs": False, "session": None}
    for _ in range(options.connections):
        raw = socket.create_connection(("127.0.0.1", options.port))
        with context.wrap_socket(raw, **settings) as connection:
            introduce(connection)
            expected = options.bytes if options.mode == "echo" else 0
            summary = exchange(connection, options.bytes, expected)
            settings["session"] = connection.session
            close_properly(connection)
            say("done", summary)


def send_and_read(connection, count, expected):
    summary = exchange(connection, count, expected)
    close_properly(connection)
    return summary


def exchange(connection, count, expected):
    """Sends the pattern while reading, so that an echo of any length cannot block both ends."""
    unsent, digest, received = memoryview(pattern(count)), hashlib.sha256(), 0
    connection.setblocking(False)
    while unsent or received < expected:
        select.select([connection], [connection] if unsent else [], [])
        if unsent:
            unsent = unsent[attempt(connection.send, unsent[:16384]) or 0 :]
        while (data := attempt(connection.recv, 65536)) is not None:
            if not data:
                raise ssl.SSLEOFError("the peer closed before all was echoed")
            digest.update(data)
            received += len(data)
    connection.setblocking(True)
    return {"sent": count, "received": received, "sha256": digest.hexdigest()}


def attempt(call, argument):
    try:
        return call(argument)
    except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
        return None


def close_properly(connection):
    """Our close_notify, then the peer's; a peer that only closes the transport is tolerated."""
    try:
        connection.unwrap().close()
    except OSError:
        pass


def introduce(connection):
    certificate = connection.getpeercert()
    subject = dict(item for rdn in certificate["subject"] for item in rdn) if certificate else {}
    say(
        "connected",
        {
            "version": connection.version(),
            "cipher": connection.cipher()[0],
            "alpn": connection.selected_alpn_protocol(),
            "shared": [suite[0] for suite in connection.shared_ciphers() or []],
            "unique": (connection.get_channel_binding("tls-unique") or b"").hex(),
            "peer": subject.get("commonName"),
            "resumed": connection.session_reused,
        },
    )


def pattern(count):
    return (BLOCK * (count // len(BLOCK) + 1))[:count]


def describe(error):
    return {"type": type(error).__name__, "reason": getattr(error, "reason", None), "text": str(error)}


def say(event, value):
    sys.stdout.write(json.dumps({event: value}) + "\n")
    sys.stdout.flush()


main()
