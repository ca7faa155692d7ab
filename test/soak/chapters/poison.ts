// A trap in the memory of one connection, and in one that several share: again and again, among others. Only who is in that memory
// fails, all of them within one turn of the event loop and with one class of error, and the next client is served.
import { setImmediate as turn } from "node:timers/promises";
import { type Isolation, SSLEngineError } from "../../../ts/index.ts";
import { arm } from "../../engine/faulty-module.ts";
import { Clients, peerNames } from "../clients/orders.ts";
import { comesTrue } from "../patience.ts";
import type { Amounts } from "../plan.ts";
import type { Report } from "../report.ts";
import { type Guest, Service } from "../service.ts";
import { described, gather, serverContext } from "./chapter.ts";

const neighbours = 10;
/** Connections that meet with the trap, by what they share. */
const victims: Readonly<Record<Exclude<Isolation, "shared">, number>> = { connection: 1, context: 5 };

export async function poison({ traps }: Amounts, report: Report): Promise<void> {
  using shared = serverContext();
  const others = await Service.start({ context: shared });
  const clients = new Clients();
  for (const peer of peerNames)
    report.none(`failures to connect, ${peer}`, await gather(others, clients, peer, neighbours, "others"));
  for (const isolation of ["connection", "context"] as const) {
    using context = serverContext({ isolation });
    const service = await Service.start({ context });
    const near = isolation === "connection" ? service : others; // in a memory of their own too
    const complaints = [...(await gather(near, clients, "wanttls", neighbours, isolation))];
    for (let nth = 0; nth < traps; nth++) {
      const found = await trapOnce(service, clients, victims[isolation], nth);
      const { failures } = await clients.ask({ do: "ask", under: isolation });
      complaints.push(...[...found, ...failures].map((complaint) => `trap ${nth + 1}: ${complaint}`));
    }
    const { failures } = await clients.ask({ do: "ask", under: "others" });
    report.none(`complaints about ${traps} traps, isolation: ${isolation}`, [...complaints, ...failures]);
    await clients.ask({ do: "release", under: isolation, how: "end" });
    await service.close();
  }
  clients.kill();
  await comesTrue(() => others.open.size === 0);
  await others.close();
  report.none(
    "failures of the server with others",
    described(others.failures.filter(({ error }) => error instanceof SSLEngineError)),
  );
}

/** What was not as it should be. One of them runs into the trap; it and the others in its memory wait for the client. */
async function trapOnce(service: Service, clients: Clients, count: number, nth: number): Promise<string[]> {
  const known = new Set(service.open);
  const peer = peerNames[nth % 2]!;
  const failures = [
    ...(await gather(service, clients, peer, 1, "victim")),
    ...(await gather(service, clients, peer, count - 1, "bystanders")),
  ];
  if (failures.length > 0) return failures;
  const guests = [...service.open].filter((guest) => !known.has(guest));
  const { realm } = guests[0]!;
  arm("trap", 1, realm);
  const complaints = await meetTrap(guests);
  const asked = await clients.ask({ do: "ask", under: "victim" });
  for (const under of ["victim", "bystanders"]) await clients.ask({ do: "release", under, how: "cut" });
  if (asked.failures.length !== 1) complaints.push("the client whose connection has trapped has not noticed");
  return complaints;
}

/** By the first of them, in a call that allocates, as to read and to write does not; and watches what becomes of all in the turn after it. */
async function meetTrap(guests: readonly Guest[]): Promise<string[]> {
  try {
    guests[0]!.tls.exportKeyingMaterial(32, "EXPORTER-soak");
    return ["nothing has trapped"];
  } catch (error) {
    if (!(error instanceof SSLEngineError)) return [`the call that traps has failed with ${String(error)}`];
  }
  await turn();
  return guests
    .filter(({ failure }) => !(failure instanceof SSLEngineError))
    .map(
      ({ failure }) => `a connection has ${failure === undefined ? "not failed" : `failed with ${String(failure)}`}`,
    );
}
