import net from "node:net";
import { Duplex, PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { fromNodeSocket } from "../../ts/node/index.ts";
import { SSLConfigError, SSLStateError, SSLSyscallError } from "../../ts/ssl/index.ts";
import { pattern, readable, receive, sendAll, sha256, writable } from "../socket/moving.ts";
import { nodeSockets, runtime, tcpPair } from "../socket/pairs.ts";
import { describeTransport } from "../socket/transport-contract.ts";

const onNode = runtime === "node";

describeTransport(
  "fromNodeSocket over loopback TCP",
  { makePair: tcpPair, bound: 12_000_000, resets: true, tellsClosed: true },
  onNode,
);

describe.runIf(onNode)("fromNodeSocket", () => {
  it("B89 takes head first, then what the socket has already read, then what comes", async () => {
    const [client, server] = await nodeSockets();
    client.write("after the hello,");
    await new Promise((resolve) => server.once("readable", resolve));
    const transport = fromNodeSocket(server, { head: new TextEncoder().encode("hello, ") });
    client.end(" and more");
    expect(new TextDecoder().decode(await receive(transport))).toBe("hello, after the hello, and more");
    transport.close();
  });

  it("B89 reads a socket that was paused and had bytes put back", async () => {
    const [client, server] = await nodeSockets();
    server.pause();
    client.write("tail");
    server.unshift("head ");
    const transport = fromNodeSocket(server);
    expect(new TextDecoder().decode(await receive(transport, 9))).toBe("head tail");
    for (const end of [transport, fromNodeSocket(client)]) end.close();
  });

  it("B89 pauses the socket above the high-water mark and resumes it when half is taken", async () => {
    const stream = new PassThrough({ writableHighWaterMark: 1 });
    const transport = fromNodeSocket(stream, { highWaterMark: 1000 });
    for (let count = 0; count < 11; count += 1) stream.write(new Uint8Array(100));
    await readable(transport);
    await new Promise(setImmediate);
    expect(stream.isPaused()).toBe(true);
    transport.recvInto(new Uint8Array(500));
    expect(stream.isPaused()).toBe(true);
    transport.recvInto(new Uint8Array(100));
    expect(stream.isPaused()).toBe(false);
    transport.abort();
  });

  it("B89 is not writable after write() answered false until 'drain'", async () => {
    let release: () => void = () => {};
    const slow = new Duplex({
      read() {},
      write(_chunk, _encoding, callback) {
        release = callback;
      },
      writableHighWaterMark: 10,
    });
    const transport = fromNodeSocket(slow);
    expect(transport.send(pattern(5))).toBe(5);
    expect(transport.writable).toBe(true);
    expect(transport.send(pattern(5))).toBe(5);
    expect(transport.writable).toBe(false);
    expect(transport.send(pattern(1))).toBe(0);
    release();
    await new Promise(setImmediate);
    release();
    await writable(transport);
    expect(transport.send(pattern(1))).toBe(1);
    transport.abort();
  });

  it("B89 delivers an 'error' after the bytes that came before, with code, syscall and cause", async () => {
    const stream = new PassThrough();
    const transport = fromNodeSocket(stream);
    stream.write("last words");
    await readable(transport);
    const cause = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET", syscall: "read" });
    stream.destroy(cause);
    await new Promise(setImmediate);
    expect(await receive(transport, 10)).toHaveLength(10);
    const caught = await receive(transport).catch((error: unknown) => error);
    expect(caught).toBeInstanceOf(SSLSyscallError);
    expect(caught).toMatchObject({ code: "ECONNRESET", syscall: "read", cause });
  });

  it("S10 takes a socket that still connects: not readable, not writable, no error, then both", async () => {
    const server = net.createServer((socket) => socket.pipe(socket));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const transport = fromNodeSocket(net.connect((server.address() as net.AddressInfo).port, "127.0.0.1"));
    expect(transport.writable).toBe(false);
    expect(transport.send(pattern(1))).toBe(0);
    expect(transport.recvInto(new Uint8Array(1))).toBe("would-block");
    await writable(transport);
    await sendAll(transport, pattern(10));
    expect(await receive(transport, 10)).toEqual(pattern(10));
    transport.close();
    server.close();
  });

  it("fails with the code of a refused connection, for reader and writer", async () => {
    const server = net.createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as net.AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const transport = fromNodeSocket(net.connect(port, "127.0.0.1"));
    await readable(transport);
    const refused: unknown = expect.objectContaining({ code: "ECONNREFUSED", syscall: "connect" });
    expect(() => transport.recvInto(new Uint8Array(1))).toThrow(refused);
    expect(() => transport.send(pattern(1))).toThrow(refused);
  });

  it("fails when somebody else destroys the socket: that is no end of the peer", async () => {
    const [client, server] = await nodeSockets();
    const transport = fromNodeSocket(server);
    server.destroy();
    await expect(receive(transport)).rejects.toMatchObject({ code: "ECONNABORTED" });
    client.destroy();
  });

  it("answers the end of a socket that had ended and was destroyed before", async () => {
    const stream = new PassThrough();
    stream.end();
    stream.resume();
    await new Promise((resolve) => stream.once("close", resolve));
    const transport = fromNodeSocket(stream);
    expect(transport.recvInto(new Uint8Array(1))).toBe("eof");
    expect(() => transport.send(pattern(1))).toThrow(expect.objectContaining({ code: "EPIPE" }));
  });

  it("refuses a socket that others listen to, and streams of text or objects", () => {
    const listened = new PassThrough().on("data", () => {});
    expect(() => fromNodeSocket(listened)).toThrow(SSLStateError);
    expect(() => fromNodeSocket(new PassThrough({ objectMode: true }))).toThrow(SSLConfigError);
    expect(() => fromNodeSocket(new PassThrough({ encoding: "utf8" }))).toThrow(SSLConfigError);
    expect(() => fromNodeSocket(new PassThrough(), { highWaterMark: 0 })).toThrow(SSLConfigError);
  });

  it("closes the socket in the end although the peer never ends", async () => {
    const [client, server] = await nodeSockets();
    const transport = fromNodeSocket(server);
    const bytes = pattern(1_000_000);
    const gone = new Promise((resolve) => server.once("close", resolve));
    const received: Buffer[] = [];
    client.on("data", (chunk) => received.push(chunk));
    await sendAll(transport, bytes);
    transport.close();
    await new Promise((resolve) => client.once("end", resolve));
    expect(sha256(Buffer.concat(received))).toBe(sha256(bytes));
    await gone;
    client.destroy();
  });

  it("leaves no listener that lets an error of the closed socket go uncaught", async () => {
    const stream = new PassThrough();
    fromNodeSocket(stream).abort(new Error("enough"));
    await new Promise((resolve) => stream.once("close", resolve));
    expect(stream.destroyed).toBe(true);
  });
});
