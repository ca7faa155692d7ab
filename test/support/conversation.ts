// Two SSLObjects that talk over MemoryBIOs, and the wire between them, which a test can cut into pieces, hold back or
// tamper with. Disposes of everything after each test. Knows no sockets and judges nothing.
import { afterEach, expect } from "vitest";
import {
  type ClientOptions,
  isWant,
  MemoryBIO,
  type ServerOptions,
  SSLContext,
  type SSLObject,
  SSLWantCallbackError,
  type TLSVersion,
  type WrapOptions,
} from "../../ts/ssl/index.ts";
import { type CertName, certs } from "./certs.ts";

export type Role = "client" | "server";

/** How the wire cuts what it delivers: pieces of one size, or of the sizes in a list, again and again. */
export type Chunk = number | readonly number[];

export interface End {
  readonly role: Role;
  readonly tls: SSLObject;
  /** Ciphertext from the peer. */
  readonly incoming: MemoryBIO;
  /** Ciphertext for the peer. */
  readonly outgoing: MemoryBIO;
}

export interface Pair {
  readonly client: End;
  readonly server: End;
}

export interface PairOptions {
  /** The only version both sides speak; both versions when it is left out. */
  readonly version?: TLSVersion | undefined;
  readonly client?: ClientOptions;
  readonly server?: Partial<ServerOptions>;
  /** What the server presents; default `localhost`. */
  readonly identity?: CertName;
  /** Default: the server name localhost. */
  readonly wrap?: WrapOptions;
}

export const versions: readonly TLSVersion[] = ["TLSv1.2", "TLSv1.3"];
export const roles: readonly Role[] = ["client", "server"];
export const chunks: readonly Chunk[] = [1, 5, 100, Infinity];

/** Runs the body for every version, role and chunk size, or those given; a failure says for which one. */
export function forEachCase(
  body: (version: TLSVersion, role: Role, chunk: Chunk) => void,
  given: { versions?: readonly TLSVersion[]; roles?: readonly Role[]; chunks?: readonly Chunk[] } = {},
): void {
  for (const version of given.versions ?? versions) {
    for (const role of given.roles ?? roles) {
      for (const chunk of given.chunks ?? chunks) {
        inCase(`${version}, ${role}, pieces of ${String(chunk)}`, () => body(version, role, chunk));
      }
    }
  }
}

/** As `forEachCase`, with the wire whole. */
export function forEachSide(body: (version: TLSVersion, role: Role) => void): void {
  forEachCase(body, { chunks: [Infinity] });
}

export function forEachVersion(body: (version: TLSVersion) => void): void {
  for (const version of versions) inCase(version, () => body(version));
}

/** Disposes of what the body made, and names the case when it fails. */
export function inCase(name: string, body: () => void): void {
  const before = made.length;
  try {
    body();
  } catch (error) {
    if (error instanceof Error) error.message = `[${name}] ${error.message}`;
    throw error;
  } finally {
    for (const thing of made.splice(before)) thing.dispose();
  }
}

/** Disposes of the context or connection after the test. */
export function disposed<T extends { dispose(): void }>(thing: T): T {
  made.push(thing);
  return thing;
}

export function clientContext(options: ClientOptions = {}): SSLContext {
  return disposed(SSLContext.client({ ca: certs.root.cert, ...options }));
}

/** Without tickets, unless the options have some: after the handshake nothing is in flight. */
export function serverContext(options: Partial<ServerOptions> = {}, identity: CertName = "localhost"): SSLContext {
  return disposed(SSLContext.server({ identities: [identityOf(identity)], numTickets: 0, ...options }));
}

export function identityOf(name: CertName): { cert: string; key: string } {
  return { cert: certs[name].chain, key: certs[name].key };
}

export function wrapped(context: SSLContext, wrap: WrapOptions = {}): End {
  const incoming = new MemoryBIO();
  const outgoing = new MemoryBIO();
  const tls = disposed(context.wrapBio(incoming, outgoing, wrap));
  return { role: context.serverSide ? "server" : "client", tls, incoming, outgoing };
}

/** Both sides, before the handshake. The client trusts the test root and asks for localhost. */
export function pairOf(options: PairOptions = {}): Pair {
  const only = options.version === undefined ? {} : { minVersion: options.version, maxVersion: options.version };
  return {
    client: wrapped(clientContext({ ...only, ...options.client }), options.wrap ?? { serverHostname: "localhost" }),
    server: wrapped(serverContext({ ...only, ...options.server }, options.identity)),
  };
}

/** Both sides, after the handshake. */
export function connected(options: PairOptions = {}, chunk: Chunk = Infinity): Pair {
  return handshake(pairOf(options), chunk);
}

/** The end with that role, and the other one. */
export function sides(pair: Pair, role: Role): [own: End, peer: End] {
  return role === "client" ? [pair.client, pair.server] : [pair.server, pair.client];
}

/** Goes through the handshake; throws what the first side to fail threw. */
export function handshake(pair: Pair, chunk: Chunk = Infinity): Pair {
  const outcome = attempt(pair, chunk);
  const error = outcome.client ?? outcome.server;
  if (error !== undefined) throw error;
  for (const { role, tls } of [pair.client, pair.server]) {
    if (tls.state !== "open") throw new Error(`The handshake of the ${role} hangs`);
  }
  return pair;
}

/** Asserts that both sides come to the end of the handshake. */
export function expectHandshake(pair: Pair, chunk: Chunk = Infinity): void {
  const { client, server } = attempt(pair, chunk);
  expect([client, server, pair.client.tls.state, pair.server.tls.state]).toEqual([
    undefined,
    undefined,
    "open",
    "open",
  ]);
}

