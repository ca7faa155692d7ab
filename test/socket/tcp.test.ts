// TLS over loopback TCP, through the sockets of the runtime that runs the tests.
import { describe, expect, it } from "vitest";
import { EVENT_READ, Selector } from "../../ts/socket/selector.ts";
import { select } from "../../ts/socket/select.ts";
import type { SSLSocket } from "../../ts/socket/ssl-socket.ts";
import { SSLError, SSLSyscallError, SSLWantReadError, SSLWantWriteError } from "../../ts/ssl/index.ts";
import { fill, pattern, receive, sendAll, sha256 } from "./moving.ts";
import { runtime, tcpPair } from "./pairs.ts";
import { patiently, recvAll, versions, Workshop } from "./tls.ts";

const workshop = new Workshop();

describe.each(versions)(`SSLSocket over the sockets of ${runtime}, %s`, (version) => {
  it("shakes hands in the classic loop, sends 8 MiB each way and unwraps", async () => {
    const { client, server } = workshop.wrapPair(await tcpPair(), { version });
    const shake = async (socket: SSLSocket): Promise<void> => {
      for (;;) {
        try {
          return socket.doHandshake();
        } catch (error) {
          if (error instanceof SSLWantReadError) await select([socket], []);
          else if (error instanceof SSLWantWriteError) await select([], [socket]);
          else throw error;
        }
      }
    };
    await Promise.all([shake(client), shake(server)]);
    expect(client.getPeerCert()).not.toBeNull();

    const [there, back] = [pattern(8 << 20, 2), pattern(8 << 20, 3)];
    const [, , atServer, atClient] = await Promise.all([
      client.sendAll(there),
      server.sendAll(back),
      recvAll(server, there.length),
      recvAll(client, back.length),
    ]);
    expect(sha256(atServer)).toBe(sha256(there));
    expect(sha256(atClient)).toBe(sha256(back));
    await Promise.all([client, server].map((socket) => patiently(socket, () => socket.unwrap())));
  });

  it("B58 S11 a peer that stops reading makes send want to write after a bounded count; nothing is lost or doubled", async () => {
    const { client, server } = await workshop.connected(await tcpPair(), { version });
    const bytes = pattern(24_000_000);
    let sent = 0;
    // The kernel may make more room at any time; it is full when there was none for a hundred looks in a row.
    for (let empty = 0; empty < 100; empty += 1) {
      for (let result; (result = client.trySend(bytes.subarray(sent))).kind === "ok"; empty = 0) {
        sent += result.n;
        expect(sent).toBeLessThan(14_000_000);
      }
      expect(() => client.send(bytes.subarray(sent))).toThrow(SSLWantWriteError);
      const [, writable] = await select([], [client], [], 1);
      if (writable.length > 0) empty = 0;
    }

    server.send(pattern(10));
    expect(await recvAll(client, 10)).toEqual(pattern(10));

    const rest = client.sendAll(bytes.subarray(sent)).then(() => client.shutdownWrite());
    expect(sha256(await recvAll(server))).toBe(sha256(bytes));
    await rest;
  });

  it("close delivers everything that was sent, close_notify included", async () => {
    const { client, server } = await workshop.connected(await tcpPair(), { version });
    server.send(pattern(200_000));
    const bytes = pattern(400_000);
    expect(client.send(bytes)).toBe(bytes.length);
    client.close();
    expect(sha256(await recvAll(server))).toBe(sha256(bytes));
    expect(server.closeReason).toBe("close-notify");
  });

  it("S16 starts behind plaintext and gives the transport back to it (STARTTLS)", async () => {
    const transports = workshop.keep(await tcpPair());
    const [left, right] = transports;
    await sendAll(left, new TextEncoder().encode("STARTTLS\r\n"));
    expect(await receive(right, 10)).toHaveLength(10);
    const { client, server } = await workshop.connected([left, right], { version });
    await client.sendAll(pattern(100));
    expect(await recvAll(server, 100)).toEqual(pattern(100));
    const serving = patiently(server, () => server.unwrap()).then((plain) => sendAll(plain, pattern(10)));
    const plain = await patiently(client, () => client.unwrap());
    expect(await receive(plain, 10)).toEqual(pattern(10));
    await serving;
  });

  it("B48 B65 a peer that is cut off fails reading and writing with an error, never with an end", async () => {
    const { client, server } = await workshop.connected(await tcpPair(), { version });
    server.abort();
    await expect(recvAll(client)).rejects.toThrow(SSLError);
    expect(client.closeReason).toBe(runtime === "deno" ? "truncated" : "reset");
    expect(() => client.send(pattern(1))).toThrow(SSLError);
  });

  it("B79 a server that speaks no TLS but garbage gives an error, and its socket is closed", async () => {
    const [left, right] = workshop.keep(await tcpPair());
    const client = workshop.wrap(workshop.clientContext(version), left);
    const shaking = patiently(client, () => client.doHandshake());
    await sendAll(right, new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n\r\n"));
    await expect(shaking).rejects.toThrow(SSLError);
    client.close();
    const rest = await receive(right).catch((error: unknown) => error);
    expect(rest instanceof Uint8Array || rest instanceof SSLSyscallError).toBe(true);
  });

  it("B90 the raw transport below stays bounded too", async () => {
    const [left] = workshop.keep(await tcpPair());
    expect(await fill(left, pattern(20_000_000))).toBeLessThan(14_000_000);
  });

  it("one loop over a Selector serves 300 connections: handshake, echo, end", async () => {
    const count = 300;
    const server = new Selector<SSLSocket>();
    const clients: Promise<void>[] = [];
    for (let made = 0; made < count; made += 1) {
      const pair = workshop.wrapPair(await tcpPair(), { version });
      server.register(pair.server, EVENT_READ);
      clients.push(converse(pair.client, made));
    }
    for (let open = count; open > 0;) {
      for (const [{ fileobj }] of await server.select()) {
        const peer = fileobj as SSLSocket;
        const into = new Uint8Array(4096);
        const result = peer.tryRecv(into);
        if (result.kind === "ok") peer.send(into.subarray(0, result.n));
        if (result.kind !== "eof") continue;
        server.unregister(peer);
        peer.close();
        open -= 1;
      }
    }
    await Promise.all(clients);
    expect(server.getMap().size).toBe(0);
    server.close();
  });
});

/** Sends a greeting of its own, expects it back, and ends. */
async function converse(client: SSLSocket, seed: number): Promise<void> {
  await client.sendAll(pattern(1000, seed));
  expect(await recvAll(client, 1000)).toEqual(pattern(1000, seed));
  client.shutdownWrite();
  expect(await recvAll(client)).toHaveLength(0);
  client.close();
}

it("a transport over a socket tells both addresses", async () => {
  const [left, right] = await tcpPair();
  expect(left.localAddress).toEqual({ hostname: "127.0.0.1", port: right.remoteAddress!.port });
  expect(right.localAddress).toEqual({ hostname: "127.0.0.1", port: left.remoteAddress!.port });
  for (const transport of [left, right]) transport.close();
});
