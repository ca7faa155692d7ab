// Handshakes over loopback, client and server each for themselves: the CPU time is that of the process that has this side only.
import { handshakeMeasures, row, type Scope, type Section, startersOf } from "../section.ts";
import { keys, type Setup, setupFor, versions } from "../setup.ts";
import type { ClientContender, Contender } from "../sockets/contender.ts";
import { contenders } from "../sockets/here.ts";
import type { Figure } from "../figures.ts";
import type { Workload } from "../measure.ts";
import { mustRefuseImpostors } from "../verification.ts";

/** How often the other side connects before it is asked again. */
const batch = 8;

export const clientHandshakes: Section = {
  name: "client-handshakes",
  title: "Handshakes of a client, over loopback",
  note: "From connecting to the server's first byte, one after the other, with a server of node:tls in another process; CPU time is the client's alone. Chain and name are verified, the suite is AES-128-GCM and the key exchange X25519. Contexts are made once where the interface has such a thing: the runtimes' own (Deno.startTls, Bun.connect) are given the trusted certificate each time, and offer the groups of their choice. Resumed: with the session of the connection before, at a server of wanttls, since one of node:tls gives no new ticket in a resumed handshake, and wanttls offers each ticket of TLS 1.3 once.",
  async *run(scope) {
    for (const contender of contenders) await mustRefuseImpostors(contender, scope.peer);
    yield* kinds("client-handshakes", scope, connecting);
  },
};

export const serverHandshakes: Section = {
  name: "server-handshakes",
  title: "Handshakes of a server, over loopback",
  note: "The same with a client of node:tls in another process; CPU time is the server's alone. Deno.listenTls gives no way to set TCP_NODELAY: what it sends after a small packet waits for the client's delayed acknowledgement, which takes 40 ms and no CPU time.",
  run: (scope) => kinds("server-handshakes", scope, accepting),
};

type Start = (contender: Contender, scope: Scope, setup: Setup, resumed: boolean) => Promise<Workload>;

async function* kinds(section: string, scope: Scope, start: Start): AsyncGenerator<Figure> {
  for (const version of versions) {
    for (const key of keys) {
      for (const resumed of [false, true]) {
        if (resumed && key === "RSA-2048") continue; // the certificate has no part in it
        const what = `${version} ${resumed ? "resumed" : key}`;
        const starters = startersOf(contenders, (one) => start(one, scope, setupFor(version, key), resumed));
        yield* row(scope, { section, what }, starters, handshakeMeasures);
      }
    }
  }
}

/** Connections one after the other; `resumed`: each resumes the session of the one before. */
export async function connecting(
  { load, setup: own }: ClientContender,
  { peer }: Pick<Scope, "peer">,
  asked: Setup,
  resumed: boolean,
): Promise<Workload> {
  const setup = own?.(asked) ?? asked;
  const { dialer: ready } = await load();
  const dialer = await ready(setup, resumed);
  const port = await peer.serve(setup, resumed ? "wanttls" : "node:tls");
  const run = async (expected: boolean): Promise<number> => {
    const link = await dialer.dial(port);
    if (link.resumed !== null && link.resumed !== expected) throw new Error("it did not resume");
    await link.close();
    return 1;
  };
  await run(false);
  return { run: () => run(resumed), end: () => dialer.end?.() };
}

async function accepting({ load }: Contender, { peer }: Scope, setup: Setup, resumed: boolean): Promise<Workload> {
  const { listen } = await load();
  const { port, close } = await listen(setup);
  if (resumed) await peer.shake(setup, port, 1, true);
  const run = async (): Promise<number> => {
    await peer.shake(setup, port, batch, resumed);
    return batch;
  };
  return { run, end: close };
}
