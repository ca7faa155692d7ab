// Owns the form of a client's connection, whatever TLS it is made of, and the conversation on it (message.ts).
import { content, digestSize, headerOf, Running } from "../message.ts";

export type Version = "TLSv1.2" | "TLSv1.3";
export const versions: readonly Version[] = ["TLSv1.2", "TLSv1.3"];

/** What a connection is to be like. */
export interface Wish {
  readonly version: Version;
  /** Whether it offers a session of an earlier connection, if there is one. */
  readonly resume: boolean;
  /** Whether it presents a certificate. */
  readonly identity: boolean;
}

export interface Link {
  readonly resumed: boolean;
  /** Resolves when more can be sent. */
  write(bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  /** What comes next; null at the end. It is good until the next call. */
  read(): Promise<Uint8Array | null>;
  /** Takes new keys and asks the peer to, where that is offered. */
  updateKeys?(): void;
  /** Says that it is over, and waits for the peer to say the same. */
  end(): Promise<void>;
  /** Is gone at once. */
  cut(): void;
}

export interface Dialer {
  readonly name: string;
  dial(port: number, wish: Wish): Promise<Link>;
}

/** A client's side of the conversation: all that comes back is hashed too. */
export class Talk {
  readonly link: Link;
  readonly #said = new Running();
  readonly #heard = new Running();
  #rest: Uint8Array = new Uint8Array(0);

  constructor(link: Link) {
    this.link = link;
  }

  /** Sends so many bytes and has them answered; rejects when a single one is not what it should be. */
  async message(length: number): Promise<void> {
    const bytes = content(length);
    this.#said.add(bytes);
    await Promise.all([this.#send(bytes), this.#receive(length)]);
  }

  async #send(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    await this.link.write(headerOf(bytes.length));
    if (bytes.length > 0) await this.link.write(bytes);
  }

  async #receive(length: number): Promise<void> {
    await this.#take(length, (bytes) => this.#heard.add(bytes));
    const digest: number[] = [];
    await this.#take(digestSize, (bytes) => digest.push(...bytes));
    const [said, heard] = [this.#said.now(), this.#heard.now()];
    if (!sameBytes(digest, said)) throw new Error("the server has not received what was sent");
    if (!sameBytes(heard, said)) throw new Error("what came back is not what was sent");
  }

  async #take(count: number, see: (bytes: Uint8Array) => void): Promise<void> {
    for (let left = count; left > 0;) {
      if (this.#rest.length === 0) {
        const next = await this.link.read();
        if (next === null) throw new Error(`the server has ended, ${left} bytes are missing`);
        this.#rest = next;
      }
      const part = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(part.length);
      see(part);
      left -= part.length;
    }
  }
}

function sameBytes(left: ArrayLike<number>, right: ArrayLike<number>): boolean {
  return left.length === right.length && Array.from(left).every((byte, i) => byte === right[i]);
}
