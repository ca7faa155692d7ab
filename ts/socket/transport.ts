// Owns the one interface between wanttls and a byte stream. Refuses to know which byte stream it is, and what TLS is.

/** One end of a connection: an IP address without brackets, and a port. */
export interface SocketAddress {
  readonly hostname: string;
  readonly port: number;
}

/**
 * A duplex byte stream that never blocks and never waits: every call answers at once, like a socket in non-blocking
 * mode. An `SSLSocket` asks nothing else of the world, so whatever can be made to look like this carries TLS.
 *
 * ```ts
 * const transport = fromNodeSocket(net.connect(443, "example.org"));
 * const into = new Uint8Array(1024);
 * const got = transport.recvInto(into); // a count, "would-block" or "eof"
 * ```
 */
export interface NonBlockingTransport {
  /**
   * Moves received bytes to the start of `into` and answers how many; `"would-block"` when none are there, `"eof"`
   * (again and again) once the peer has ended its direction and all of it was taken. Bytes queued before a failure
   * come first; then every call throws the `SSLSyscallError`. Throws `SSLStateError` after `close` and `abort`.
   */
  recvInto(into: Uint8Array): number | "would-block" | "eof";

  /**
   * Takes a prefix of `bytes`, copied or handed to the runtime before this returns, and answers its length; 0 means
   * that it would block. Throws `SSLSyscallError` after a failure, `SSLStateError` after `close` and `abort`.
   */
  send(bytes: Uint8Array): number;

  /** Whether `recvInto` would answer anything but `"would-block"`: bytes, the end or a failure are waiting. */
  readonly readable: boolean;

  /** Whether `send` would take at least one byte, or throw. */
  readonly writable: boolean;

  /**
   * Calls `listener` whenever `readable` or `writable` may have become true, or the transport was closed. Never calls
   * it synchronously, neither inside `watch` nor inside any other call; several changes may arrive as one. Answers the
   * function that stops it. Any number of watchers may exist.
   */
  watch(listener: () => void): () => void;

  /** Ends our direction behind what `send` has taken (TCP: FIN). Receiving goes on. The second call does nothing. */
  shutdownWrite(): void;

  /** Closes in good order: what `send` has taken is still delivered. Received bytes that nobody took are dropped. */
  close(): void;

  /**
   * Closes at once and tells the peer, where the byte stream can (TCP: RST). What was not delivered yet is dropped; behind `close`
   * too where there is `delivered`, else nothing happens then.
   */
  abort(error?: Error): void;

  /** Whether we have called `close` or `abort`. */
  readonly closed: boolean;

  /** Our end, null while it is not connected; left out or null where a byte stream has no address. */
  readonly localAddress?: SocketAddress | null;

  /** The peer's end, as `localAddress`. */
  readonly remoteAddress?: SocketAddress | null;

  /**
   * Resolves when, after `close`, what `send` has taken was delivered or given up; never rejects. Transports over what keeps
   * its bytes when the program ends or goes on to other things, such as the sockets of a kernel, do not have it.
   */
  readonly delivered?: Promise<void>;

  /** Gives away all received bytes that nobody has taken yet, for the protocol that goes on after TLS has stopped. */
  takeRemaining(): Uint8Array;
}

/** What `select` and `Selector` wait for: every transport and every `SSLSocket` is one. */
export interface Selectable {
  /** Whether a read would answer something: data, the end or an error. */
  readonly readable: boolean;
  /** Whether a write would take something or throw. */
  readonly writable: boolean;
  /** Whether our side has closed it; waiting for it is then a mistake. */
  readonly closed: boolean;
  /** Whether the connection is broken: `select` reports it in its third list. */
  readonly failed?: boolean;
  /** See `NonBlockingTransport.watch`. */
  watch(listener: () => void): () => void;
}
