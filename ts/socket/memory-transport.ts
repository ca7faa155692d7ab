// Owns two transports joined in memory. Refuses to know time: what one end sends the other can receive at once.
import { SSLConfigError, SSLSyscallError } from "../ssl/index.ts";
import { TransportBase } from "./transport-base.ts";
import type { NonBlockingTransport } from "./transport.ts";

/** Options of `memoryTransportPair`. */
export interface MemoryTransportOptions {
  /** How many bytes each direction holds before `send` would block; 64 KiB unless told. */
  readonly capacity?: number;
}

/**
 * Two transports, each receiving what the other sends, as a socket pair would: for tests, and for TLS between two
 * parts of one program.
 *
 * ```ts
 * const [left, right] = memoryTransportPair({ capacity: 16 });
 * left.send(new Uint8Array(100)); // 16: the direction is full now
 * right.recvInto(new Uint8Array(100)); // 16
 * ```
 */
export function memoryTransportPair(
  options: MemoryTransportOptions = {},
): [NonBlockingTransport, NonBlockingTransport] {
  const capacity = options.capacity ?? 64 * 1024;
  if (!Number.isSafeInteger(capacity) || capacity < 1) {
    throw new SSLConfigError(`Cannot make a pair of transports: capacity must be a positive integer, not ${capacity}`);
  }
  const left = new MemoryTransport(capacity);
  const right = new MemoryTransport(capacity);
  left.join(right);
  right.join(left);
  return [left, right];
}

class MemoryTransport extends TransportBase {
  #peer!: MemoryTransport;
  readonly #capacity: number;

  constructor(capacity: number) {
    super({ highWaterMark: capacity });
    this.#capacity = capacity;
  }

  join(peer: MemoryTransport): void {
    this.#peer = peer;
  }

  protected streamSend(bytes: Uint8Array): number {
    const taken = Math.min(bytes.length, this.#peer.#room());
    this.#peer.received(bytes.subarray(0, taken));
    return taken;
  }

  protected streamWritable(): boolean {
    return this.#peer.#room() > 0;
  }

  protected streamTaken(): void {
    this.#peer.changed();
  }

  protected streamShutdownWrite(): void {
    this.#peer.ended();
  }

  protected streamClose(): void {
    this.#peer.ended();
    this.#peer.sendFailed(
      new SSLSyscallError("Cannot send: the peer has closed the connection", { code: "EPIPE", syscall: "write" }),
    );
  }

  protected streamAbort(): void {
    this.#peer.broken(
      new SSLSyscallError("Cannot use the connection: the peer has reset it", { code: "ECONNRESET", syscall: "read" }),
    );
  }

  #room(): number {
    return this.#capacity - this.queue.length;
  }
}
