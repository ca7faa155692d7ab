// wanttls as the benchmark drives it over sockets: `connect` and `listen` of the entry point of the runtime.
import type * as Core from "wanttls";
import type { SSLSession, TLSConnection } from "wanttls";
import type * as Entry from "wanttls/node";
import { address, certificatesFor, serverName, type Setup } from "../setup.ts";
import { type Dialer, greeting, type Link, type Listening, receiver, type Sides } from "./contender.ts";

/** What is used here of the package and of the entry point of a runtime. */
export type Wanttls = Pick<typeof Core, "SSLContext"> & Pick<typeof Entry, "connect" | "listen">;

type CommonOptions = Pick<Core.ClientOptions, "minVersion" | "maxVersion" | "cipherSuites" | "groups">;

export function wanttls(loaded: Wanttls): Sides {
  return {
    dialer: (setup, resume) => dialerOf(loaded, setup, resume),
    listen: (setup) => listen(loaded, setup),
  };
}

function dialerOf({ SSLContext, connect }: Wanttls, setup: Setup, resume: boolean): Dialer {
  let session: SSLSession | undefined;
  const context = SSLContext.client({
    ...limits(setup),
    ca: certificatesFor(setup).ca,
    ...(resume && { onSession: (latest) => (session = latest) }),
  });
  const dial = async (port: number): Promise<Link> => {
    const options = { hostname: address, port, serverHostname: serverName, context };
    const link = linkOf(await connect(session === undefined ? options : { ...options, session }));
    await link.receive(1);
    return link;
  };
  return { dial, end: () => context.dispose() };
}

function linkOf(tls: TLSConnection): Link {
  return {
    resumed: tls.info.sessionReused,
    receive: receiver((room) => tls.read(room)),
    send: (bytes) => tls.write(bytes),
    close: () => tls.close(),
  };
}

async function listen({ SSLContext, listen: listenOn }: Wanttls, setup: Setup): Promise<Listening> {
  const { chain, key } = certificatesFor(setup);
  const context = SSLContext.server({ ...limits(setup), identities: [{ cert: chain, key }] });
  const listener = await listenOn({ hostname: address, port: 0, context });
  void (async () => {
    for await (const tls of listener) void serve(tls).catch(() => tls.abort());
  })();
  return { port: listener.port, close: () => listener.close() };
}

async function serve(tls: TLSConnection): Promise<void> {
  await tls.write(greeting);
  const room = new Uint8Array(1);
  while ((await tls.read(room)) !== null);
  await tls.close();
}

function limits(setup: Setup): CommonOptions {
  return {
    minVersion: setup.version,
    maxVersion: setup.version,
    cipherSuites: [setup.suite],
    groups: ["x25519", "secp256r1"],
  };
}
