"""The other side of STARTTLS, from Python's standard library; starttls-command.test.ts starts it.

serve PROTOCOL MODE CERT KEY: a server written down step by step; after the upgrade it echoes over TLS. MODE "inject" puts
plaintext behind the go-ahead, "inject-late" sends it when the ClientHello is there, "strip" (imap) does not offer TLS.
connect PROTOCOL PORT CA: smtplib, imaplib, poplib or ftplib as they are; prints what came back over TLS.
"""

import ftplib
import imaplib
import json
import poplib
import smtplib
import socket
import ssl
import struct
import sys

STARTTLS_NAMESPACE = b"urn:ietf:params:xml:ns:xmpp-tls"
STREAM = b"xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'"
LDAP_OID = b"1.3.6.1.4.1.1466.20037"
MYSQL_FLAGS = 0x88A00  # protocol 4.1, SSL, secure connection and plugin authentication


def mysql_packet(sequence, payload):
    return struct.pack("<I", len(payload))[:3] + bytes([sequence]) + payload


def mysql_greeting(flags):
    low, high = flags & 0xFFFF, flags >> 16
    tail = struct.pack("<HBHHB", low, 45, 2, high, 21) + bytes(10) + b"b" * 12 + b"\0mysql_native_password\0"
    return mysql_packet(0, b"\x0a11.4.2-MariaDB\0" + struct.pack("<I", 7) + b"a" * 8 + b"\0" + tail)


# What is said and what is heard in turns, the greeting first (it may be empty); the last one said is the go-ahead.
SCRIPTS = {
    "smtp": [
        b"220-mail.test\r\n220 ESMTP\r\n",
        b"EHLO [127.0.0.1]\r\n",
        b"250-mail.test\r\n250-STARTTLS\r\n250 SIZE 1000\r\n",
        b"STARTTLS\r\n",
        b"220 2.0.0 go\r\n",
    ],
    "imap": [
        b"* OK ready\r\n",
        b"a1 CAPABILITY\r\n",
        b"* CAPABILITY IMAP4rev2 STARTTLS AUTH=PLAIN\r\na1 OK done\r\n",
        b"a2 STARTTLS\r\n",
        b"a2 OK go\r\n",
    ],
    "pop3": [b"+OK ready\r\n", b"CAPA\r\n", b"+OK list\r\nTOP\r\nSTLS\r\n.\r\n", b"STLS\r\n", b"+OK go\r\n"],
    "ftp": [b"220-Welcome\r\n 220 is no end\r\n220 ready\r\n", b"AUTH TLS\r\n", b"234 go\r\n"],
    "xmpp": [
        b"",
        b"<?xml version='1.0'?><stream:stream to='localhost' version='1.0' %s>" % STREAM,
        b"<?xml version='1.0'?><stream:stream from='localhost' id='1' version='1.0' %s><stream:features>"
        b'<starttls xmlns="%s"/></stream:features>' % (STREAM, STARTTLS_NAMESPACE),
        b"<starttls xmlns='%s'/>" % STARTTLS_NAMESPACE,
        b'<proceed xmlns="%s"></proceed>' % STARTTLS_NAMESPACE,
    ],
    "ldap": [
        b"",
        b"\x30\x1d\x02\x01\x01\x77\x18\x80\x16" + LDAP_OID,
        b"\x30\x84\x00\x00\x00\x28\x02\x01\x01\x78\x84\x00\x00\x00\x1f\x0a\x01\x00\x04\x00\x04\x00\x8a\x16" + LDAP_OID,
    ],
    "postgres": [b"", b"\x00\x00\x00\x08\x04\xd2\x16\x2f", b"S"],
    "mysql": [
        mysql_greeting(0xFFFFFFFF),
        mysql_packet(1, struct.pack("<IIB", MYSQL_FLAGS, 1 << 24, 45) + bytes(23)),
        b"",
    ],
}


def serve(protocol, mode, cert, key):
    script = list(SCRIPTS[protocol])
    if mode == "strip":
        script = script[:2] + [script[2].replace(b"STARTTLS ", b"")]
    if mode == "inject":
        script[-1 if script[-1] else 0] += b"* injected\r\n"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    listener = socket.create_server(("127.0.0.1", 0))
    print(json.dumps({"ready": listener.getsockname()[1]}), flush=True)
    raw, _ = listener.accept()
    play(raw, script)
    if mode == "inject-late":
        raw.recv(1, socket.MSG_PEEK)
        raw.sendall(b"* injected\r\n")
    if mode == "plain":
        echo(context.wrap_socket(raw, server_side=True))
        return
    rest = b"".join(iter(lambda: raw.recv(1000), b""))
    if rest and mode != "inject-late":
        raise ValueError(f"expected the end, heard {rest}")


def play(raw, script):
    for i, step in enumerate(script):
        if i % 2 == 0:
            raw.sendall(step)
            continue
        heard = b""
        while len(heard) < len(step) and (more := raw.recv(len(step) - len(heard))):
            heard += more
        if heard != step:
            raise ValueError(f"expected {step}, heard {heard}")


def echo(connection):
    while data := connection.recv(1000):
        connection.sendall(data)
    connection.unwrap()


def connect(protocol, port, ca):
    context = ssl.create_default_context(cafile=ca)
    connection = CLIENTS[protocol](int(port), context)
    connection.sendall(b"hello\n")
    received = b""
    while not received.endswith(b"\n"):
        received += connection.recv(1000)
    print(json.dumps({"received": received.decode(), "version": connection.version()}), flush=True)
    connection.unwrap()


def with_smtplib(port, context):
    client = smtplib.SMTP("localhost", port)
    client.starttls(context=context)
    return client.sock


def with_poplib(port, context):
    client = poplib.POP3("localhost", port)
    client.stls(context=context)
    return client.sock


def with_ftplib(port, context):
    client = ftplib.FTP_TLS(context=context)
    client.connect("localhost", port)
    client.auth()
    return client.sock


def with_imaplib(port, context):
    """After TLS has begun it asks for the capabilities once more, which an echo cannot answer."""
    client = imaplib.IMAP4("localhost", port)
    client._get_capabilities = lambda: None
    client.starttls(ssl_context=context)
    return client.sock


CLIENTS = {"smtp": with_smtplib, "imap": with_imaplib, "pop3": with_poplib, "ftp": with_ftplib}

{"serve": serve, "connect": connect}[sys.argv[1]](*sys.argv[2:])
