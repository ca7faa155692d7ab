// Deno's own TLS as the benchmark drives it. It lets nobody choose versions, suites or groups, and resumes no session of a client.
import { address, certificatesFor, serverName } from "../setup.ts";
import { greeting, type Link, receiver, type Sides } from "./contender.ts";

export const denoTls: Sides = {
  dialer(setup, resume) {
    if (resume) throw new Error("a client has no way to resume a session");
    const { ca } = certificatesFor(setup);
    const dial = async (port: number): Promise<Link> => {
      const tcp = await Deno.connect({ hostname: address, port });
      tcp.setNoDelay();
      const tls = await Deno.startTls(tcp, { hostname: serverName, caCerts: [ca] });
      const link = linkOf(tls);
      await link.receive(1);
      return link;
    };
    return { dial };
  },
  listen(setup) {
    const { chain, key } = certificatesFor(setup);
    const listener = Deno.listenTls({ hostname: address, port: 0, cert: chain, key });
    void (async () => {
      for await (const tls of listener) void serve(tls).catch(() => tls.close());
    })();
    return Promise.resolve({ port: listener.addr.port, close: () => listener.close() });
  },
};

async function serve(tls: Deno.TlsConn): Promise<void> {
  await tls.write(greeting);
  const room = new Uint8Array(1);
  while ((await tls.read(room)) !== null);
  tls.close();
}

function linkOf(tls: Deno.TlsConn): Link {
  return {
    resumed: null,
    receive: receiver((room) => tls.read(room)),
    async send(bytes) {
      for (let at = 0; at < bytes.length;) at += await tls.write(bytes.subarray(at));
    },
    close: () => tls.close(),
  };
}
