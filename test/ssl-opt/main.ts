// Promise kept: what Mbed TLS's tests/ssl-opt.sh demands of its own client and server, wanttls does in their place, against the
// same peers (Mbed TLS's programs, OpenSSL, GnuTLS), wherever it has what a scenario is about. What has no counterpart is counted
// by its reason; what is different on purpose stands in exceptions.ts, and an exception that holds nevertheless is an error.
//
// Judged are the client's status and the other side's output, for which upstream's assertions are, and of our own side what it says
// of version, suite, protocol, resumption and data. Arguments: --verbose for both outputs of what failed; parts of names, to run some
// only.
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { freePorts } from "../interop/programs.ts";
import { exceptions } from "./exceptions.ts";
import { type Outcome, playClient, Server } from "./ours.ts";
import { Peer } from "./peer.ts";
import { type Assertion, optionsOf, readScenarios, type Scenario } from "./scenario.ts";
import { clientPlay, NotOurs, serverPlay } from "./translation.ts";

type Side = Assertion["side"];

interface Turn {
  readonly scenario: Scenario;
  /** Which part is ours. */
  readonly side: Side;
}

/** What both sides showed. */
interface Shown {
  readonly good: boolean;
  readonly ours: string;
  readonly theirs: string;
  /** What is wrong besides the assertions. */
  readonly wrong?: string;
}

const root = resolve("build/ssl-opt");
const tests = `${root}/tests`;
const data = `${root}/framework/data_files`;
const listedPort = "11503";
/** In milliseconds. */
const timeToPrint = 10_000;
/** What our side says of the same in the same words. */
const comparable =
  /^(Protocol is|Ciphersuite is|Application Layer Protocol is|a session has been resumed|HTTP\/1|Extra-header)/i;
const ready = /Waiting for a remote connection|ACCEPT|HTTP Server listening on/;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { verbose: { type: "boolean", default: false } },
});
const failures: string[] = [];
const leftOut = new Map<string, number>();
const counts = { passed: 0, excepted: 0 };
await main();

async function main(): Promise<void> {
  const turns = chosen();
  await Promise.all(Array.from({ length: availableParallelism() }, () => work(turns)));
  for (const [reason, count] of [...leftOut].toSorted(([, a], [, b]) => b - a))
    console.log(`left out ${count}: ${reason}`);
  for (const failure of failures) console.log(`failed: ${failure}`);
  console.log(
    `${[...leftOut.values()].reduce((sum, count) => sum + count, 0)} do not apply, ${counts.excepted} differ as listed`,
  );
  console.log(`${counts.passed} passed, ${failures.length} failed`);
  if (failures.length > 0 || counts.passed === 0) process.exitCode = 1;
}

/** Each scenario twice, where both parts are Mbed TLS's. */
function chosen(): Turn[] {
  return readScenarios(`${root}/scenarios`)
    .filter(({ name }) => positionals.length === 0 || positionals.some((part) => name.includes(part)))
    .flatMap((scenario): Turn[] => [
      ...(scenario.client.includes("ssl_client2") ? [{ scenario, side: "client" as const }] : []),
      ...(scenario.server.includes("ssl_server2") ? [{ scenario, side: "server" as const }] : []),
    ]);
}

async function work(turns: Turn[]): Promise<void> {
  for (let turn: Turn | undefined; (turn = turns.shift()) !== undefined;) await judge(turn);
}

async function judge({ scenario, side }: Turn): Promise<void> {
  const title = `our ${side}: ${scenario.name}`;
  const play = side === "client" ? playedByClient : playedByServer;
  try {
    const shown = await play(scenario);
    const wrong = shown.wrong ?? judgement(scenario, side, shown);
    if (wrong !== null && !(await holdsUpstream(scenario)))
      throw new NotOurs("upstream's own pair does not meet it here");
    settle(title, wrong === null ? null : `${title}: ${wrong}${values.verbose ? details(shown) : ""}`);
  } catch (error) {
    if (error instanceof NotOurs) leftOut.set(error.message, (leftOut.get(error.message) ?? 0) + 1);
    else settle(title, `${title}: ${String(error)}`);
  }
}

function settle(title: string, failure: string | null): void {
  const exception = exceptions.find(({ pattern }) => pattern.test(title));
  if (exception === undefined) {
    if (failure === null) counts.passed++;
    else failures.push(failure);
  } else if (failure === null && exception.sometimes !== true)
    failures.push(`${title}: is as upstream wants it, though it is listed as different`);
  else counts.excepted++;
}

function details({ ours, theirs }: Shown): string {
  return `\n--- ours\n${ours}\n--- theirs\n${theirs}\n---`;
}

async function playedByClient(scenario: Scenario): Promise<Shown> {
  const play = clientPlay(optionsOf(scenario.client), data);
  const [port] = (await freePorts(1)) as [number];
  const peer = new Peer(`exec ${scenario.server}`.replaceAll(listedPort, String(port)), tests);
  let outcome: Outcome;
  let status: number | null;
  try {
    if (!(await peer.says(ready))) throw new NotOurs("the server does not run here");
    outcome = await playClient(play, port);
    await told(peer, scenario);
  } finally {
    status = await peer.stop();
  }
  const crashed = scenario.server.includes("ssl_server2") && status !== 0;
  return {
    good: outcome.good,
    ours: outcome.said,
    theirs: peer.output,
    ...(crashed && { wrong: `the server ended with ${status}` }),
  };
}

async function playedByServer(scenario: Scenario): Promise<Shown> {
  const play = serverPlay(optionsOf(scenario.server), data);
  const server = await Server.start(play);
  const peer = new Peer(scenario.client.replaceAll(listedPort, String(server.port)), tests);
  const good = (await peer.ended) === 0;
  await server[Symbol.asyncDispose](); // it may not have heard of the end yet
  return { good, ours: server.said.join("\n"), theirs: peer.output };
}

/** Whether upstream's own program in our part, which is the control, meets the demand. */
async function holdsUpstream(scenario: Scenario): Promise<boolean> {
  const [port] = (await freePorts(1)) as [number];
  const server = new Peer(`exec ${scenario.server}`.replaceAll(listedPort, String(port)), tests);
  try {
    if (!(await server.says(ready))) return false;
    const client = new Peer(scenario.client.replaceAll(listedPort, String(port)), tests);
    const good = (await client.ended) === 0;
    await told(server, scenario);
    await server.stop();
    return judgement(scenario, null, { good, ours: client.output, theirs: server.output }) === null;
  } finally {
    await server.stop();
  }
}

/** A client ends as soon as it has an alert; the server that sent it is given time to print that it did. */
async function told(server: Peer, { assertions }: Scenario): Promise<void> {
  const limit = Date.now() + timeToPrint;
  for (const { side, present, pattern } of assertions)
    if (side === "server" && present) await server.says(pattern, Math.max(0, limit - Date.now()));
}

/** What is wrong, or null; of the two outputs, that of the side named is ours, or the client's. */
function judgement({ good, assertions }: Scenario, side: Side | null, shown: Shown): string | null {
  if (good !== shown.good) return good ? `the client fails: ${lastLine(shown.ours)}` : "the client does not fail";
  for (const assertion of assertions) {
    const mine = assertion.side === (side ?? "client");
    if (side !== null && mine && !comparable.test(assertion.pattern.source)) continue;
    if (assertion.pattern.test(mine ? shown.ours : shown.theirs) !== assertion.present) {
      const who = mine ? "we say" : "the peer says";
      return assertion.present
        ? `${who} nothing of "${assertion.pattern.source}"`
        : `${who} "${assertion.pattern.source}"`;
    }
  }
  return null;
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}