/** What each side's handshake threw, undefined if it did not; the other side sees the alert. */
export interface Attempt {
  readonly client: unknown;
  readonly server: unknown;
}

/** Goes through the handshake as far as it goes. The wire may change what it carries. */
export function attempt(
  pair: Pair,
  chunk: Chunk = Infinity,
  wire: (from: Role, bytes: Uint8Array) => Uint8Array = (_, bytes) => bytes,
): Attempt {
  const client = new Doing(pair.client);
  const server = new Doing(pair.server);
  client.goOn();
  server.goOn();
  for (;;) {
    const toServer = wire("client", drained(pair.client));
    for (const piece of cut(toServer, chunk)) server.take(piece);
    const toClient = wire("server", drained(pair.server));
    for (const piece of cut(toClient, chunk)) client.take(piece);
    if (toServer.length + toClient.length === 0) return { client: client.error, server: server.error };
  }
}

/** As `attempt`, and waits for the answers of the application as long as they take. */
export async function attemptPatiently(pair: Pair, chunk: Chunk = Infinity): Promise<Attempt> {
  for (;;) {
    const outcome = attempt(pair, chunk);
    const asking = [pair.client, pair.server].filter(({ tls }) => tls.want === "callback");
    if (asking.length === 0 || outcome.client !== undefined || outcome.server !== undefined) return outcome;
    await Promise.all(asking.map(answerOf));
  }
}

/** Settles when the application has given the answer that the handshake waits for. */
export function answerOf({ tls }: End): Promise<void> {
  const error = thrownBy(() => tls.doHandshake());
  if (error instanceof SSLWantCallbackError) return error.ready;
  throw new Error(`The handshake does not wait for an answer, but for ${tls.want}`, { cause: error });
}

/** Everything the end has for its peer, taken off its outgoing queue. */
export function drained(end: End): Uint8Array {
  return end.outgoing.read();
}

/** Carries everything there is from one end to the other. */
export function deliver(from: End, to: End): void {
  to.incoming.write(from.outgoing.read());
}

/** Delivers the bytes in pieces and reads after each; the plaintext, in the pieces in which it was read. */
export function receive(end: End, bytes: Uint8Array, chunk: Chunk, size?: number): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (const piece of cut(bytes, chunk)) {
    end.incoming.write(piece);
    parts.push(...available(end, size));
  }
  return parts;
}

/** Reads until more ciphertext is needed or the end was reached. */
export function available(end: End, size?: number): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (;;) {
    const part = unlessWant(() => end.tls.read(size));
    if (part === undefined || part.length === 0) return parts;
    parts.push(part);
  }
}

/** What the call answers, or undefined when it would block. */
export function unlessWant<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch (error) {
    if (isWant(error)) return undefined;
    throw error;
  }
}

/** What the call threw, or undefined. */
export function thrownBy(call: () => unknown): unknown {
  try {
    call();
    return undefined;
  } catch (error) {
    return error;
  }
}

export function cut(bytes: Uint8Array, chunk: Chunk): Uint8Array[] {
  const sizes = typeof chunk === "number" ? [chunk] : chunk;
  const pieces: Uint8Array[] = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length]!;
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return pieces;
}

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Bytes that are different everywhere, so that loss, doubling and disorder show. */
export function pattern(size: number): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(Math.ceil(size / 4)).map((_, i) => Math.imul(i + 1, 2654435761));
  return new Uint8Array(words.buffer, 0, size);
}

export function ascii(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** What is not bytes, or not bytes that stand still. */
export function notBytes(): unknown[] {
  const detached = new ArrayBuffer(8);
  const view = new Uint8Array(detached);
  structuredClone(detached, { transfer: [detached] });
  const shared = new SharedArrayBuffer(8);
  return ["text", null, undefined, 5, true, [1, 2], {}, shared, new Uint8Array(shared), detached, view];
}

export const recordType = { changeCipherSpec: 20, alert: 21, handshake: 22, applicationData: 23 } as const;

/** The records of a stretch of ciphertext, each with its header; what is left over at the end comes last. */
export function recordsOf(bytes: Uint8Array): Uint8Array[] {
  const records: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const size = at + 5 > bytes.length ? bytes.length - at : 5 + bytes[at + 3]! * 256 + bytes[at + 4]!;
    records.push(bytes.slice(at, at + size));
    at += size;
  }
  return records;
}

/** A record as it stands on the wire. */
export function recordOf(type: number, fragment: Uint8Array | readonly number[], minor = 3): Uint8Array {
  return Uint8Array.of(type, 3, minor, Math.floor(fragment.length / 256), fragment.length % 256, ...fragment);
}

/** An alert as it stands on the wire before there are keys. */
export function plainAlert(level: "warning" | "fatal", description: number): Uint8Array {
  return recordOf(recordType.alert, [level === "fatal" ? 2 : 1, description]);
}

/** A copy with one byte changed; a negative index counts from the end. */
export function flipped(bytes: Uint8Array, index: number): Uint8Array {
  const copy = bytes.slice();
  const at = index < 0 ? copy.length + index : index;
  copy[at] = copy[at]! ^ 1;
  return copy;
}

const made: { dispose(): void }[] = [];

afterEach(() => {
  for (const thing of made.splice(0)) thing.dispose();
});

/** One side's handshake on its way. */
class Doing {
  readonly end: End;
  done = false;
  error: unknown;

  constructor(end: End) {
    this.end = end;
  }

  take(piece: Uint8Array): void {
    this.end.incoming.write(piece);
    this.goOn();
  }

  goOn(): void {
    if (this.done || this.error !== undefined) return;
    try {
      this.end.tls.doHandshake();
      this.done = true;
    } catch (error) {
      if (!isWant(error)) this.error = error;
    }
  }
}
