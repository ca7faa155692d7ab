// The second server of the other side, made of wanttls, for what one of node:tls does not do: it puts 100 bytes into each record
// (many of them go to the socket at once, so that a client sees full reads), and gives a new ticket in resumed handshakes too.
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { MemoryBIO, SSLContext, type SSLObject } from "wanttls";
import { payload } from "./payload.ts";
import { certificatesFor, type Setup } from "./setup.ts";

const recordSize = 100;
const recordsAtOnce = 512;

export function wanttlsServer(setup: Setup): Server {
  const { chain, key } = certificatesFor(setup);
  const context = SSLContext.server({
    minVersion: setup.version,
    maxVersion: setup.version,
    cipherSuites: [setup.suite],
    groups: ["x25519", "secp256r1"],
    identities: [{ cert: chain, key }],
  });
  return createServer((socket) => {
    const [incoming, outgoing] = [new MemoryBIO(), new MemoryBIO()];
    new Conversation(socket, context.wrapBio(incoming, outgoing), incoming, outgoing).begin();
  });
}

class Conversation {
  readonly #socket: Socket;
  readonly #tls: SSLObject;
  readonly #incoming: MemoryBIO;
  readonly #outgoing: MemoryBIO;
  #greeted = false;

  constructor(socket: Socket, tls: SSLObject, incoming: MemoryBIO, outgoing: MemoryBIO) {
    this.#socket = socket;
    this.#tls = tls;
    this.#incoming = incoming;
    this.#outgoing = outgoing;
  }

  begin(): void {
    this.#socket.on("error", () => {}); // a client that leaves in the middle is no matter
    this.#socket.on("close", () => this.#tls.dispose());
    this.#socket.on("data", (chunk) => {
      this.#incoming.write(chunk);
      this.#goOn();
    });
  }

  #goOn(): void {
    const shaken = this.#tls.tryHandshake().kind === "ok";
    if (shaken && !this.#greeted) {
      this.#greeted = true;
      this.#tls.write(payload.subarray(0, 1)); // in one packet with the end of the handshake
    }
    this.#flush();
    if (!shaken) return;
    const line = new Uint8Array(64);
    const got = this.#tls.tryRead(line);
    if (got.kind !== "ok" || got.n === 0) return;
    const [, payloads] = new TextDecoder().decode(line.subarray(0, got.n)).trim().split(" ");
    void this.#send(Number(payloads));
  }

  async #send(payloads: number): Promise<void> {
    const size = payloads * payload.length;
    for (let at = 0; at < size;) {
      for (let i = 0; i < recordsAtOnce && at < size; i++, at += recordSize) {
        const from = at % payload.length;
        this.#tls.write(payload.subarray(from, from + recordSize));
      }
      if (!this.#flush()) await once(this.#socket, "drain");
    }
  }

  #flush(): boolean {
    return this.#outgoing.pending === 0 || this.#socket.write(this.#outgoing.read());
  }
}
