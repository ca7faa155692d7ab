"""The public names of CPython's ssl module and of its classes, as JSON; python-surface.ts runs it.

Left out is what every Python object, tuple, number and exception has. Exceptions get some attributes only when they are
raised, so one of each of these kinds is.
"""

import inspect
import json
import platform
import ssl
import sys

OURS = ("ssl", "_ssl", "socket", "_socket")


def main():
    names = []
    for name in sorted(vars(ssl)):
        if name.startswith("_"):
            continue
        names.append(name)
        value = getattr(ssl, name)
        if inspect.isclass(value) and value.__module__ in ("ssl", "_ssl") and value.__name__ == name:
            names += [f"{name}.{attribute}" for attribute in attributes(value)]
    python = f"{platform.python_implementation()} {platform.python_version()}"
    json.dump({"python": python, "openssl": ssl.OPENSSL_VERSION, "names": names}, sys.stdout)


def attributes(owner):
    if issubclass(owner, BaseException):
        return sorted(exception_attributes(owner))
    found = set(getattr(owner, "__members__", ()))
    for base in owner.__mro__:
        if base.__module__ in OURS:
            found.update(name for name in vars(base) if not name.startswith("_"))
    return sorted(found)


def exception_attributes(owner):
    """Those that its base class among ssl's exceptions does not have."""
    base = owner.__mro__[1]
    known = dir(raised(base)) if issubclass(base, ssl.SSLError) else dir(BaseException())
    return [name for name in dir(raised(owner)) if not name.startswith("_") and name not in known]


def raised(owner):
    if owner in (ssl.SSLError, ssl.SSLCertVerificationError):
        return provoked(owner)
    return owner()


def provoked(owner):
    certificate, key, greeting = sys.argv[1:3] + [b"this is not TLS" * 10]
    client = ssl.create_default_context()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate, key)
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = [
        client.wrap_bio(to_client, to_server, server_hostname="localhost"),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    if owner is ssl.SSLError:
        to_client.write(greeting)
    for side in sides * 2:
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            pass
        except owner as error:
            return error
    raise RuntimeError(f"nothing raised {owner.__name__}")


main()
