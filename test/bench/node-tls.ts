// The runtime's own node:tls as the benchmark drives it: two TLSSockets over a pair of Duplex streams.
import { once } from "node:events";
import { Duplex } from "node:stream";
import { connect, createSecureContext, type SecureContext, TLSSocket } from "node:tls";
import { batchOf, certificatesFor, type Contender, serverName, type Setup } from "./contender.ts";

export const nodeTls: Contender = {
  name: "node:tls",
  async handshakes(setup) {
    const contexts = contextsFor(setup);
    const run = async (): Promise<number> => {
      const { client, server } = await connected(contexts);
      client.destroy();
      server.destroy();
      return 1;
    };
    return { run, end: () => {} };
  },
  async throughput(setup, size) {
    const { client, server } = await connected(contextsFor(setup));
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

interface Contexts {
  readonly client: SecureContext;
  readonly server: SecureContext;
}

function contextsFor(setup: Setup): Contexts {
  const { chain, key, ca } = certificatesFor(setup);
  const common = {
    minVersion: setup.version,
    maxVersion: setup.version,
    ciphers: setup.suite,
    ecdhCurve: "X25519:P-256",
  };
  return {
    client: createSecureContext({ ...common, ca }),
    server: createSecureContext({ ...common, cert: chain, key }),
  };
}

async function connected(contexts: Contexts): Promise<{ client: TLSSocket; server: TLSSocket }> {
  const [here, there] = duplexPair();
  const server = new TLSSocket(there, { isServer: true, secureContext: contexts.server });
  // Bun's types declare this call over again, with a result they do not know.
  const client = connect({ socket: here, secureContext: contexts.client, servername: serverName }) as TLSSocket;
  await Promise.all([once(client, "secureConnect"), once(server, "secure")]);
  if (!client.authorized) throw new Error("it did not verify the server");
  return { client, server };
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
