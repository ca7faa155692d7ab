// Our side of a conversation with another stack: as a client it has lines echoed, as a server it echoes until the end.
import { type SSLContext, type SSLSocket, type WrapSocketOptions } from "../../ts/index.ts";
import { patiently, recvAll } from "../socket/tls.ts";
import { dial, listenInTurn } from "../support/dial.ts";

/** Connects to a port of 127.0.0.1 and shakes hands; the socket is closed after `converse`. */
export async function join<T>(
  context: SSLContext,
  port: number,
  options: WrapSocketOptions,
  converse: (tls: SSLSocket) => Promise<T>,
): Promise<T> {
  using tls = context.wrapSocket(await dial(port), { serverHostname: "localhost", ...options });
  await patiently(tls, () => tls.doHandshake());
  return await converse(tls);
}

/** Has a line echoed: the nth turn of a server. */
export async function turn(tls: SSLSocket, nth: number): Promise<void> {
  const line = `turn ${nth}\n`;
  await tls.sendAll(new TextEncoder().encode(line));
  const echo = new TextDecoder().decode(await recvAll(tls, line.length));
  if (echo !== line) throw new Error(`Expected ${JSON.stringify(line)} as an echo, got ${JSON.stringify(echo)}`);
}

/** What comes, up to the end of a line. */
export async function line(tls: SSLSocket): Promise<string> {
  for (let text = ""; ;) {
    const heard = await patiently(tls, () => tls.recv());
    if (heard.length === 0) throw new Error(`Cannot read a line after ${JSON.stringify(text)}: the peer has closed`);
    text += new TextDecoder().decode(heard);
    if (text.endsWith("\n")) return text;
  }
}

export interface Serving<T> {
  readonly port: number;
  /** What `look` answered for each connection, once all of them are over. */
  readonly seen: Promise<readonly T[]>;
}

/** Serves one connection with each of the contexts, one after the other, and has a look at each after its handshake. */
export async function serve<T>(
  contexts: readonly SSLContext[],
  look: (tls: SSLSocket) => T,
  page = false,
): Promise<Serving<T>> {
  const listening = await listenInTurn();
  const all = async (): Promise<T[]> => {
    const seen: T[] = [];
    try {
      for (const context of contexts) {
        using tls = context.wrapSocket(await listening.next());
        await patiently(tls, () => tls.doHandshake());
        seen.push(look(tls));
        await (page ? givePage(tls) : echo(tls));
      }
    } finally {
      listening.stop();
    }
    return seen;
  };
  return { port: listening.port, seen: all() };
}

async function echo(tls: SSLSocket): Promise<void> {
  for (;;) {
    const heard = await patiently(tls, () => tls.recv());
    if (heard.length === 0) return;
    await tls.sendAll(heard);
  }
}

/** Answers whatever HTTP request with a page of two letters. */
async function givePage(tls: SSLSocket): Promise<void> {
  for (let request = ""; !request.includes("\r\n\r\n");) {
    request += new TextDecoder().decode(await patiently(tls, () => tls.recv()));
  }
  await tls.sendAll(new TextEncoder().encode("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"));
}
