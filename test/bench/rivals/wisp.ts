// A Wisp server in this process (protocol version 1, TCP only): packets of a type, a stream's number and a payload, each in one
// chunk. Owns the sockets behind the streams.
import net from "node:net";
import { address } from "../setup.ts";

const [CONNECT, DATA, CONTINUE, CLOSE] = [1, 2, 3, 4] as const;
/** How many packets the client may send before it is told to go on; no limit here, as loopback takes all. */
const credit = 0x7fffffff;

interface Transport {
  readonly read: ReadableStream<ArrayBuffer>;
  readonly write: WritableStream<Uint8Array>;
}

export function wispTransport(): Transport {
  const sockets = new Map<number, net.Socket>();
  let toClient!: ReadableStreamDefaultController<ArrayBuffer>;
  const read = new ReadableStream<ArrayBuffer>({
    start(controller) {
      toClient = controller;
      controller.enqueue(packet(CONTINUE, 0, number32(credit)));
    },
  });
  const write = new WritableStream<Uint8Array>({
    write(chunk) {
      const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.length);
      const stream = view.getUint32(1, true);
      const payload = chunk.subarray(5);
      if (chunk[0] === CONNECT) sockets.set(stream, connected(view.getUint16(6, true), stream, toClient));
      else if (chunk[0] === DATA) sockets.get(stream)?.write(payload);
      else if (chunk[0] === CLOSE) sockets.get(stream)?.end();
    },
  });
  return { read, write };
}

function connected(port: number, stream: number, toClient: ReadableStreamDefaultController<ArrayBuffer>): net.Socket {
  const socket = net.connect({ host: address, port, noDelay: true });
  socket.on("data", (chunk) => {
    toClient.enqueue(packet(DATA, stream, chunk));
    if ((toClient.desiredSize ?? 0) < -256) pauseFor(socket, toClient);
  });
  socket.on("error", () => {}); // "close" comes next
  socket.on("close", () => toClient.enqueue(packet(CLOSE, stream, Uint8Array.of(2))));
  return socket;
}

/** Lets the client catch up: what it has not taken must not pile up. */
function pauseFor(socket: net.Socket, toClient: ReadableStreamDefaultController<ArrayBuffer>): void {
  socket.pause();
  const look = (): void => {
    if ((toClient.desiredSize ?? 0) < 0) setImmediate(look);
    else socket.resume();
  };
  setImmediate(look);
}

function packet(type: number, stream: number, payload: Uint8Array): ArrayBuffer {
  const bytes = new Uint8Array(5 + payload.length);
  bytes[0] = type;
  bytes.set(number32(stream), 1);
  bytes.set(payload, 5);
  return bytes.buffer;
}

function number32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}
