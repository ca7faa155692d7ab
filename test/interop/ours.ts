// Owns our side of a conversation with a program, through this runtime's own connect and listen: contexts of one version, servers
// that remember how each handshake went, and a little HTTP. Knows nothing of a particular program.
import net from "node:net";
import { pipeline } from "node:stream/promises";
import {
  type ClientOptions,
  type NonBlockingTransport,
  type ServerOptions,
  SSLContext,
  startTls,
  type TLSConnection,
  type TLSVersion,
} from "../../ts/index.ts";
import { toDuplex } from "../../ts/node/duplex.ts";
import { waitUntil } from "../../ts/socket/event-loop.ts";
import { type CertName, certs } from "../support/certs.ts";
import { disposed, identityOf } from "../support/conversation.ts";
import { listen } from "../support/dial.ts";
import { thisRuntime } from "../support/this-runtime.ts";

/** A client that trusts the test root. */
export function clientOf(version: TLSVersion, options: ClientOptions = {}): SSLContext {
  return disposed(SSLContext.client({ ca: certs.root.cert, minVersion: version, maxVersion: version, ...options }));
}

/** A server that presents a certificate for localhost. */
export function serverOf(
  version: TLSVersion,
  options: Partial<ServerOptions> = {},
  identity: CertName = "localhost",
): SSLContext {
  const identities = [identityOf(identity)];
  return disposed(SSLContext.server({ identities, minVersion: version, maxVersion: version, ...options }));
}

/** A connection to a program on this machine, which must prove that it is localhost. */
export async function connectTo(port: number, context: SSLContext): Promise<TLSConnection> {
  const { connect } = await thisRuntime();
  return connect({ hostname: "127.0.0.1", port, serverHostname: "localhost", context });
}

/** What the handshakes of a server have come to, in the order in which they were over. */
class Outcomes {
  readonly #all: unknown[] = [];
  #ring = (): void => {};

  add(outcome: unknown): void {
    this.#all.push(outcome);
    this.#ring();
  }

