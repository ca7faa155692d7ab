"""asyncio's start_tls over loopback: `server` upgrades each connection that asks for it and echoes, `client` asks for it, has a line
echoed and prints it. Arguments: role, version, certificate, key, CA, port (of the client). Knows nothing of wanttls.
"""

import asyncio
import json
import ssl
import sys

role, version, cert, key, ca, port = (sys.argv + ["0"])[1:7]


def context():
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if role == "server" else ssl.PROTOCOL_TLS_CLIENT)
    made.minimum_version = made.maximum_version = getattr(ssl.TLSVersion, version.replace(".", "_"))
    made.load_cert_chain(cert, key)
    made.load_verify_locations(ca)
    made.verify_mode = ssl.CERT_REQUIRED
    return made


async def echo(reader, writer):
    await reader.readline()
    writer.write(b"go ahead\n")
    try:
        await writer.start_tls(context())
        while line := await reader.readline():
            writer.write(line)
            await writer.drain()
    except (OSError, ssl.SSLError) as error:
        print(type(error).__name__, flush=True)
    finally:
        writer.close()


async def serve():
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    print(json.dumps({"ready": server.sockets[0].getsockname()[1]}), flush=True)
    await server.serve_forever()


async def ask():
    reader, writer = await asyncio.open_connection("127.0.0.1", int(port))
    writer.write(b"please\n")
    await reader.readline()
    await writer.start_tls(context(), server_hostname="localhost")
    writer.write(b"over asyncio\n")
    print((await reader.readline()).decode(), end="", flush=True)
    writer.close()
    await writer.wait_closed()


asyncio.run(serve() if role == "server" else ask())
