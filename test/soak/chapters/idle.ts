// Ten thousand connections that say nothing: what each costs, and whether all of them still answer.
import type { Amounts } from "../plan.ts";
import type { Report } from "../report.ts";
import { Service } from "../service.ts";
import { expectSame, vitals, vitalsAfter } from "../vitals.ts";
import { described, serverContext } from "./chapter.ts";
import { Crowd } from "./crowd.ts";

/** What an idle connection may take of resident memory, KiB, and from how many on that can be told. */
const budget = 33;
const tellingConnections = 1000;

export async function idle({ idle: count }: Amounts, report: Report): Promise<void> {
  using context = serverContext();
  const service = await Service.start({ context });
  const crowd = new Crowd(service, count);
  const before = await vitals();
  await crowd.open();
  const [arrived, during] = [service.open.size, await vitals()];
  await crowd.ask();
  await crowd.release();
  const after = await vitals();
  await crowd.open();
  await crowd.release();
  const again = await vitalsAfter(after);
  crowd.kill();
  await service.close();
  report.expect("open at once", arrived, arrived >= count);
  const each = (during.resident - before.resident) / 1024 / arrived;
  const cost = `${each.toFixed(1)} of ${budget}`;
  if (count < tellingConnections) report.figure("resident memory for each, KiB", cost);
  else report.expect("resident memory for each, KiB", cost, each <= budget);
  report.expect("messages afterwards", crowd.tally.messages, crowd.tally.messages === arrived);
  report.none("failures of clients", crowd.tally.failures);
  report.none("failures of the server", described(service.failures));
  expectSame(report, "after each time", after, again);
}
