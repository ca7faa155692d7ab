// The server that is looked at: answers messages (message.ts) on any number of ports, and knows who is there, how many bytes have come,
// and what went wrong where. Judges nothing.
import type { Connection } from "../../ts/engine/connection.ts";
import type { Realm } from "../../ts/engine/realms.ts";
import {
  type SSLContext,
  type SSLObject,
  SSLTimeoutError,
  type TLSConnection,
  type TLSListener,
} from "../../ts/index.ts";
import type { MemoryBIO } from "../../ts/ssl/index.ts";
import { thisRuntime } from "../support/this-runtime.ts";
import { content, flood, headerSize, lengthIn, pieceSize, Running } from "./message.ts";

/** How a port is served. */
export interface Manner {
  readonly context: SSLContext;
  /** How long a client may take for its handshake, and may keep silent afterwards. */
  readonly patienceMs?: number;
  /** What is counted as a failure, and not kept. */
  readonly excuses?: (error: unknown) => boolean;
}

export interface Failure {
  /** When it was in its handshake, which it did not survive. */
  readonly shaking: boolean;
  readonly error: unknown;
}

/** One port. */
export class Service {
  readonly open = new Set<Guest>();
  readonly failures: Failure[] = [];
  failed = 0;
  accepted = 0;
  messages = 0;
  bytes = 0;
  mostOpen = 0;
  readonly #manner: Manner;
  #listener!: TLSListener;

  private constructor(manner: Manner) {
    this.#manner = manner;
  }

  /** Listens on a free port. */
  static async start(manner: Manner): Promise<Service> {
    const service = new Service(manner);
    await service.#listen();
    return service;
  }

  get port(): number {
    return this.#listener.port;
  }

  /** Counts from here. */
  forget(): void {
    this.failures.length = 0;
    this.failed = this.accepted = this.messages = this.bytes = this.mostOpen = 0;
  }

  /** Nobody comes any more; who is there stays. */
  async close(): Promise<void> {
    await this.#listener.close();
  }

  async #listen(): Promise<void> {
    const { context, patienceMs } = this.#manner;
    const { listen } = await thisRuntime();
    this.#listener = await listen({
      context,
      port: 0,
      handshakeTimeout: patienceMs ?? unhurriedMs,
      ...(patienceMs !== undefined && { shutdownTimeout: patienceMs }),
      onHandshakeError: (error) => this.#note({ shaking: true, error }),
    });
    void this.#receive();
  }

  async #receive(): Promise<void> {
    for await (const tls of this.#listener) void this.#entertain(new Guest(tls));
  }

  async #entertain(guest: Guest): Promise<void> {
    this.accepted++;
    this.open.add(guest);
    this.mostOpen = Math.max(this.mostOpen, this.open.size);
    try {
      while (await this.#answer(guest));
      await guest.tls.close();
    } catch (error) {
      guest.failure = error;
      this.#note({ shaking: false, error });
      guest.tls.abort();
    } finally {
      guest.hurry(undefined);
      this.open.delete(guest);
    }
  }

  #note(failure: Failure): void {
    this.failed++;
    if (this.#manner.excuses?.(failure.error) !== true) this.failures.push(failure);
  }

  /** One message; false when the client has closed. */
  async #answer(guest: Guest): Promise<boolean> {
    guest.hurry(this.#manner.patienceMs);
    const header = new Uint8Array(headerSize);
    if (!(await guest.readWhole(header))) return false;
    if (lengthIn(header) === flood) return guest.floodForEver();
    const piece = new Uint8Array(Math.min(pieceSize, lengthIn(header)));
    for (let left = lengthIn(header); left > 0;) {
      const part = piece.subarray(0, Math.min(piece.length, left));
      const got = await guest.tls.read(part);
      if (got === null) throw new Error(`the client has closed, ${left} bytes are missing`);
      guest.said.add(part.subarray(0, got));
      await guest.tls.write(part.subarray(0, got));
      guest.hurry(this.#manner.patienceMs);
      left -= got;
    }
    await guest.tls.write(guest.said.now());
    this.messages++;
    this.bytes += lengthIn(header);
    if (Math.random() < updatesKeys) guest.updateKeys();
    return true;
  }
}

/** Long enough for any machine. */
const unhurriedMs = 120_000;

/** How often the server takes new keys after a message and asks the client to. */
const updatesKeys = 0.1;

/** One connection. */
export class Guest {
  readonly tls: TLSConnection;
  /** What ended it, if it was not the client's goodbye. */
  failure: unknown;
  /** Of a flood: what `write` has taken. */
  taken = 0;
  #said: Running | undefined;
  #impatience: ReturnType<typeof setTimeout> | undefined;

  constructor(tls: TLSConnection) {
    this.tls = tls;
  }

  /** Made when it is needed: who only sits there has none. */
  get said(): Running {
    this.#said ??= new Running();
    return this.#said;
  }

  /** The memory that it is in. */
  get realm(): Realm {
    return inside(this.tls.socket).connection.realm;
  }

  /** Bytes that wait for the transport. */
  get queued(): number {
    return inside(this.tls.socket).outgoing.pending;
  }

  /** Cuts it when nothing more happens in that time. */
  hurry(milliseconds: number | undefined): void {
    clearTimeout(this.#impatience);
    if (milliseconds === undefined) return;
    const late = new SSLTimeoutError("Cannot go on with the client: it keeps silent");
    this.#impatience = setTimeout(() => this.tls.abort(late), milliseconds);
  }

  /** False when the client has closed before the first byte. */
  async readWhole(room: Uint8Array<ArrayBuffer>): Promise<boolean> {
    for (let done = 0; done < room.length;) {
      const got = await this.tls.read(room.subarray(done));
      if (got === null && done === 0) return false;
      if (got === null) throw new Error("the client has closed in the middle of a header");
      done += got;
    }
    return true;
  }

  async floodForEver(): Promise<never> {
    for (;;) {
      const piece = content(1 + Math.floor(Math.random() * 4 * pieceSize));
      await this.tls.write(piece);
      this.taken += piece.length;
    }
  }

  updateKeys(): void {
    if (this.tls.info.version === "TLSv1.3") this.tls.socket.updateKeys({ request: true });
  }
}

/** What an SSLSocket keeps to itself. */
function inside(socket: SSLObject): { readonly connection: Connection; readonly outgoing: MemoryBIO } {
  return socket as unknown as { readonly connection: Connection; readonly outgoing: MemoryBIO };
}
