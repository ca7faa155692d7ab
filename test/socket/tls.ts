// TLS sockets for the tests: contexts of the test certificates, pairs over any pair of transports, and the classic loop.
import { afterAll, afterEach } from "vitest";
import type { ClientOptions, ServerOptions, TLSVersion } from "../../ts/ssl/index.ts";
import { SSLWantCallbackError, SSLWantReadError, SSLWantWriteError } from "../../ts/ssl/index.ts";
import { SSLContext } from "../../ts/socket/ssl-context.ts";
import { memoryTransportPair } from "../../ts/socket/memory-transport.ts";
import { select } from "../../ts/socket/select.ts";
import { type SSLSocket, type WrapSocketOptions } from "../../ts/socket/ssl-socket.ts";
import type { NonBlockingTransport } from "../../ts/socket/transport.ts";
import { certs } from "../support/certs.ts";
import { concat } from "./moving.ts";
import type { Pair } from "./pairs.ts";

export const versions: readonly TLSVersion[] = ["TLSv1.2", "TLSv1.3"];
export type Role = "client" | "server";
export const roles: readonly Role[] = ["client", "server"];

export interface TlsOptions {
  readonly version?: TLSVersion;
  /** The CA that the client trusts, when it is not the right one. */
  readonly trust?: string;
  readonly client?: WrapSocketOptions;
  readonly server?: WrapSocketOptions;
}

export interface TlsPair {
  readonly client: SSLSocket;
  readonly server: SSLSocket;
}

/** What one test file opens; everything is closed after each test, the contexts after the last. */
export class Workshop {
  readonly #sockets: SSLSocket[] = [];
  readonly #transports: NonBlockingTransport[] = [];
  readonly #contexts = new Map<string, SSLContext>();

  constructor() {
    afterEach(() => {
      for (const socket of this.#sockets.splice(0)) socket.abort();
      for (const transport of this.#transports.splice(0)) transport.abort();
    });
    afterAll(() => {
      for (const context of this.#contexts.values()) context.dispose();
    });
  }

  clientContext(version: TLSVersion, options: ClientOptions = {}): SSLContext {
    const whole = { minVersion: version, maxVersion: version, ca: certs.root.cert, ...options };
    return this.#context(`client ${JSON.stringify(whole)}`, () => SSLContext.client(whole));
  }

  serverContext(version: TLSVersion, options: Partial<ServerOptions> = {}): SSLContext {
    const { chain: cert, key } = certs.localhost;
    // No tickets: a transport of a few bytes does not take them before the client reads.
    const whole = { minVersion: version, maxVersion: version, identities: [{ cert, key }], numTickets: 0, ...options };
    return this.#context(`server ${JSON.stringify(whole)}`, () => SSLContext.server(whole));
  }

  /** Remembers transports to abort. */
  keep<T extends NonBlockingTransport[]>(transports: T): T {
    this.#transports.push(...transports);
    return transports;
  }

  wrap(context: SSLContext, transport: NonBlockingTransport, options: WrapSocketOptions = {}): SSLSocket {
    this.keep([transport]);
    const names = context.serverSide ? {} : { serverHostname: "localhost" };
    const socket = context.wrapSocket(transport, { ...names, ...options });
    this.#sockets.push(socket);
    return socket;
  }

  /** Client and server over the two transports, before the handshake. */
  wrapPair([left, right]: Pair, options: TlsOptions = {}): TlsPair {
    const version = options.version ?? "TLSv1.3";
    return {
      client: this.wrap(this.clientContext(version, options.trust ? { ca: options.trust } : {}), left, options.client),
      server: this.wrap(this.serverContext(version), right, options.server),
    };
  }

  /** Client and server after the handshake, with nothing in flight. */
  async connected(transports: Pair, options: TlsOptions = {}): Promise<TlsPair> {
    const pair = this.wrapPair(transports, options);
    await shakeHands(pair);
    return pair;
  }

  #context(key: string, make: () => SSLContext): SSLContext {
    const context = this.#contexts.get(key) ?? make();
    this.#contexts.set(key, context);
    return context;
  }
}

/** Calls until it wants nothing any more: the loop of every program over non-blocking sockets. */
export async function patiently<T>(socket: SSLSocket, call: () => T): Promise<T> {
  for (;;) {
    try {
      return call();
    } catch (error) {
      if (error instanceof SSLWantReadError) await select([socket], []);
      else if (error instanceof SSLWantWriteError) await select([], [socket]);
      else if (error instanceof SSLWantCallbackError) await error.ready;
      else throw error;
    }
  }
}

export async function shakeHands({ client, server }: TlsPair): Promise<void> {
  await Promise.all([client, server].map((socket) => patiently(socket, () => socket.doHandshake())));
  await Promise.all([client, server].map((socket) => patiently(socket, () => socket.flush())));
  // The tickets of a TLS 1.3 server: consumed now, so that tests begin with nothing in flight.
  client.tryRecv(new Uint8Array(1));
}

/** Receives until the peer's close_notify, or until `count` bytes are there. */
export async function recvAll(socket: SSLSocket, count: number = Infinity): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for (let total = 0; total < count;) {
    const part = await patiently(socket, () => socket.recv(Math.min(16384, count - total)));
    if (part.length === 0) break;
    parts.push(part);
    total += part.length;
  }
  return concat(parts);
}

/** Both ends of a pair as "us" and "them", so that a test runs for both roles. */
export function asRole(pair: TlsPair, role: Role): { us: SSLSocket; them: SSLSocket } {
  return role === "client" ? { us: pair.client, them: pair.server } : { us: pair.server, them: pair.client };
}

/** The error that `call` throws; fails when it throws none. */
export function caught(call: () => unknown): Error {
  try {
    call();
  } catch (error) {
    return error as Error;
  }
  throw new Error("Expected an exception, and there was none");
}

/** A client and a server with the test between them: ciphertext moves only when it is carried, and may be changed. */
export class Wire {
  readonly pair: TlsPair;
  readonly atClient: NonBlockingTransport;
  readonly atServer: NonBlockingTransport;

  constructor(workshop: Workshop, options: TlsOptions = {}) {
    const capacity = 1 << 22;
    const [left, atClient] = memoryTransportPair({ capacity });
    const [right, atServer] = memoryTransportPair({ capacity });
    this.pair = workshop.wrapPair([left, right], options);
    this.atClient = atClient;
    this.atServer = atServer;
    workshop.keep([atClient, atServer]);
  }

  /** What `role` has sent and was not carried yet; it is taken off the wire. */
  take(role: Role): Uint8Array {
    return (role === "client" ? this.atClient : this.atServer).takeRemaining();
  }

  /** Puts bytes on the wire to `role`. */
  give(role: Role, bytes: Uint8Array): void {
    (role === "client" ? this.atClient : this.atServer).send(bytes);
  }

  /** The wire's end at `role`, to end or reset the connection. */
  endAt(role: Role): NonBlockingTransport {
    return role === "client" ? this.atClient : this.atServer;
  }

  /** Carries everything both ways; whether there was anything. */
  carry(): boolean {
    const [there, back] = [this.take("client"), this.take("server")];
    this.give("server", there);
    this.give("client", back);
    return there.length + back.length > 0;
  }

  /** Does the whole handshake and leaves nothing in flight. */
  connect(): this {
    const { client, server } = this.pair;
    do {
      client.tryHandshake();
      server.tryHandshake();
    } while (this.carry());
    client.tryRecv(new Uint8Array(1));
    return this;
  }
}

export function otherRole(role: Role): Role {
  return role === "client" ? "server" : "client";
}
