// The clock is set forward and back, by hours, years and ages, on the server and on clients, while they hold tickets and certificates.
// Who is within the validity of the certificates gets in, resumed or not; who is not is told so; and when the clock is right again
// all is as before.
import { SSLCertVerificationError, SSLError } from "../../../ts/index.ts";
import { Clock } from "../clock.ts";
import { versions } from "../clients/link.ts";
import { Clients, peerNames, type Told, type Wish } from "../clients/orders.ts";
import type { Amounts } from "../plan.ts";
import type { Report } from "../report.ts";
import { Service } from "../service.ts";
import { serverContext } from "./chapter.ts";

const hour = 3_600_000;
const year = 365.25 * 24 * hour;
/** The certificates of the tests are valid from 2020 to 2120. */
const validYears = { from: 2020, to: 2120 };
const offsets = [0, hour, -hour, 3 * hour, -3 * hour, year, -year, 13 * year, 200 * year, -60 * year, 9000 * year, 0];

export async function clock(_amounts: Amounts, report: Report): Promise<void> {
  const serverClock = new Clock();
  using context = serverContext({ now: serverClock.now });
  const service = await Service.start({ context });
  const clients = new Clients();
  const complaints: string[] = [];
  let visits = 0;
  for (const peer of peerNames) {
    for (const version of versions) {
      const visit = async (wish: Partial<Wish>, clientOffset: number): Promise<Told> => {
        visits++;
        const whole = { version, resume: true, identity: false, ...wish };
        return clients.ask({ do: "visit", port: service.port, peer, wish: whole, clockOffset: clientOffset });
      };
      for (const offset of offsets) {
        serverClock.set(offset);
        const complain = (what: string): number =>
          complaints.push(`${peer}, ${version}, ${offset / hour} hours: ${what}`);
        const stranger = await visit({}, 0);
        if (stranger.failures.length > 0) complain(`without a certificate: ${stranger.failures[0]}`);
        const known = await visit({ identity: true }, 0);
        if ((known.failures.length === 0) !== isValid(offset))
          complain(`with a certificate: ${known.failures[0] ?? "gets in"}`);
      }
      serverClock.set(0);
      await visit({ identity: true }, 0);
      const again = await visit({ identity: true }, 0);
      if (resumedIn(again) !== 1) complaints.push(`${peer}, ${version}: does not resume when the clock is right again`);
    }
  }
  complaints.push(...(await ofClientClocks(clients, service.port)));
  report.none(`complaints about ${visits} visits`, complaints);
  const odd = service.failures.filter(({ error }) => !isRefusal(error)).map(({ error }) => String(error));
  report.none("failures of the server that are no refusal of a certificate", odd);
  clients.kill();
  await service.close();
}

/** Clients of ours by whose clock the server's certificate is of another time. */
async function ofClientClocks(clients: Clients, port: number): Promise<string[]> {
  const complaints: string[] = [];
  for (const version of versions) {
    for (const clockOffset of offsets) {
      const wish = { version, resume: true, identity: false };
      const { failures } = await clients.ask({ do: "visit", port, peer: "wanttls", wish, clockOffset });
      if ((failures.length === 0) !== isValid(clockOffset))
        complaints.push(`a client ${clockOffset / hour} hours ahead, ${version}: ${failures[0] ?? "goes on"}`);
    }
  }
  return complaints;
}

function isValid(offset: number): boolean {
  const then = new Date(Date.now() + offset).getUTCFullYear();
  return then >= validYears.from && then < validYears.to;
}

function resumedIn({ resumed }: Told): number {
  return Object.values(resumed).reduce((sum, count) => sum + count, 0);
}

/** Ours of the client's certificate, or the client's of ours, of which an alert tells. */
function isRefusal(error: unknown): boolean {
  if (error instanceof SSLCertVerificationError) return true;
  return error instanceof SSLError && /certificate/i.test(`${error.reason} ${error.message}`);
}
