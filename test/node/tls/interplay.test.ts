// The replacement for node:tls with node:tls itself as the other side: what both say about one connection is the same.
import { once } from "node:events";
import net from "node:net";
import type { PeerCertificate, TLSSocket } from "node:tls";
import { describe, expect, it } from "vitest";
import { ca, cert, connected, connecting, failureOf, key, listening, pairs, readAll, versions } from "./pairs.ts";

const cases = pairs.flatMap(([name, server, client]) =>
  versions.map((version) => [`${name}, ${version}`, server, client, version] as const),
);

describe.each(cases)("%s", (_name, server, client, version) => {
  const options = { cert, key, maxVersion: version, minVersion: version };

  it("carries bytes both ways and ends in order", async () => {
    const big = "abcdefgh".repeat(50_000);
    const port = await listening(server.createServer(options, (socket) => void socket.pipe(socket)));
    const socket = await connected(client, { port });
    socket.end(big);
    expect(await readAll(socket)).toBe(big);
    expect([socket.bytesRead, socket.bytesWritten]).toEqual([big.length, big.length]);
    if (!socket.closed) await once(socket, "close");
    expect(socket.destroyed).toBe(true);
  });

  it("is asked about the connection and answers as the other side does", async () => {
    const accepted = new Promise<TLSSocket>((resolve) => {
      void listening(server.createServer({ ...options, ALPNProtocols: ["one", "two"] }, resolve)).then((port) =>
        connectedTo(port),
      );
    });
    let here: TLSSocket | undefined;
    const connectedTo = (port: number): void => {
      here = connecting(client, { port, ALPNProtocols: ["two"] });
    };
    const there = await accepted;
    if (here!.getCipher() === null || here!.alpnProtocol === null) await once(here!, "secureConnect");
    expect(here!.getProtocol()).toBe(version);
    expect(here!.getProtocol()).toBe(there.getProtocol());
    expect(here!.getCipher()).toEqual(there.getCipher());
    expect([here!.alpnProtocol, there.alpnProtocol]).toEqual(["two", "two"]);
    expect([here!.servername, there.servername]).toEqual(["localhost", "localhost"]);
    expect([here!.authorized, there.authorized]).toEqual([true, false]);
    expect([here!.encrypted, here!.isSessionReused()]).toEqual([true, false]);
    expect(here!.remotePort).toBe(there.localPort);
    expect(here!.getPeerCertificate().raw).toEqual((there.getCertificate() as PeerCertificate).raw);
    expect(here!.getPeerCertificate(true).issuerCertificate.subject).toEqual(here!.getPeerCertificate().issuer);
    expect(here!.getPeerX509Certificate()!.raw).toEqual(there.getX509Certificate()!.raw);
    const material = (socket: TLSSocket): Buffer => socket.exportKeyingMaterial(32, "test", Buffer.from("context"));
    expect(material(here!)).toEqual(material(there));
    if (version === "TLSv1.2") {
      expect(here!.getFinished()).toEqual(there.getPeerFinished());
      expect(here!.getPeerFinished()).toEqual(there.getFinished());
    }
  });

  it("asks the client for its certificate and says whether it is trusted", async () => {
    const { certs } = await import("../../support/certs.ts");
    const serving = { ...options, ca, requestCert: true, rejectUnauthorized: false };
    const seen: unknown[] = [];
    const port = await listening(
      server.createServer(serving, (socket) => {
        seen.push([socket.authorized, socket.authorizationError]);
        socket.end();
      }),
    );
    for (const identity of [certs.client, certs.clientUnknown, null]) {
      const own = identity === null ? {} : { cert: identity.chain, key: identity.key };
      const socket = connecting(client, { port, ...own });
      socket.resume();
      await once(socket, "close");
    }
    expect(seen).toEqual([
      [true, null],
      [false, "UNABLE_TO_VERIFY_LEAF_SIGNATURE"],
      [false, "UNABLE_TO_GET_ISSUER_CERT"],
    ]);
  });

  it("tells the server what a client says that speaks no TLS", async () => {
    const serving = server.createServer(options);
    const failed = failureOf(serving, "tlsClientError");
    const port = await listening(serving);
    const raw = net.connect(port, "127.0.0.1", () => raw.end("GET / HTTP/1.1\r\n\r\n"));
    raw.on("error", () => {});
    const { code } = await failed;
    expect(code).toMatch(/^ERR_SSL_(HTTP_REQUEST|WRONG_VERSION_NUMBER)$/);
    raw.destroy();
  });

  it("logs the keys that the other side logs", async () => {
    const lines: string[][] = [[], []];
    const serving = server.createServer(options, (socket) => socket.end());
    serving.on("keylog", (line: Buffer) => lines[0]!.push(line.toString()));
    const port = await listening(serving);
    const socket = connecting(client, { port });
    socket.on("keylog", (line: Buffer) => lines[1]!.push(line.toString()));
    socket.resume();
    await once(socket, "close");
    const known = lines.map((some) => some.filter((line) => !line.startsWith("EXPORTER_SECRET")).toSorted());
    expect(known[0]!.length).toBeGreaterThan(0);
    expect(known[0]).toEqual(known[1]);
  });
});
