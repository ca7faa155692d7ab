// wanttls in the parts of ssl_client2 and ssl_server2: a request, a response, as often as told. Owns the conversation and what is
// said of it in upstream's words; judges nothing.
import { SSLContext, type SSLSession, type TLSConnection, type TLSListener } from "../../ts/index.ts";
import { connect, listen } from "../../ts/node/index.ts";
import type { ClientPlay, Play, ServerPlay } from "./translation.ts";

/** How a part ended. */
export interface Outcome {
  readonly good: boolean;
  /** What upstream's programs say of the same. */
  readonly said: string;
}

const timeout = 60_000;

/** Plays the client against whoever listens there. */
export async function playClient(play: ClientPlay, port: number): Promise<Outcome> {
  const said: string[] = [];
  const sessions: SSLSession[] = [];
  const context = SSLContext.client({ ...play.options, onSession: (session) => sessions.push(session) });
  try {
    await converse(context, play, port, said);
    if (play.reconnect) {
      await new Promise((resolve) => setTimeout(resolve, play.pause));
      await converse(context, play, port, said, sessions.at(-1));
    }
    return { good: true, said: said.join("\n") };
  } catch (error) {
    return { good: false, said: [...said, String(error)].join("\n") };
  } finally {
    context.dispose();
  }
}

async function converse(
  context: SSLContext,
  play: ClientPlay,
  port: number,
  said: string[],
  session?: SSLSession,
): Promise<void> {
  const tls = await connect({
    hostname: "127.0.0.1",
    port,
    context,
    serverHostname: play.serverName,
    handshakeTimeout: timeout,
    ...(session !== undefined && { session }),
  });
  try {
    said.push(...introduction(tls, play));
    for (let i = 0; i < play.exchanges; i++) {
      await tls.write(message("GET / HTTP/1.0\r\nExtra-header: \r\n\r\n", play));
      said.push(await line(tls));
    }
    await tls.close({ timeout });
  } finally {
    tls.abort();
  }
}

/** Plays the server, until it is disposed of. */
export class Server implements AsyncDisposable {
  readonly said: string[] = [];
  readonly #listener: TLSListener;
  readonly #play: ServerPlay;
  readonly #all: Promise<void>;

  private constructor(listener: TLSListener, play: ServerPlay, said: string[]) {
    this.said = said;
    this.#listener = listener;
    this.#play = play;
    this.#all = this.#serveAll();
  }

  static async start(play: ServerPlay): Promise<Server> {
    const said: string[] = [];
    const listener = await listen({
      hostname: "127.0.0.1",
      port: 0,
      context: play.context,
      handshakeTimeout: timeout,
      onHandshakeError: (error) => said.push(String(error)),
    });
    return new Server(listener, play, said);
  }

  get port(): number {
    return this.#listener.port;
  }

  async #serveAll(): Promise<void> {
    for await (const tls of this.#listener) {
      this.said.push(...introduction(tls, this.#play));
      await this.#serve(tls).catch((error: unknown) => this.said.push(String(error)));
      tls.abort();
    }
  }

  async #serve(tls: TLSConnection): Promise<void> {
    for (let i = 0; i < this.#play.exchanges; i++) {
      this.said.push(await line(tls));
      await tls.write(message("HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n<p>done</p>\r\n", this.#play));
    }
    await tls.close({ timeout });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#listener.close();
    await this.#all;
    this.#play.context.dispose();
  }
}

function introduction(tls: TLSConnection, { alpn }: Play): readonly string[] {
  const { version, cipher, alpnProtocol, sessionReused } = tls.info;
  return [
    `Protocol is ${version}`,
    `Ciphersuite is ${nameOf(cipher.standardName)}`,
    ...(!alpn ? [] : [`Application Layer Protocol is ${alpnProtocol ?? "(none)"}`]),
    ...(sessionReused ? ["a session has been resumed"] : []),
  ];
}

/** Mbed TLS's name of a suite. */
function nameOf(standard: string): string {
  return (standard.includes("_WITH_") ? standard : standard.replace("TLS_", "TLS1-3-")).replaceAll("_", "-");
}

/** The text, filled up or cut to the size that was asked for, its line ended all the same. */
function message(text: string, { size }: Play): Uint8Array {
  const whole =
    size === null ? text : `${text.padEnd(size, "A").slice(0, Math.max(size - 2, 0))}${"\r\n".slice(-size)}`;
  return new TextEncoder().encode(whole);
}

/** What arrives, to the end of a line that ends a read, as upstream's programs read; or to the end. */
async function line(tls: TLSConnection): Promise<string> {
  const into = new Uint8Array(20_000);
  let text = "";
  for (let size: number | null; (size = await tls.read(into)) !== null;) {
    text += new TextDecoder().decode(into.subarray(0, size));
    if (text.endsWith("\n")) return text;
  }
  if (text === "") throw new Error("Cannot read an answer: the peer closed before");
  return text;
}
