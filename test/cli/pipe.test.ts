import { afterEach, describe, expect, it } from "vitest";
import { pipe, type Sink, type Source } from "../../ts/cli/pipe.ts";
import {
  memoryTransportPair,
  select,
  SSLContext,
  SSLEOFError,
  SSLError,
  SSLWantReadError,
  SSLWantWriteError,
  type SSLSocket,
} from "../../ts/index.ts";
import { certs } from "../support/certs.ts";

/** More than any buffer between two sockets holds. */
const bound = 2_000_000;

describe("pipe", () => {
  const disposables: Disposable[] = [];
  afterEach(() => {
    for (const one of disposables.splice(0)) one[Symbol.dispose]();
  });

  it("sends the source, then close_notify, and gives the sink what comes until the peer closes", async () => {
    const { local, peer } = await connected();
    const source = new Chunks(["hello, ", "world"]);
    const sink = new Collector();
    const piping = pipe(local, source, sink);
    expect(await receiveAll(peer)).toBe("hello, world");
    await peer.sendAll(bytes("goodbye"));
    peer.shutdownWrite();
    await piping;
    expect(sink.text).toBe("goodbye");
  });

  it("goes on sending when the peer has closed only its own direction", async () => {
    const { local, peer } = await connected();
    peer.shutdownWrite();
    const source = new Chunks([]);
    source.ended = false;
    const piping = pipe(local, source, new Collector());
    await turns();
    source.add("late");
    source.ended = true;
    expect(await receiveAll(peer)).toBe("late");
    await piping;
  });

  it("ends when the peer has left, though the source has not ended", async () => {
    const { local, peer } = await connected();
    const source = new Chunks([]);
    source.ended = false;
    const piping = pipe(local, source, new Collector());
    peer.close();
    await expect(piping).resolves.toBeUndefined();
  });

  it("ends when the peer closes and a person types the source", async () => {
    const { local, peer } = await connected();
    const source = new Chunks([]);
    source.ended = false;
    source.isTerminal = true;
    const piping = pipe(local, source, new Collector());
    peer.shutdownWrite();
    await expect(piping).resolves.toBeUndefined();
  });

  it("fails when the peer leaves before all of the source was sent", async () => {
    const { local, peer } = await connected();
    const source = new Endless();
    source.onTaken = () => peer.close();
    await expect(pipe(local, source, new Collector())).rejects.toBeInstanceOf(SSLError);
  });

  it("fails with SSLEOFError when the connection is cut, and the sink has what came before", async () => {
    const { local, peer } = await connected();
    const sink = new Collector();
    const piping = pipe(local, new Chunks([]), sink);
    await peer.sendAll(bytes("the first half"));
    peer.transport.close();
    await expect(piping).rejects.toBeInstanceOf(SSLEOFError);
    expect(sink.text).toBe("the first half");
  });

  it("takes a bounded part of an endless source while the peer does not read", async () => {
    const { local } = await connected();
    const source = new Endless();
    const piping = pipe(local, source, new Collector());
    await settled(() => source.taken);
    expect(source.taken).toBeGreaterThan(0);
    expect(source.taken).toBeLessThan(bound);
    local.abort();
    await expect(piping).rejects.toBeInstanceOf(SSLError);
  });

  it("receives a bounded part of what the peer sends while the sink takes nothing, and all of it later", async () => {
    const { local, peer } = await connected();
    const sink = new Collector();
    sink.blocked = true;
    const piping = pipe(local, new Chunks([]), sink);
    const sent = await sendUntilBlocked(peer);
    expect(sent).toBeLessThan(bound);
    expect(sink.text).toBe("");
    sink.unblock();
    await peer.sendAll(new Uint8Array(0));
    peer.shutdownWrite();
    await piping;
    expect(sink.text).toHaveLength(sent);
  });

  async function connected(): Promise<{ local: SSLSocket; peer: SSLSocket }> {
    const client = SSLContext.client({ ca: certs.root.cert });
    const server = SSLContext.server({ identities: [{ cert: certs.localhost.chain, key: certs.localhost.key }] });
    const [here, there] = memoryTransportPair();
    const local = client.wrapSocket(here, { serverHostname: "localhost" });
    const peer = server.wrapSocket(there);
    disposables.push(local, peer, client, server);
    await Promise.all([shakeHands(local), shakeHands(peer)]);
    return { local, peer };
  }
});

async function shakeHands(socket: SSLSocket): Promise<void> {
  for (;;) {
    try {
      return socket.doHandshake();
    } catch (error) {
      if (error instanceof SSLWantReadError) await select([socket], []);
      else if (error instanceof SSLWantWriteError) await select([], [socket]);
      else throw error;
    }
  }
}

async function receiveAll(socket: SSLSocket): Promise<string> {
  let received = "";
  for (;;) {
    const into = new Uint8Array(16384);
    const result = socket.tryRecv(into);
    if (result.kind === "eof") return received;
    if (result.kind === "ok") received += new TextDecoder().decode(into.subarray(0, result.n));
    else await select([socket], []);
  }
}

/** How many bytes it took until the connection took no more for good. */
async function sendUntilBlocked(socket: SSLSocket): Promise<number> {
  let sent = 0;
  const step = (): number => {
    const result = socket.trySend(new Uint8Array(16384).fill(120));
    if (result.kind === "ok") sent += result.n;
    return sent;
  };
  await settled(step);
  return sent;
}

/** Waits until a number stays the same for some turns of the event loop. */
async function settled(look: () => number): Promise<void> {
  let last = -1;
  for (let same = 0; same < 20;) {
    const now = look();
    same = now === last ? same + 1 : 0;
    last = now;
    await turns(1);
  }
}

async function turns(count: number = 10): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setTimeout(resolve, 1));
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

class Watched {
  readonly closed: boolean = false;
  readonly #listeners = new Set<() => void>();

  watch(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  protected changed(): void {
    for (const listener of this.#listeners) listener();
  }
}

class Chunks extends Watched implements Source {
  readonly writable: boolean = false;
  isTerminal = false;
  #ended = true;
  readonly #chunks: Uint8Array[];

  constructor(texts: readonly string[]) {
    super();
    this.#chunks = texts.map(bytes);
  }

  get readable(): boolean {
    return this.#chunks.length > 0 || this.#ended;
  }

  set ended(ended: boolean) {
    this.#ended = ended;
    this.changed();
  }

  add(text: string): void {
    this.#chunks.push(bytes(text));
    this.changed();
  }

  take(): Uint8Array | null | "end" {
    return this.#chunks.shift() ?? (this.#ended ? "end" : null);
  }
}

class Endless extends Watched implements Source {
  readonly readable: boolean = true;
  readonly writable: boolean = false;
  readonly isTerminal: boolean = false;
  taken = 0;
  onTaken: () => void = () => {};

  take(): Uint8Array {
    this.taken += 10_000;
    this.onTaken();
    return new Uint8Array(10_000);
  }
}

class Collector extends Watched implements Sink {
  readonly readable: boolean = false;
  blocked = false;
  text = "";

  get writable(): boolean {
    return !this.blocked;
  }

  write(received: Uint8Array): void {
    this.text += new TextDecoder().decode(received);
  }

  unblock(): void {
    this.blocked = false;
    this.changed();
  }
}
