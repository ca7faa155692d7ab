"""What CPython's getpeercert() makes of certificates: a JSON list of base64 DER on standard input, one of answers on output.

An answer is the dictionary, or the name of the exception class. `_test_decode_cert` is the function behind getpeercert().
"""

import base64
import json
import os
import ssl
import sys
import tempfile


def main():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "certificate.pem")
        json.dump([decode(base64.b64decode(text), path) for text in json.load(sys.stdin)], sys.stdout, default=der_text)


def decode(der, path):
    with open(path, "w") as file:
        file.write(ssl.DER_cert_to_PEM_cert(der))
    try:
        return ssl._ssl._test_decode_cert(path)
    except (ssl.SSLError, ValueError) as error:
        return type(error).__name__


def der_text(bits):
    """A BIT STRING in a name, which is bytes here, as RFC 4514 writes it."""
    return "#" + bytes([3, len(bits) + 1, 0, *bits]).hex()


main()