  async next(): Promise<unknown> {
    while (this.#all.length === 0) await new Promise<void>((resolve) => (this.#ring = resolve));
    return this.#all.shift();
  }
}

/** A server of ours on a free port of 127.0.0.1. */
export interface OurServer extends AsyncDisposable {
  readonly port: number;
  /** How the first handshake that nobody has asked for ended: the name in the client's certificate, null without one, or the error. */
  next(): Promise<unknown>;
}

type Serve = (tls: TLSConnection) => Promise<void>;

/** Serves each connection; one that fails behind its handshake does not matter to the others. */
export async function serveWith(context: SSLContext, serve: Serve): Promise<OurServer> {
  const outcomes = new Outcomes();
  const onHandshakeError = (error: unknown): void => outcomes.add(error);
  const listener = await (await thisRuntime()).listen({ port: 0, context, onHandshakeError });
  const serving = (async () => {
    const all: Promise<void>[] = [];
    for await (const tls of listener) {
      outcomes.add(commonName(tls));
      all.push(served(tls, serve));
    }
    await Promise.all(all);
  })();
  const end = async (): Promise<void> => {
    await listener.close();
    await serving;
  };
  return { port: listener.port, next: () => outcomes.next(), [Symbol.asyncDispose]: end };
}

/** As `serveWith`, with clients that first say in plain that they want TLS: `before` goes up to there. */
export async function serveUpgraded(
  context: SSLContext,
  before: (plain: NonBlockingTransport) => Promise<void>,
  serve: Serve,
): Promise<OurServer> {
  const outcomes = new Outcomes();
  const all: Promise<void>[] = [];
  const upgrade = async (plain: NonBlockingTransport): Promise<void> => {
    try {
      await before(plain);
      const tls = await startTls(plain, { context });
      outcomes.add(commonName(tls));
      await served(tls, serve);
    } catch (error) {
      outcomes.add(error);
      if (!plain.closed) plain.abort();
    }
  };
  const { port, stop } = await listen((plain) => void all.push(upgrade(plain)));
  const end = async (): Promise<void> => {
    stop();
    await Promise.all(all);
  };
  return { port, next: () => outcomes.next(), [Symbol.asyncDispose]: end };
}

async function served(tls: TLSConnection, serve: Serve): Promise<void> {
  await serve(tls).catch((error: unknown) => tls.abort(error));
  await tls.close();
}

/** What comes in plain, up to what matches, and not a byte more. */
export async function hear(plain: NonBlockingTransport, end: RegExp): Promise<string> {
  const one = new Uint8Array(1);
  for (let text = ""; ;) {
    const size = plain.recvInto(one);
    if (size === "eof") throw new Error(`Cannot find ${String(end)} in ${JSON.stringify(text)}: there is no more`);
    if (size === "would-block") await waitUntil(plain, () => plain.readable);
    else text += String.fromCharCode(one[0]!);
    if (end.test(text)) return text;
  }
}

/** Says a text of few bytes in plain, as soon as there is room for it. */
export async function say(plain: NonBlockingTransport, text: string): Promise<void> {
  const bytes = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  await waitUntil(plain, () => plain.writable);
  if (plain.send(bytes) !== bytes.length) throw new Error(`Cannot say ${JSON.stringify(text)} at once`);
}

export function commonName(tls: TLSConnection): string | null {
  const subject = tls.info.peerCertificate?.subject.flat() ?? [];
  return subject.find(([name]) => name === "commonName")?.[1] ?? null;
}

/** Answers one request of HTTP with a page that says who asked for what, and closes. */
export async function givePage(tls: TLSConnection): Promise<void> {
  const request = await readUntil(tls, "\r\n\r\n");
  const [method, path] = request.split(" ");
  const page = `<!doctype html><title>page</title><p>${method} ${path} by ${commonName(tls) ?? "nobody"} over ${tls.info.version}</p>`;
  const head = `HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: ${page.length}\r\nConnection: close\r\n\r\n`;
  await tls.write(new TextEncoder().encode(head + page));
}

/** Hands everything on to a port of 127.0.0.1 without TLS, and back: what is known as terminating TLS. */
export async function forward(tls: TLSConnection, port: number): Promise<void> {
  const [outer, inner] = [toDuplex(tls), net.connect({ port, host: "127.0.0.1", allowHalfOpen: true })];
  await Promise.all([pipeline(outer, inner), pipeline(inner, outer)]);
}

/** What comes, up to and including `end`, as text. Throws when the peer ends before that. */
export async function readUntil(tls: TLSConnection, end: string | RegExp): Promise<string> {
  const into = new Uint8Array(4096);
  const decoder = new TextDecoder();
  for (let text = ""; ;) {
    const size = await tls.read(into);
    if (size === null) throw new Error(`Cannot find ${String(end)} in ${JSON.stringify(text)}: there is no more`);
    text += decoder.decode(into.subarray(0, size), { stream: true });
    if (typeof end === "string" ? text.includes(end) : end.test(text)) return text;
  }
}

/** Everything that comes until the peer ends. */
export async function readAll(tls: TLSConnection): Promise<Uint8Array> {
  return new Uint8Array(await new Response(tls.readable as ReadableStream<Uint8Array<ArrayBuffer>>).arrayBuffer());
}

/** Asks for a page by HTTP, and closes; the whole answer. */
export async function getPage(port: number, context: SSLContext, path = "/"): Promise<string> {
  await using tls = await connectTo(port, context);
  await tls.write(new TextEncoder().encode(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`));
  return new TextDecoder().decode(await readAll(tls));
}

/**
 * Connects and rejects with what becomes of it where the server does not take our certificate. Who has been refused should not
 * speak: what it says meets a closed socket, and the answer to that overtakes the alert.
 */
export async function refused(port: number, context: SSLContext): Promise<void> {
  await using tls = await connectTo(port, context);
  await tls.read(new Uint8Array(1));
}
