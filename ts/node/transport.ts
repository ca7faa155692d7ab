// Owns the name and the types under which Node's streams are taken as transports. Refuses to know how (ts/socket).
import type { Duplex } from "node:stream";
import { fromDuplex } from "../socket/duplex-transport.ts";
import type { TransportOptions } from "../socket/transport-base.ts";
import type { NonBlockingTransport } from "../socket/transport.ts";

/**
 * A transport over a `net.Socket`, or over any other Duplex that carries bytes. It takes the stream over: nobody else
 * may listen for its data, bytes the stream has already buffered come first, and the stream becomes half-open, because
 * here the end of each direction is a call of its own. A socket that is still connecting is simply not writable yet.
 *
 * Throws SSLStateError when something else listens for the data, SSLConfigError for streams of objects or text.
 *
 * ```ts
 * const transport = fromNodeSocket(net.connect(443, "example.org"));
 * ```
 */
export function fromNodeSocket(socket: Duplex, options: TransportOptions = {}): NonBlockingTransport {
  return fromDuplex(socket, options);
}
