// TLSSocket as a stream: over sockets that were used before, over any Duplex, within another TLS connection, and how it ends.
import { once } from "node:events";
import http from "node:http";
import https from "node:https";
import net from "node:net";
import { Duplex, duplexPair } from "node:stream";
import nodeTls from "node:tls";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { OwnOptions } from "../../../ts/node/tls/options.ts";
import { ca, cert, connected, connecting, failureOf, key, listening, pairs, readAll, replacement } from "./pairs.ts";

async function listeningNet(server: net.Server): Promise<number> {
  onTestFinished(() => void server.close());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as net.AddressInfo).port;
}

describe("TLSSocket", () => {
  it("is a net.Socket and a Duplex", async () => {
    const port = await listening(replacement.createServer({ cert, key }));
    const socket = await connected(replacement, { port });
    expect([socket instanceof net.Socket, socket instanceof Duplex]).toEqual([true, true]);
    expect([socket.pending, socket.connecting, socket.readyState]).toEqual([false, false, "open"]);
  });

  it.each(pairs)("takes over a connection that began in plaintext: %s", async (_name, server, client) => {
    const port = await listeningNet(
      net.createServer((raw) => {
        raw.once("data", () => {
          raw.write("go\n", () => {
            const socket = new server.TLSSocket(raw, { isServer: true, cert, key });
            socket.on("error", () => {});
            socket.pipe(socket);
          });
        });
      }),
    );
    const raw = net.connect(port, "127.0.0.1");
    raw.write("STARTTLS\n");
    await once(raw, "data");
    const socket = client.connect({ socket: raw, ca, servername: "localhost" });
    await once(socket, "secureConnect");
    socket.end("after");
    expect(await readAll(socket)).toBe("after");
  });

  it.each(pairs)("speaks over any Duplex: %s", async (_name, server, client) => {
    const [left, right] = duplexPair();
    const there = new server.TLSSocket(right, { isServer: true, cert, key });
    there.pipe(there);
    const here = client.connect({ socket: left, ca, servername: "localhost" });
    here.end("through a pair");
    expect(await readAll(here)).toBe("through a pair");
  });

  it.each(pairs)("speaks within another TLS connection: %s", async (_name, server, client) => {
    const inner = server.createServer({ cert, key }, (socket) => void socket.pipe(socket));
    const innerPort = await listening(inner);
    const outer = server.createServer({ cert, key }, (socket) => {
      const onwards = net.connect(innerPort, "127.0.0.1");
      socket.pipe(onwards).pipe(socket);
      onwards.on("error", () => {});
    });
    const port = await listening(outer);
    const tunnel = await connected(client, { port });
    const socket = client.connect({ socket: tunnel, ca, servername: "localhost" });
    socket.write("twice");
    const [data] = (await once(socket, "data")) as [Buffer];
    expect(data.toString()).toBe("twice");
  });

  it("goes on after a pause of onread in which so much has come that the stream below had to wait", async () => {
    const [left, right] = duplexPair();
    const size = 1_000_000;
    new nodeTls.TLSSocket(right, { isServer: true, cert, key }).end(Buffer.alloc(size));
    let read = 0;
    const callback = (count: number): boolean => (read += count) > 20_000; // pauses first
    const socket = connecting(replacement, {
      socket: left,
      onread: { buffer: Buffer.alloc(16_384), callback },
    } as object);
    await vi.waitFor(() => expect(left.isPaused()).toBe(true));
    expect(read).toBe(16_384);
    socket.resume();
    await once(socket, "end");
    expect(read).toBe(size);
  });

  it("leaves no stream below open for an alert that the peer does not take", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const below = new Duplex({ read: () => {}, write: () => {} }); // what is written stays there
    const socket = connecting(replacement, { socket: below });
    below.push("HTTP/1.1 400 Bad Request\r\n\r\n");
    expect((await failureOf(socket)).code).toBe("ERR_SSL_WRONG_VERSION_NUMBER");
    expect([socket.destroyed, below.destroyed]).toEqual([true, false]);
    vi.advanceTimersByTime(2000);
    expect(below.destroyed).toBe(true);
  });

  it("gets the bytes alone, whoever listened for them before", async () => {
    const [left, right] = duplexPair();
    const there = new nodeTls.TLSSocket(right, { isServer: true, cert, key }).resume();
    const seen: unknown[] = [];
    left.on("data", (chunk) => seen.push(chunk));
    const socket = replacement.connect({ socket: left, ca, servername: "localhost" });
    await once(socket, "secureConnect");
    expect(seen).toEqual([]);
    socket.destroy();
    there.destroy();
  });

  it("says when nothing has moved for a while", async () => {
    const port = await listening(replacement.createServer({ cert, key }));
    const socket = await connected(replacement, { port });
    socket.setTimeout(5);
    await once(socket, "timeout");
    expect(socket.timeout).toBe(5);
  });

  it("waits for the reader before it takes more from the network", async () => {
    const total = 8_000_000;
    const serving = replacement.createServer({ cert, key }, (socket) => socket.end(Buffer.alloc(total)));
    const port = await listening(serving);
    const socket = await connected(replacement, { port });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(socket.bytesRead).toBeLessThan(total);
    expect((await readAll(socket)).length).toBe(total);
  });

  it("reports nobody there, and somebody who goes, as node:tls does", async () => {
    const rude = await listeningNet(net.createServer((raw) => raw.destroy()));
    const failures = await Promise.all([
      failureOf(connecting(replacement, { port: rude })),
      failureOf(connecting(nodeTls, { port: rude })),
    ]);
    expect(failures.map(({ code }) => code)).toEqual(["ECONNRESET", "ECONNRESET"]);
    const gone = net.createServer();
    const port = await listeningNet(gone);
    gone.close();
    expect((await failureOf(connecting(replacement, { port }))).code).toBe("ECONNREFUSED");
  });

  it("calls back for what it could not write any more", async () => {
    const [left] = duplexPair();
    const socket = replacement.connect({ socket: left, ca, servername: "localhost" });
    const called = new Promise<Error | null | undefined>((resolve) => socket.write("never", resolve));
    socket.destroy();
    expect(await called).toMatchObject({ code: "ECANCELED" });
  });

  it("tells a server that a client was too slow", async () => {
    const server = replacement.createServer({ cert, key, handshakeTimeout: 10 });
    const failed = failureOf(server, "tlsClientError");
    const raw = net.connect(await listening(server), "127.0.0.1");
    expect((await failed).code).toBe("ERR_TLS_HANDSHAKE_TIMEOUT");
    raw.destroy();
  });
});

