// Peers that ask for bytes without end and read none: what waits for them is bounded, and stays as it is, and others are served meanwhile.
import { setTimeout as sleep } from "node:timers/promises";
import { Clients, peerNames } from "../clients/orders.ts";
import { comesTrue, unlessHung } from "../patience.ts";
import type { Amounts } from "../plan.ts";
import type { Report } from "../report.ts";
import { type Guest, Service } from "../service.ts";
import { vitals } from "../vitals.ts";
import { described, gather, isExcusable, serverContext } from "./chapter.ts";

/** The default of `highWaterMark.outgoing`, and the longest record with all that may surround its content (RFC 8446, section 5.2). */
const highWaterMark = 512 * 1024;
const record = 5 + 16_384 + 256;
const lookEveryMs = 50;

export async function slow({ slow: count, stall }: Amounts, report: Report): Promise<void> {
  using context = serverContext();
  const service = await Service.start({ context, excuses: isExcusable });
  const [stalled, lively] = [new Clients(), new Clients()];
  for (const peer of peerNames)
    report.none(`failures to connect, ${peer}`, await gather(service, stalled, peer, Math.ceil(count / 2), "slow"));
  await stalled.ask({ do: "flood", under: "slow" });
  stalled.freeze(); // what arrives is not even looked at
  const guests = [...service.open];
  const settled = await comesTrue(stillness(guests));
  report.expect("every write has come to wait", settled ? "yes" : "no", settled);
  const [taken, before] = [takenBy(guests), await vitals()];
  let most = 0;
  for (const end = performance.now() + stall * 1000; performance.now() < end; await sleep(lookEveryMs))
    most = Math.max(most, ...guests.map(({ queued }) => queued));
  const after = await vitals();
  const bound = highWaterMark + record;
  report.expect(
    `queued bytes, at most, of ${guests.length} connections in ${stall} s`,
    `${most} of ${bound}`,
    most <= bound,
  );
  const grown = takenBy(guests) - taken;
  report.expect("bytes taken beyond that, all together", grown, grown === 0);
  report.expect("wasm heap in use meanwhile", `${before.heap}, then ${after.heap}`, after.heap <= before.heap);
  const { failures, messages } = await unlessHung(
    "others",
    lively.ask({ do: "sequence", port: service.port, count: 16 }),
  );
  report.expect("messages of others meanwhile", messages, messages === 16);
  report.none("failures of others", failures);
  for (const clients of [stalled, lively]) clients.kill();
  const gone = await comesTrue(() => service.open.size === 0);
  report.expect("all are gone when they are killed", gone ? "yes" : `${service.open.size} stay`, gone);
  report.none("failures that a slow client may not bring about", described(service.failures));
  await service.close();
}

function takenBy(guests: readonly Guest[]): number {
  return guests.reduce((sum, { taken }) => sum + taken, 0);
}

/** Whether each has been asked for its flood, and nothing was taken any more since the last fifty looks. */
function stillness(guests: readonly Guest[]): () => boolean {
  let [last, since] = [-1, 0];
  return () => {
    const now = takenBy(guests);
    since = now === last && guests.every(({ taken }) => taken > 0) ? since + 1 : 0;
    last = now;
    return since >= 50;
  };
}
