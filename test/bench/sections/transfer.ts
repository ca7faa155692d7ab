// Data over loopback, from and to a server in another process: the CPU time is that of the client alone.
import { createHash } from "node:crypto";
import type { Figure } from "../figures.ts";
import type { Workload } from "../measure.ts";
import { digestOf, payload } from "../payload.ts";
import { byteMeasures, row, type Scope, type Section, startersOf } from "../section.ts";
import { bulkSetup, bulkSuites } from "../setup.ts";
import type { ClientContender, Contender, Dialer, Link } from "../sockets/contender.ts";
import { contenders } from "../sockets/here.ts";

export const transfer: Section = {
  name: "transfer",
  title: "Data over TLS 1.3 and loopback, the client's side",
  note: "What is received comes from node:tls in records of 16 KiB, or from wanttls in records of 100 bytes, many of them in each packet; its SHA-256 is checked once before it counts. CPU time is the client's alone. The rate is that of the slower one of the two processes; with small records that is often the sender, so look at the CPU time. What is sent goes in writes of that size, of which each waits for the one before to be taken; node:tls may join what waits.",
  async *run(scope) {
    for (const records of [16384, 100] as const) {
      for (const [name, suite] of Object.entries(bulkSuites))
        yield* transferRow(scope, `receive ${name}, ${records} B`, (contender) =>
          receiving(contender, scope, suite, records),
        );
    }
    for (const size of [16384, 100] as const) {
      for (const [name, suite] of Object.entries(bulkSuites))
        yield* transferRow(scope, `send ${name}, ${size} B`, (contender) => sending(contender, scope, suite, size));
    }
  },
};

function transferRow(
  scope: Scope,
  what: string,
  start: (contender: Contender) => Promise<Workload>,
): AsyncGenerator<Figure> {
  return row(scope, { section: "transfer", what }, startersOf(contenders, start), byteMeasures);
}

/** Receives what the peer sends when asked, after one download whose digest is checked. */
export async function receiving(
  { load, setup: own }: ClientContender,
  { peer }: Pick<Scope, "peer">,
  suite: string,
  records: 16384 | 100,
): Promise<Workload> {
  const setup = own?.(bulkSetup(suite)) ?? bulkSetup(suite);
  const dialer = await (await load()).dialer(setup, false);
  const link = await dialer.dial(await peer.serve(setup, records === 100 ? "wanttls" : "node:tls"));
  const payloads = records === 100 ? 1 : 10;
  const order = new TextEncoder().encode(`send ${payloads}\n`);
  const run = async (see?: (chunk: Uint8Array) => void): Promise<number> => {
    await link.send(order);
    await link.receive(payloads * payload.length, see);
    return payloads * payload.length;
  };
  const hash = createHash("sha256");
  await run((chunk) => void hash.update(chunk));
  if (hash.digest("hex") !== digestOf(payloads)) throw new Error("what arrived is not what was sent");
  return { run: () => run(), end: () => ended(link, dialer) };
}

async function sending({ load }: Contender, { peer }: Scope, suite: string, each: 16384 | 100): Promise<Workload> {
  const dialer = await (await load()).dialer(bulkSetup(suite), false);
  const link = await dialer.dial(await peer.serve(bulkSetup(suite)));
  const size = (each === 100 ? 1 : 10) * payload.length;
  const order = new TextEncoder().encode(`take ${size}\n`);
  const run = async (): Promise<number> => {
    await link.send(order);
    for (let at = 0; at < size; at += each)
      await link.send(payload.subarray(at % payload.length, (at % payload.length) + each));
    await link.receive(1);
    return size;
  };
  return { run, end: () => ended(link, dialer) };
}

async function ended(link: Link, dialer: Dialer): Promise<void> {
  await link.close();
  dialer.end?.();
}
