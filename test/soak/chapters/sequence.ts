// One connection after the other, by the ten thousand, twice: none fails, and the server holds the same afterwards, to the byte.
import { Clients } from "../clients/orders.ts";
import { comesTrue } from "../patience.ts";
import type { Amounts } from "../plan.ts";
import type { Report } from "../report.ts";
import { Service } from "../service.ts";
import { expectFlat, expectSame, vitals, vitalsAfter, type Vitals } from "../vitals.ts";
import { described, serverContext } from "./chapter.ts";

/** With each kind of client, so that what is made once is made. */
const warmUp = 64;
const tellingConnections = 2000;

export async function sequence({ sequence: count }: Amounts, report: Report): Promise<void> {
  using context = serverContext();
  const service = await Service.start({ context });
  const clients = new Clients();
  const round = async (connections: number, earlier?: Vitals): Promise<Vitals> => {
    const { failures, connections: done } = await clients.ask({
      do: "sequence",
      port: service.port,
      count: connections,
    });
    report.none(`failures of ${done} connections`, failures);
    if (!(await comesTrue(() => service.open.size === 0))) report.none("hangs", [`${service.open.size} connections`]);
    return earlier === undefined ? vitals() : vitalsAfter(earlier);
  };
  const before = await round(warmUp);
  const first = await round(count, before);
  const second = await round(count, first);
  clients.kill();
  await service.close();
  report.none("failures of the server", described(service.failures));
  expectSame(report, `around ${count}`, before, first);
  expectSame(report, `around ${count} more`, first, second);
  expectFlat(report, `after each ${count}`, first, second, count >= tellingConnections);
}
