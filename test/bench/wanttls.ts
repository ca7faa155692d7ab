// wanttls as the benchmark drives it: the built package, two SSLObjects over two MemoryBIOs.
import { MemoryBIO, SSLContext, type SSLObject } from "wanttls";
import { batchOf, certificatesFor, type Contender, serverName, type Setup } from "./contender.ts";

export const wanttls: Contender = {
  name: "wanttls",
  async handshakes(setup) {
    const contexts = contextsFor(setup);
    const run = async (): Promise<number> => {
      const { client, server } = connected(contexts);
      client.dispose();
      server.dispose();
      return 1;
    };
    return { run, end: () => dispose(contexts) };
  },
  async throughput(setup, size) {
    const contexts = contextsFor(setup);
    const { client, server } = connected(contexts);
    const bytes = crypto.getRandomValues(new Uint8Array(size));
    const into = new Uint8Array(size);
    const count = batchOf(size);
    const run = async (): Promise<number> => {
      for (let i = 0; i < count; i++) {
        client.write(bytes);
        for (let got = 0; got < size;) got += server.readInto(into);
      }
      return count * size;
    };
    return { run, end: () => dispose([client, server, ...contexts]) };
  },
};

function contextsFor(setup: Setup): [client: SSLContext, server: SSLContext] {
  const { chain, key, ca } = certificatesFor(setup);
  const common = {
    minVersion: setup.version,
    maxVersion: setup.version,
    cipherSuites: [setup.suite],
    groups: ["x25519" as const, "secp256r1" as const],
  };
  return [SSLContext.client({ ...common, ca }), SSLContext.server({ ...common, identities: [{ cert: chain, key }] })];
}

function connected([clientContext, serverContext]: [SSLContext, SSLContext]): { client: SSLObject; server: SSLObject } {
  const toServer = new MemoryBIO();
  const toClient = new MemoryBIO();
  const client = clientContext.wrapBio(toClient, toServer, { serverHostname: serverName });
  const server = serverContext.wrapBio(toServer, toClient);
  for (let done = false; !done;) {
    const [there, here] = [client.tryHandshake(), server.tryHandshake()];
    done = there.kind === "ok" && here.kind === "ok";
  }
  return { client, server };
}

function dispose(all: readonly { dispose(): void }[]): void {
  for (const one of all) one.dispose();
}
