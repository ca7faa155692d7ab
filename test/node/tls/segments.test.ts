// In how many pieces what is said leaves, and when: a small piece behind another one may wait for an acknowledgement.
import { once } from "node:events";
import net from "node:net";
import { Duplex, duplexPair } from "node:stream";
import nodeTls from "node:tls";
import { describe, expect, it, type MockInstance, onTestFinished, vi } from "vitest";
import { tcpHandlePrototype } from "../../support/tcp-handles.ts";
import { cert, connected, connecting, key, listening, replacement, versions } from "./pairs.ts";

/** What the sockets of this process are told about it from now on. */
async function watchNoDelay(): Promise<MockInstance<(on: boolean) => void>> {
  const spy = vi.spyOn(await tcpHandlePrototype(), "setNoDelay");
  onTestFinished(() => spy.mockRestore());
  return spy;
}

describe("TCP_NODELAY", () => {
  it("is set on the sockets that a server and a client make", async () => {
    const spy = await watchNoDelay();
    const port = await listening(replacement.createServer({ cert, key }));
    await connected(replacement, { port });
    expect(spy.mock.calls.every(([on]) => on)).toBe(true);
    expect(new Set(spy.mock.contexts).size).toBe(2);
  });

  it("is set on a socket that connects to a port by itself", async () => {
    const port = await listening(nodeTls.createServer({ cert, key }));
    const spy = await watchNoDelay();
    const socket = new replacement.TLSSocket(null as unknown as net.Socket).connect(port, "127.0.0.1");
    await once(socket, "connect");
    socket.destroy();
    expect(spy).toHaveBeenCalledWith(true);
  });

  it("is left alone where the option noDelay is false", async () => {
    const spy = await watchNoDelay();
    const port = await listening(replacement.createServer({ cert, key, noDelay: false }));
    await connected(replacement, { port, noDelay: false } as nodeTls.ConnectionOptions);
    expect(spy).not.toHaveBeenCalled();
  });

  it("is left alone on a socket that somebody else has made", async () => {
    const spy = await watchNoDelay();
    const port = await listening(nodeTls.createServer({ cert, key }));
    const raw = net.connect(port, "127.0.0.1");
    await connected(replacement, { socket: raw });
    expect(spy).not.toHaveBeenCalled();
  });

  it("is what setNoDelay says, also before there is a connection", async () => {
    const port = await listening(nodeTls.createServer({ cert, key }));
    const spy = await watchNoDelay();
    const early = new replacement.TLSSocket(null as unknown as net.Socket);
    early.setNoDelay(false).connect(port, "127.0.0.1");
    await once(early, "connect");
    early.destroy();
    expect(spy).not.toHaveBeenCalled();
    const socket = connecting(replacement, { port });
    await once(socket, "secureConnect");
    socket.setNoDelay(false);
    expect(spy).toHaveBeenLastCalledWith(false);
  });
});

describe("the end of a handshake", () => {
  /** One end of a pair, and how many pieces were written to it so far. */
  function counted(end: Duplex): { readonly end: Duplex; readonly pieces: () => number } {
    let count = 0;
    const between = new Duplex({
      read: () => {},
      write(chunk, _encoding, done) {
        count++;
        end.write(chunk, done);
      },
      final: (done) => end.end(done),
    });
    end.on("data", (chunk) => between.push(chunk));
    end.on("end", () => between.push(null));
    return { end: between, pieces: () => count };
  }

  it.each(versions)("leaves a server together with what it says at once (%s)", async (version) => {
    const [left, right] = duplexPair();
    const { end, pieces } = counted(right);
    const server = new replacement.TLSSocket(end, { isServer: true, cert, key });
    server.once("secure", () => server.write("welcome"));
    const client = connecting(nodeTls, { socket: left, minVersion: version, maxVersion: version });
    const [greeting] = (await once(client, "data")) as [Buffer];
    expect([greeting.toString(), pieces()]).toEqual(["welcome", 2]); // the first piece is its answer to the ClientHello
    server.destroy();
  });

  it("leaves a client of TLS 1.3 together with what it says at once", async () => {
    const [left, right] = duplexPair();
    const { end, pieces } = counted(left);
    const server = new nodeTls.TLSSocket(right, { isServer: true, cert, key });
    const client = connecting(replacement, { socket: end, minVersion: "TLSv1.3" });
    client.once("secureConnect", () => client.write("hello"));
    const [question] = (await once(server, "data")) as [Buffer];
    expect([question.toString(), pieces()]).toEqual(["hello", 2]); // the first piece is the ClientHello
    server.destroy();
  });

  it("leaves a server whose listener fails", async () => {
    const [left, right] = duplexPair();
    const server = new replacement.TLSSocket(right, { isServer: true, cert, key });
    const failure = new Promise((resolve) => {
      for (const listener of process.listeners("uncaughtException")) {
        process.off("uncaughtException", listener);
        onTestFinished(() => void process.on("uncaughtException", listener));
      }
      process.once("uncaughtException", resolve);
    });
    server.once("secure", () => {
      throw new Error("a mistake of the application");
    });
    const client = connecting(nodeTls, { socket: left, maxVersion: "TLSv1.2" });
    await once(client, "secureConnect");
    expect(await failure).toMatchObject({ message: "a mistake of the application" });
    server.destroy();
  });
});
