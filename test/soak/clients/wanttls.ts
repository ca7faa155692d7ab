// Connections that are made of wanttls.
import { SSLContext, type SSLSession, type TLSConnection } from "../../../ts/index.ts";
import { connect } from "../../../ts/node/stream.ts";
import { certs } from "../../support/certs.ts";
import type { Clock } from "../clock.ts";
import type { Dialer, Link, Version, Wish } from "./link.ts";

/** How many sessions of a kind are kept: each is good for one connection in TLS 1.3. */
const mostSessions = 200;

/** Their certificates and sessions live by that clock. */
export function wanttlsDialer(clock: Clock): Dialer {
  const kinds = new Map<string, Kind>();
  return {
    name: "wanttls",
    async dial(port, { version, resume, identity }) {
      const key = `${version} ${identity} ${port}`;
      const kind = kinds.get(key) ?? new Kind(version, identity, clock);
      kinds.set(key, kind);
      const session = resume ? kind.sessions.pop() : undefined;
      const where = { hostname: "127.0.0.1", port, serverHostname: "localhost", context: kind.context };
      return new WanttlsLink(await connect({ ...where, ...(session && { session }) }));
    },
  };
}

/** Connections that share a context. */
class Kind {
  readonly sessions: SSLSession[] = [];
  readonly context: SSLContext;

  constructor(version: Version, identity: Wish["identity"], clock: Clock) {
    const { chain: cert, key } = certs.client;
    this.context = SSLContext.client({
      minVersion: version,
      maxVersion: version,
      ca: certs.root.cert,
      now: clock.now,
      onSession: (session) => this.#keep(session),
      ...(identity && { identities: [{ cert, key }] }),
    });
  }

  #keep(session: SSLSession): void {
    if (this.sessions.length === mostSessions) this.sessions.shift();
    this.sessions.push(session);
  }
}

class WanttlsLink implements Link {
  readonly #tls: TLSConnection;
  readonly #chunks: AsyncIterator<Uint8Array>;

  constructor(tls: TLSConnection) {
    this.#tls = tls;
    this.#chunks = tls.readable[Symbol.asyncIterator]();
  }

  get resumed(): boolean {
    return this.#tls.info.sessionReused;
  }

  write(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    return this.#tls.write(bytes);
  }

  async read(): Promise<Uint8Array | null> {
    const next = await this.#chunks.next();
    return next.done === true ? null : next.value;
  }

  updateKeys(): void {
    if (this.#tls.info.version === "TLSv1.3") this.#tls.socket.updateKeys({ request: true });
  }

  async end(): Promise<void> {
    await this.#tls.closeWrite();
    while ((await this.read()) !== null);
    await this.#tls.close();
  }

  cut(): void {
    this.#tls.abort();
  }
}
