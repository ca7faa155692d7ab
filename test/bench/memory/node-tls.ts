// The runtime's own node:tls as the benchmark drives it in memory: two TLSSockets over a pair of Duplex streams.
import { once } from "node:events";
import { Duplex } from "node:stream";
import { connect, createSecureContext, type SecureContext, TLSSocket } from "node:tls";
import { certificatesFor, serverName, type Setup } from "../setup.ts";
import { batchOf, type Contender } from "./contender.ts";

const SESSION_MS = 3000;

export const nodeTls: Contender = {
  name: "node:tls",
  async handshakes(setup, resumed) {
    const contexts = new Contexts(setup);
    const run = async (): Promise<number> => {
      const { client, server } = await connected(contexts, resumed);
      client.destroy();
      server.destroy();
      return 1;
    };
    if (resumed) await run();
    return { run };
  },
  async throughput(setup, size) {
    const { client, server } = await connected(new Contexts(setup), false);
    const { name } = client.getCipher();
    if (name !== setup.suite) throw new Error(`it does not let one choose ${setup.suite}`);
    const bytes = crypto.getRandomValues(new Uint8Array(size));
    const count = batchOf(size);
    let left = 0;
    let finished: () => void = () => {};
    server.on("data", (chunk: Uint8Array) => {
      left -= chunk.length;
      if (left === 0) finished();
    });
    const run = async (): Promise<number> => {
      left = count * size;
      const all = new Promise<void>((resolve) => (finished = resolve));
      for (let i = 0; i < count; i++) if (!client.write(bytes)) await once(client, "drain");
      await all;
      return count * size;
    };
    return { run, end: () => void [client.destroy(), server.destroy()] };
  },
};

class Contexts {
  readonly client: SecureContext;
  readonly server: SecureContext;
  /** The latest that the client was given. */
  session: Buffer | null = null;

  constructor(setup: Setup) {
    const { chain, key, ca } = certificatesFor(setup);
    const common = {
      minVersion: setup.version,
      maxVersion: setup.version,
      ciphers: setup.suite,
      ecdhCurve: "X25519:P-256",
    };
    this.client = createSecureContext({ ...common, ca });
    this.server = createSecureContext({ ...common, cert: chain, key });
  }
}

async function connected(contexts: Contexts, resumed: boolean): Promise<{ client: TLSSocket; server: TLSSocket }> {
  const [here, there] = duplexPair();
  const session = resumed ? contexts.session : null;
  const server = new TLSSocket(there, { isServer: true, secureContext: contexts.server });
  const options = { socket: here, secureContext: contexts.client, servername: serverName, ...(session && { session }) };
  // Bun's types declare this call over again, with a result they do not know.
  const client = connect(options) as TLSSocket;
  const remembered = resumed && session === null ? sessionOf(client) : null;
  await Promise.all([once(client, "secureConnect"), once(server, "secure"), remembered]);
  if (remembered !== null) contexts.session = await remembered;
  if (!client.authorized) throw new Error("it did not verify the server");
  if (client.isSessionReused() !== (session !== null)) throw new Error("it did not resume");
  return { client, server };
}

async function sessionOf(client: TLSSocket): Promise<Buffer> {
  try {
    const [session] = (await once(client, "session", { signal: AbortSignal.timeout(SESSION_MS) })) as [Buffer];
    return session;
  } catch (cause) {
    throw new Error("it gives no session to resume", { cause });
  }
}

/** Two streams, each reading what is written to the other. */
function duplexPair(): [Duplex, Duplex] {
  const left = new Half();
  const right = new Half();
  left.other = right;
  right.other = left;
  return [left, right];
}

class Half extends Duplex {
  other!: Half;
  #taken: (() => void) | null = null;

  override _read(): void {
    const taken = this.#taken;
    this.#taken = null;
    taken?.();
  }

  override _write(chunk: Uint8Array, _encoding: string, done: () => void): void {
    if (this.other.push(chunk)) done();
    else this.other.#taken = done;
  }

  override _final(done: () => void): void {
    this.other.push(null);
    done();
  }
}
