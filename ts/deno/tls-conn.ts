// Owns the face of a connection as a `Deno.TlsConn`, for programs and libraries that know no other. Refuses to know TLS.
import { SSLStateError } from "../ssl/index.ts";
import type { SocketAddress } from "../socket/transport.ts";
import type { TLSConnection } from "../stream/tls-connection.ts";
import { refer } from "./transport.ts";

/**
 * A connection as what `Deno.connectTls`, `Deno.startTls` and the listener of `Deno.listenTls` give. Its errors are still those
 * of wanttls: they say more than Deno's. The handshake is over already, so `handshake` only tells the protocol.
 *
 * `localAddr` and `remoteAddr` throw SSLStateError when there is no socket below. `ref` and `unref` do nothing then.
 *
 * @example
 * const conn = toTlsConn(await connect({ hostname: "example.org", port: 443, context }));
 * await conn.write(new TextEncoder().encode("GET / HTTP/1.0\r\n\r\n"));
 *
 * @example
 * for await (const tls of await listen({ port: 8443, context })) void serve(toTlsConn(tls));
 */
export function toTlsConn(tls: TLSConnection): Deno.TlsConn {
  return new TlsConn(tls);
}

class TlsConn implements Deno.TlsConn {
  readonly #tls: TLSConnection;

  constructor(tls: TLSConnection) {
    this.#tls = tls;
  }

  read(into: Uint8Array<ArrayBuffer>): Promise<number | null> {
    return this.#tls.read(into);
  }

  async write(bytes: Uint8Array<ArrayBuffer>): Promise<number> {
    await this.#tls.write(bytes);
    return bytes.length;
  }

  closeWrite(): Promise<void> {
    return this.#tls.closeWrite();
  }

  /** In good order, in the background: what was written is delivered. */
  close(): void {
    this.#tls.close().catch(() => {}); // like Deno's, it has no way to tell
  }

  handshake(): Promise<Deno.TlsHandshakeInfo> {
    return Promise.resolve({ alpnProtocol: this.#tls.info.alpnProtocol });
  }

  get readable(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.#tls.readable as ReadableStream<Uint8Array<ArrayBuffer>>;
  }

  get writable(): WritableStream<Uint8Array> {
    return this.#tls.writable;
  }

  get localAddr(): Deno.NetAddr {
    return netAddr(this.#tls.socket.transport.localAddress);
  }

  get remoteAddr(): Deno.NetAddr {
    return netAddr(this.#tls.socket.transport.remoteAddress);
  }

  ref(): void {
    refer(this.#tls.socket.transport, true);
  }

  unref(): void {
    refer(this.#tls.socket.transport, false);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function netAddr(address: SocketAddress | null | undefined): Deno.NetAddr {
  if (address) return { transport: "tcp", ...address };
  throw new SSLStateError("Cannot tell the address of the connection: there is no socket below it");
}
