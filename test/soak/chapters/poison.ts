// A trap in the memory of one connection, and in one that several share: again and again, among others. Only who is in that memory
// fails, all of them within one turn of the event loop and with one class of error, and the next client is served.
import { setImmediate as turn } from "node:timers/promises";
import { type Isolation, SSLEngineError } from "../../../ts/index.ts";
import { arm } from "../../engine/faulty-module.ts";
import { Clients, peerNames } from "../clients/orders.ts";
import { longest } from "../message.ts";
import { comesTrue } from "../patience.ts";
import type { Amounts } from "../plan.ts";
import type { Report } from "../report.ts";
import { type Guest, Service } from "../service.ts";
import { described, serverContext } from "./chapter.ts";

const neighbours = 10;
/** Connections that meet with the trap, by what they share. */
const victims: Readonly<Record<Exclude<Isolation, "shared">, number>> = { connection: 1, context: 5 };

export async function poison({ traps }: Amounts, report: Report): Promise<void> {
  using shared = serverContext();
  const others = await Service.start({ context: shared });
  const clients = new Clients();
  for (const peer of peerNames)
    await clients.ask({ do: "hold", port: others.port, peer, count: neighbours, under: "others" });
  for (const isolation of ["connection", "context"] as const) {
    const complaints: string[] = [];
    using context = serverContext({ isolation });
    const service = await Service.start({ context });
    const near = isolation === "connection" ? service : others; // in a memory of their own too
    await clients.ask({ do: "hold", port: near.port, peer: "wanttls", count: neighbours, under: isolation });
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

/** What was not as it should be. One of them says something, and runs into the trap; the others in its memory only wait. */
async function trapOnce(service: Service, clients: Clients, count: number, nth: number): Promise<string[]> {
  const known = new Set(service.open);
  const hold = { do: "hold", port: service.port, peer: peerNames[nth % 2]! } as const;
  const { failures } = await clients.ask({ ...hold, count: 1, under: "victim" });
  await clients.ask({ ...hold, count: count - 1, under: "bystanders" });
  if (!(await comesTrue(() => service.open.size === known.size + count))) return ["the next clients are not served"];
  const guests = [...service.open].filter((guest) => !known.has(guest));
  const { realm } = guests[0]!;
  arm("trap", 1, realm);
  // So long that records come in pieces, as data is taken and given without an allocation otherwise.
  const [asked, trapped] = await Promise.all([
    clients.ask({ do: "ask", under: "victim", length: longest }),
    inOneTurn(
      guests,
      comesTrue(() => realm.poisoned, turn),
    ),
  ]);
  for (const under of ["victim", "bystanders"]) await clients.ask({ do: "release", under, how: "cut" });
  const complaints = [...failures, ...trapped];
  if (asked.failures.length !== 1) complaints.push("the client whose connection has trapped has not noticed");
  return complaints;
}

/** Watches what becomes of them in the turn after the trap. */
async function inOneTurn(guests: readonly Guest[], trap: Promise<boolean>): Promise<string[]> {
  if (!(await trap)) return ["nothing has trapped"];
  await turn();
  return guests
    .filter(({ failure }) => !(failure instanceof SSLEngineError))
    .map(
      ({ failure }) => `a connection has ${failure === undefined ? "not failed" : `failed with ${String(failure)}`}`,
    );
}
