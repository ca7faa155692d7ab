// Connections that are made of node:tls, which is OpenSSL: a peer that shares no line with ours.
import { once } from "node:events";
import { connect, createSecureContext, type SecureContext, type TLSSocket } from "node:tls";
import { certs } from "../../support/certs.ts";
import type { Dialer, Link, Version, Wish } from "./link.ts";

export function nodeTlsDialer(): Dialer {
  const kinds = new Map<string, Kind>();
  return {
    name: "node:tls",
    async dial(port, { version, resume, identity }) {
      const key = `${version} ${identity} ${port}`;
      const kind = kinds.get(key) ?? new Kind(version, identity);
      kinds.set(key, kind);
      return kind.dial(port, resume);
    },
  };
}

/** Connections that share certificates and sessions. */
class Kind {
  readonly #context: SecureContext;
  #session: Buffer | undefined;

  constructor(version: Version, identity: Wish["identity"]) {
    const { chain: cert, key } = certs.client;
    const own = identity ? { cert, key } : {};
    this.#context = createSecureContext({ minVersion: version, maxVersion: version, ca: certs.root.cert, ...own });
  }

  async dial(port: number, resume: boolean): Promise<Link> {
    const session = resume && this.#session !== undefined ? { session: this.#session } : {};
    const where = { host: "127.0.0.1", port, servername: "localhost", secureContext: this.#context };
    const socket = connect({ ...where, ...session }) as TLSSocket; // Bun's types declare it over again
    socket.on("session", (latest: Buffer) => (this.#session = latest));
    await once(socket, "secureConnect");
    return new NodeTlsLink(socket);
  }
}

class NodeTlsLink implements Link {
  readonly resumed: boolean;
  readonly #socket: TLSSocket;
  /** Ends with the peer's end, rejects when the connection breaks. */
  readonly #chunks: AsyncIterator<Buffer>;

  constructor(socket: TLSSocket) {
    this.#socket = socket;
    this.resumed = socket.isSessionReused();
    this.#chunks = socket.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>;
    socket.on("error", () => {}); // whoever reads or writes is told
  }

  async write(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    if (this.#socket.write(bytes)) return;
    await once(this.#socket, "drain");
  }

  async read(): Promise<Uint8Array | null> {
    const next = await this.#chunks.next();
    return next.done === true ? null : next.value;
  }

  async end(): Promise<void> {
    this.#socket.end();
    while ((await this.read()) !== null);
    if (!this.#socket.closed) await once(this.#socket, "close");
  }

  cut(): void {
    this.#socket.resetAndDestroy();
  }
}
