// Clients by the thousand come and go, made of wanttls and of node:tls, while clocks jump and, on another port of the same server and
// in the same memory, others break off, stall, are killed and freeze. The polite ones must notice nothing, and nothing may stay behind.
import { setTimeout as sleep } from "node:timers/promises";
import { Clock } from "../clock.ts";
import { Clients, peerNames } from "../clients/orders.ts";
import type { Tally } from "../clients/tally.ts";
import { comesTrue } from "../patience.ts";
import type { Amounts } from "../plan.ts";
import type { Report } from "../report.ts";
import { Service } from "../service.ts";
import { expectFlat, expectSame, vitals, vitalsAfter, type Vitals } from "../vitals.ts";
import { described, isExcusable, serverContext } from "./chapter.ts";
import { Crowd, onTheirWay } from "./crowd.ts";

/** Fewer connections say nothing about a leak: what a runtime compiles and sizes in that time is more. */
const tellingConnections = 2000;
const jumpEveryMs = 300;
/** More than are ever there at once under load, in proportion and beyond that. */
const atFirst = { part: 1.5, more: 4 * onTheirWay };
/** What the rude are granted, in milliseconds. */
const patienceMs = 2000;
/** How many of them there are, in proportion to the polite. */
const rudePart = 0.1;

export async function load(amounts: Amounts, report: Report): Promise<void> {
  const clock = new Clock();
  using context = serverContext({ now: clock.now });
  const polite = await Service.start({ context });
  const rude = await Service.start({ context, patienceMs, excuses: isExcusable });
  const crowd = new Crowd(polite, atFirst.part * amounts.connections + atFirst.more);
  await crowd.open(); // the module's table of keys grows to what is needed at once, and stays
  await crowd.release();
  crowd.forget();
  const before = await vitals();
  polite.forget();
  const halves: Vitals[] = [];
  for (let nth = 0; nth < 2; nth++) {
    const { accepted, failed } = rude;
    const pests = new Pests(rude.port, Math.ceil(amounts.connections * rudePart));
    const stopJumping = clock.jumping(jumpEveryMs);
    await crowd.churn(amounts.connections, amounts.seconds * 500);
    await comesTrue(() => rude.accepted > accepted && rude.failed > failed);
    await pests.end();
    stopJumping();
    await comesTrue(() => rude.open.size === 0 && polite.open.size === 0);
    halves.push(await vitalsAfter(before));
  }
  crowd.kill();
  await Promise.all([polite.close(), rude.close()]);
  tell(report, polite, rude, crowd.tally, amounts);
  expectSame(report, "before and after", before, halves[1]!);
  expectFlat(report, "after each half", halves[0]!, halves[1]!, crowd.tally.connections >= 2 * tellingConnections);
}

/** Rude processes, and polite ones to which something happens. */
class Pests {
  readonly #port: number;
  readonly #clients: number;
  readonly #running = new Set<Clients>();
  readonly #misfortunes: Promise<void>[];
  #over = false;

  constructor(port: number, clients: number) {
    this.#port = port;
    this.#clients = clients;
    const rude = this.#start();
    void rude.ask({ do: "be rude", port, clients }).catch(() => {});
    this.#misfortunes = [this.#again((one) => one.kill()), this.#again((one) => one.freeze())];
  }

  async end(): Promise<void> {
    this.#over = true;
    await Promise.all(this.#misfortunes);
    for (const one of this.#running) one.kill(); // the frozen ones too
    await Promise.all([...this.#running].map((one) => one.ended));
  }

  /** Once at least. */
  async #again(befall: (one: Clients) => void): Promise<void> {
    do {
      const one = this.#start();
      const peer = peerNames[Math.floor(Math.random() * 2)]!;
      const churn = { do: "churn", port: this.#port, peer, clients: this.#clients, pauseMs: 50 } as const;
      await one.ask(churn);
      await sleep(200 + Math.random() * 2000);
      befall(one);
    } while (!this.#over);
  }

  #start(): Clients {
    const one = new Clients();
    this.#running.add(one);
    void one.ended.then(() => this.#running.delete(one));
    return one;
  }
}

function tell(report: Report, polite: Service, rude: Service, all: Tally, { connections }: Amounts): void {
  report.figure("connections", all.connections);
  report.expect("of them at once", polite.mostOpen, polite.mostOpen >= connections);
  const seen = `${polite.messages} messages, ${polite.bytes} bytes`;
  const told = `${all.messages} messages, ${all.bytes} bytes`;
  report.expect("what clients have sent, what the server has hashed", `${told}; ${seen}`, seen === told);
  report.none("failures of polite clients", all.failures);
  report.none("failures of the server with polite clients", described(polite.failures));
  report.expect("connections that stay", polite.open.size + rude.open.size, polite.open.size + rude.open.size === 0);
  for (const [kind, count] of Object.entries(all.toJSON().resumed)) {
    if (all.connections < tellingConnections) report.figure(`resumed, ${kind}`, count);
    else report.expect(`resumed, ${kind}`, count, count > 0);
  }
  report.expect("rude ones got in, and failed", `${rude.accepted}, ${rude.failed}`, rude.failed > 0);
  report.none("failures that a rude client may not bring about", described(rude.failures));
  report.figure("handshake, seen by the client", String(all.handshake));
  report.figure("round trip of up to 1 KiB", String(all.roundTrip));
}
