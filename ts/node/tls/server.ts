// Owns Server: sockets that come in become TLSSockets, and what becomes of them is told in Node's events. Refuses to know
// handshakes.
import { captureRejectionSymbol } from "node:events";
import net from "node:net";
import { convertALPNProtocols } from "./alpn.ts";
import { invalidArgType, nodeError, requireBuffer, requireFunction, requireNumber, requireString } from "./errors.ts";
import type { OwnOptions, TlsOptions } from "./options.ts";
import { contextFor, createSecureContext, SecureContext } from "./secure-context.ts";
import { checkCallbacks, noDelayOf } from "./socket-options.ts";
import { TLSSocket } from "./tls-socket.ts";

type Listener = (socket: TLSSocket) => void;
type ServerOptions = TlsOptions & OwnOptions;
type ChooseContext = (name: string, done: (error: Error | null, context?: SecureContext) => void) => void;

interface VirtualHost {
  readonly pattern: RegExp;
  readonly context: SecureContext;
}

const usualHandshakeTimeout = 120_000;

/**
 * A server that speaks TLS with whoever connects, as Node's class of that name.
 *
 * @example
 * createServer({ cert, key }, (socket) => socket.pipe(socket)).listen(8443);
 */
export class Server extends net.Server {
  /** The protocols to agree on, in the form of the wire. */
  ALPNProtocols?: Buffer;
  readonly #options: ServerOptions;
  readonly #handshakeTimeout: number;
  readonly #hosts: VirtualHost[] = [];
  #shared: SecureContext;

  /** Throws as Node does for options of the wrong type, and what `createSecureContext` throws. */
  constructor(options?: ServerOptions | Listener, listener?: Listener) {
    const given = typeof options === "function" ? {} : optionsOf(options);
    const onSecure = typeof options === "function" ? options : listener;
    const shared = contextFor(given);
    const handshakeTimeout =
      given.handshakeTimeout === 0 ? usualHandshakeTimeout : (given.handshakeTimeout ?? usualHandshakeTimeout);
    checkServing(given, handshakeTimeout);
    super({ ...given, noDelay: noDelayOf(given) }, (socket) => this.#onConnection(socket));
    this.#options = given;
    this.#shared = shared;
    this.#handshakeTimeout = handshakeTimeout;
    convertALPNProtocols(given.ALPNProtocols, this);
    if (onSecure !== undefined) this.on("secureConnection", onSecure);
  }

  /** Connections from now on use other certificates; those that there are go on as they are. */
  setSecureContext(options: TlsOptions): void {
    const ticketKeys = options.ticketKeys ?? this.getTicketKeys();
    this.#shared = contextFor({ ...options, ticketKeys });
  }

  /** For clients that ask for a name which fits `hostname` (`*` stands for one label): another context. The last one that fits is taken. */
  addContext(hostname: string, context: SecureContext | TlsOptions): void {
    if (!hostname) {
      const message = '"servername" is required parameter for Server.addContext';
      throw nodeError("ERR_TLS_REQUIRED_SERVER_NAME", message);
    }
    const chosen = context instanceof SecureContext ? context : createSecureContext(context);
    this.#hosts.push({ pattern: patternOf(hostname), context: chosen });
  }

  /** The key that tickets are sealed with: 48 bytes. */
  getTicketKeys(): Buffer {
    return Buffer.from(this.#shared.ticketKeys.keys[0]!);
  }

  /** From now on tickets are sealed with this key; those of the keys before can still be used for a while. */
  setTicketKeys(keys: Buffer): void {
    requireBuffer(keys, "buffer");
    if (keys.byteLength !== 48)
      throw nodeError("ERR_ASSERTION", "Session ticket keys must be a 48-byte buffer", {}, Error);
    this.#shared.ticketKeys.rotate(keys);
  }

  /** What the workers of a cluster have in common, as Node's `cluster` asks for it. */
  _getServerData(): object {
    return { ticketKeys: this.getTicketKeys().toString("hex") };
  }

  /** The other end of it. */
  _setServerData({ ticketKeys }: { readonly ticketKeys: string }): void {
    this.setTicketKeys(Buffer.from(ticketKeys, "hex"));
  }

  #onConnection(raw: net.Socket): void {
    const { requestCert, rejectUnauthorized, pskCallback, SNICallback, ALPNCallback, suppressRaggedEofs } =
      this.#options;
    const socket = new TLSSocket(raw, {
      secureContext: this.#shared,
      isServer: true,
      server: this,
      requestCert: requestCert === true,
      rejectUnauthorized: rejectUnauthorized !== false,
      SNICallback: SNICallback ?? this.#chooseContext,
      pauseOnConnect: this.#options.pauseOnConnect === true,
      ...(this.ALPNProtocols === undefined ? {} : { ALPNProtocols: this.ALPNProtocols }),
      ...(ALPNCallback === undefined ? {} : { ALPNCallback }),
      ...(pskCallback === undefined ? {} : { pskCallback }),
      ...(suppressRaggedEofs === undefined ? {} : { suppressRaggedEofs }),
    });
    this.#watch(socket);
  }

  /** Until the handshake is over, what goes wrong is an event of the server. */
  #watch(socket: TLSSocket): void {
    const over = (): void => {
      clearTimeout(timer);
      socket.off("_tlsError", fail).off("close", hangUp);
    };
    const fail = (error: Error): void => {
      over();
      this.emit("tlsClientError", error, socket);
    };
    const hangUp = (): void => fail(nodeError("ECONNRESET", "socket hang up"));
    const timer = setTimeout(() => {
      fail(nodeError("ERR_TLS_HANDSHAKE_TIMEOUT", "TLS handshake timeout"));
      socket.destroy();
    }, this.#handshakeTimeout);
    socket.once("_tlsError", fail).once("close", hangUp);
    socket.once("secure", () => {
      over();
      socket.release();
      this.emit("secureConnection", socket);
    });
  }

  readonly #chooseContext: ChooseContext = (name, done) => {
    done(null, this.#hosts.findLast(({ pattern }) => pattern.test(name))?.context);
  };
}

// With `captureRejections`: a promise of a listener failed, and the connection that it was for goes down with it.
Object.defineProperty(Server.prototype, captureRejectionSymbol, {
  configurable: true,
  writable: true,
  value(this: Server, error: Error, event: string, socket?: TLSSocket): void {
    if (event === "secureConnection") socket?.destroy(error);
    else this.emit("error", error);
  },
});

/** A `Server`, as Node's function of that name. */
export function createServer(options?: ServerOptions | Listener, listener?: Listener): Server {
  return new Server(options, listener);
}

function optionsOf(options: unknown): ServerOptions {
  if (options === undefined || options === null) return {};
  if (typeof options !== "object") throw invalidArgType("options", ["object"], options);
  return options;
}

function checkServing(options: ServerOptions, handshakeTimeout: unknown): void {
  requireNumber(handshakeTimeout, "options.handshakeTimeout");
  checkCallbacks(options);
  const { pskCallback, pskIdentityHint } = options;
  if (pskCallback !== undefined && pskCallback !== null) requireFunction(pskCallback, "options.pskCallback");
  if (pskIdentityHint !== undefined && pskIdentityHint !== null)
    requireString(pskIdentityHint, "options.pskIdentityHint");
}

function patternOf(hostname: string): RegExp {
  const literal = hostname.replaceAll(/([.^$+?\-\\[\]{}])/g, "\\$1").replaceAll("*", "[^.]*");
  return new RegExp(`^${literal}$`);
}
