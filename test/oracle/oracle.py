"""CPython's ssl module as an oracle: runs single calls of MemoryBIO and SSLObject for oracle.ts.

One JSON request per line on stdin, one JSON answer per line on stdout, in order. Knows nothing of wanttls and judges
nothing: it only says what Python does. Bytes travel as {"bytes": base64}; an outcome is {"value": ...} or
{"error": class name, "reason": OpenSSL's reason or null, "text": message}.
"""

import base64
import json
import ssl
import sys

VERSIONS = {"TLSv1.2": ssl.TLSVersion.TLSv1_2, "TLSv1.3": ssl.TLSVersion.TLSv1_3}
VERIFY = {"none": ssl.CERT_NONE, "optional": ssl.CERT_OPTIONAL, "required": ssl.CERT_REQUIRED}


class Party:
    """One SSLObject between its two memory BIOs."""

    def __init__(self, config):
        self.incoming = ssl.MemoryBIO()
        self.outgoing = ssl.MemoryBIO()
        server = config["role"] == "server"
        self.object = context_for(config, server).wrap_bio(
            self.incoming,
            self.outgoing,
            server_side=server or config.get("serverSide", False),
            server_hostname=config.get("serverHostname"),
        )

    def call(self, name, arguments, supply, chunk, eof):
        """Gives the supplied ciphertext in pieces, calling after each, until the answer is not "want read"."""
        taken = 0
        while True:
            piece = supply[taken : taken + chunk]
            if piece:
                self.incoming.write(piece)
            taken += len(piece)
            if eof and taken == len(supply):
                self.incoming.write_eof()
            answer = outcome(self.act, name, arguments)
            if answer.get("error") != "SSLWantReadError" or taken == len(supply):
                return {"outcome": answer, "taken": taken, "out": plain(self.outgoing.read())["bytes"]}

    def act(self, name, arguments):
        if name == "readInto":
            return self.read_into(*arguments)
        if name == "getPeerCert":
            return common_name(self.object.getpeercert(*arguments))
        if name == "cipher":
            return self.object.cipher() and self.object.cipher()[1]
        return getattr(self.object, SSL_CALLS[name])(*arguments)

    def read_into(self, length, count=0):
        buffer = bytearray(length)
        moved = self.object.read(count, buffer)
        return bytes(buffer[:moved])


SSL_CALLS = {
    "doHandshake": "do_handshake",
    "read": "read",
    "write": "write",
    "pending": "pending",
    "unwrap": "unwrap",
    "version": "version",
    "selectedAlpnProtocol": "selected_alpn_protocol",
}


def context_for(config, server):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = VERSIONS[config.get("minVersion", "TLSv1.2")]
    context.maximum_version = VERSIONS[config.get("maxVersion", "TLSv1.3")]
    if "checkHostname" in config:
        context.check_hostname = config["checkHostname"]
    if "verifyMode" in config:
        context.check_hostname = context.check_hostname and config["verifyMode"] != "none"
        context.verify_mode = VERIFY[config["verifyMode"]]
    if "cert" in config:
        context.load_cert_chain(config["cert"], config["key"])
    if "ca" in config:
        context.load_verify_locations(config["ca"])
    if "alpn" in config:
        context.set_alpn_protocols(config["alpn"])
    return context


def bio_call(bio, name, arguments):
    if name in ("pending", "eof"):
        return getattr(bio, name)
    return getattr(bio, "write_eof" if name == "writeEof" else name)(*arguments)


def common_name(certificate):
    """None, "unverified" for Python's empty dictionary, or the common name of the subject."""
    if certificate is None or isinstance(certificate, bytes):
        return certificate
    subject = dict(item for part in certificate.get("subject", ()) for item in part)
    return subject.get("commonName", "unverified")


def outcome(call, *arguments):
    try:
        return {"value": plain(call(*arguments))}
    except (OSError, ValueError, TypeError) as error:
        return {"error": type(error).__name__, "reason": getattr(error, "reason", None), "text": str(error)}


def plain(value):
    return {"bytes": base64.b64encode(value).decode()} if isinstance(value, bytes) else value


def rich(value):
    return base64.b64decode(value["bytes"]) if isinstance(value, dict) else value


class Oracle:
    def __init__(self):
        self.things = []

    def answer(self, request):
        arguments = [rich(argument) for argument in request.get("arguments", [])]
        match request["do"]:
            case "info":
                return {"python": sys.version.split()[0], "openssl": ssl.OPENSSL_VERSION}
            case "bio":
                return self.keep(ssl.MemoryBIO())
            case "bioCall":
                return outcome(bio_call, self.things[request["id"]], request["name"], arguments)
            case "party":
                return outcome(lambda: self.keep(Party(request["config"])))
            case "call":
                supply, chunk = rich(request["supply"]), request["chunk"] or sys.maxsize
                party = self.things[request["id"]]
                return party.call(request["name"], arguments, supply, chunk, request["eof"])
            case "drop":
                self.things[request["id"]] = None
                return None

    def keep(self, thing):
        self.things.append(thing)
        return len(self.things) - 1


def main():
    oracle = Oracle()
    for line in sys.stdin:
        sys.stdout.write(json.dumps(oracle.answer(json.loads(line))) + "\n")
        sys.stdout.flush()


main()
