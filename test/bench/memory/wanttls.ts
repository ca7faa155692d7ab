// wanttls as the benchmark drives it in memory: the built package, two SSLObjects over two MemoryBIOs.
import { MemoryBIO, SSLContext, type SSLObject, type SSLSession } from "wanttls";
import { certificatesFor, serverName, type Setup } from "../setup.ts";
import { batchOf, type Contender } from "./contender.ts";

export const wanttls: Contender = {
  name: "wanttls",
  handshakes(setup, resumed) {
    const contexts = new Contexts(setup);
    const run = (): number => {
      const [client, server] = connected(contexts, resumed);
      if (resumed) client.tryRead(new Uint8Array(1)); // the ticket of TLS 1.3
      client.dispose();
      server.dispose();
      return 1;
    };
    if (resumed) run();
    return { run, end: () => contexts.dispose() };
  },
  throughput(setup, size) {
    const contexts = new Contexts(setup);
    const [client, server] = connected(contexts, false);
    const bytes = crypto.getRandomValues(new Uint8Array(size));
    const into = new Uint8Array(size);
    const count = batchOf(size);
    const run = (): number => {
      for (let i = 0; i < count; i++) {
        client.write(bytes);
        for (let got = 0; got < size;) got += server.readInto(into);
      }
      return count * size;
    };
    const end = (): void => {
      for (const one of [client, server, contexts]) one.dispose();
    };
    return { run, end };
  },
};

class Contexts {
  readonly client: SSLContext;
  readonly server: SSLContext;
  /** The latest that the client was given. */
  session: SSLSession | null = null;

  constructor(setup: Setup) {
    const { chain, key, ca } = certificatesFor(setup);
    const common = {
      minVersion: setup.version,
      maxVersion: setup.version,
      cipherSuites: [setup.suite],
      groups: ["x25519" as const, "secp256r1" as const],
    };
    this.client = SSLContext.client({ ...common, ca, onSession: (session) => (this.session = session) });
    this.server = SSLContext.server({ ...common, identities: [{ cert: chain, key }] });
  }

  dispose(): void {
    this.client.dispose();
    this.server.dispose();
  }
}

function connected(contexts: Contexts, resumed: boolean): [client: SSLObject, server: SSLObject] {
  const [toServer, toClient] = [new MemoryBIO(), new MemoryBIO()];
  const { session } = contexts;
  const resume = resumed && session !== null;
  const options = { serverHostname: serverName, ...(resume && { session }) };
  const client = contexts.client.wrapBio(toClient, toServer, options);
  const server = contexts.server.wrapBio(toServer, toClient);
  for (let done = false; !done;) {
    const [there, here] = [client.tryHandshake(), server.tryHandshake()];
    done = there.kind === "ok" && here.kind === "ok";
  }
  if (client.sessionReused !== resume) throw new Error("it did not resume");
  return [client, server];
}