describe("an end without close_notify", () => {
  /** A client whose transport ends with `last`, without a goodbye, after the server has said something. */
  async function cut(options: OwnOptions, last: Uint8Array): Promise<nodeTls.TLSSocket> {
    const [left, right] = duplexPair();
    const there = new nodeTls.TLSSocket(right, { isServer: true, cert, key });
    onTestFinished(() => void there.destroy());
    const between = new Duplex({
      read: () => {},
      write: (chunk, _encoding, done) => left.write(chunk, done),
      final: (done) => done(),
    });
    left.on("data", (chunk) => between.push(chunk));
    const socket = replacement.connect({ socket: between, ca, servername: "localhost", ...options });
    onTestFinished(() => void socket.destroy());
    there.write("all that there is");
    await once(socket, "data");
    between.push(last);
    between.push(null);
    return socket;
  }
  const nothing = new Uint8Array(0);
  const beginning = Buffer.from("170303", "hex");

  it("is an end, as in node:tls", async () => {
    const socket = await cut({}, nothing);
    await once(socket.resume(), "end");
    expect(socket.errored).toBeNull();
  });

  it("is an error for those who want to know", async () => {
    const socket = await cut({ suppressRaggedEofs: false }, nothing);
    expect((await failureOf(socket)).code).toBe("ERR_SSL_UNEXPECTED_EOF_WHILE_READING");
  });

  it("is an error in the middle of a record", async () => {
    expect((await failureOf(await cut({}, beginning))).code).toBe("ERR_SSL_UNEXPECTED_EOF_WHILE_READING");
    const socket = await cut({ suppressRaggedEofs: true }, beginning);
    await once(socket.resume(), "end");
    expect(socket.errored).toBeNull();
  });
});

describe("Node's HTTP over TLSSocket", () => {
  it("is served through the event connection", async () => {
    const web = http.createServer((request, response) => response.end(`you asked for ${request.url}`));
    const port = await listening(
      replacement.createServer({ cert, key }, (socket) => void web.emit("connection", socket)),
    );
    const agent = new https.Agent({ ca, keepAlive: false });
    const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
      https
        .get({ host: "127.0.0.1", servername: "localhost", port, path: "/here", agent }, resolve)
        .on("error", reject);
    });
    expect(await readAll(response)).toBe("you asked for /here");
  });

  it("is asked for through createConnection, again and again over one connection", async () => {
    const web = https.createServer({ cert, key }, (request, response) => response.end(request.url));
    const port = await listening(web);
    let made = 0;
    const agent = new https.Agent({ keepAlive: true, maxSockets: 1 });
    agent.createConnection = (options) => {
      made++;
      return replacement.connect({ ...(options as nodeTls.ConnectionOptions), ca });
    };
    for (const path of ["/one", "/two"]) {
      const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
        https.get({ host: "127.0.0.1", servername: "localhost", port, path, agent }, resolve).on("error", reject);
      });
      expect(await readAll(response)).toBe(path);
    }
    expect(made).toBe(1);
    agent.destroy();
    web.closeAllConnections();
  });
});
