// One cell of the table of scale.ts, in a fresh process: scale-cell.ts <connections> <realms>. Opens that many connections, half of
// them clients of the other half, over transports in memory, and prints a line of JSON with what each of them costs.
import process from "node:process";
import { EVENT_READ, memoryTransportPair, Selector, SSLContext, type SSLSocket } from "wanttls";
import { certs } from "../support/certs.ts";
import { residentBytes } from "../support/resident.ts";

/** What was measured. Times are CPU time of the process. */
export interface Cell {
  readonly connections: number;
  readonly realms: number;
  /** Milliseconds for one more full handshake, both ends. */
  readonly handshake: number;
  /** Microseconds for 100 bytes from one end to the other, the connections in turn. */
  readonly message: number;
  /** Microseconds for one of ten messages that a Selector over all servers tells of. */
  readonly event: number;
  /** KiB of resident memory per idle connection; null where there are too few to tell. */
  readonly memory: number | null;
}

interface Pair {
  readonly client: SSLSocket;
  readonly server: SSLSocket;
}

const ROUNDS = 7;
const HANDSHAKES_PER_ROUND = 40;
const MESSAGES_PER_ROUND = 20_000;
const SELECTS_PER_ROUND = 200;
const EVENTS_PER_SELECT = 10;
const WARM_UP = 50;
const FEW = 1000;
const message = new Uint8Array(100).fill(7);
const into = new Uint8Array(16384);

const [connections, realms] = process.argv.slice(2).map(Number) as [number, number];
const contexts = Array.from({ length: realms }, contextsOfARealm);

openAndClose(WARM_UP);
const before = await residentBytes();
const pairs = open(connections / 2);
const memory = connections < FEW ? null : ((await residentBytes()) - before) / 1024 / connections;
const handshake = best(HANDSHAKES_PER_ROUND, () => openAndClose(HANDSHAKES_PER_ROUND)) / 1000;
const cell: Cell = { connections, realms, handshake, message: messages(), event: await events(), memory };
console.log(JSON.stringify(cell));
process.exit();

/** Both ends in one realm. */
function contextsOfARealm(): { client: SSLContext; server: SSLContext } {
  const isolation = realms === 1 ? "shared" : "context";
  return {
    client: SSLContext.client({ ca: certs.root.cert, isolation }),
    server: SSLContext.server({ identities: [{ cert: certs.localhost.chain, key: certs.localhost.key }], isolation }),
  };
}

function open(count: number): Pair[] {
  return Array.from({ length: count }, (_, i) => {
    const { client: clients, server: servers } = contexts[i % contexts.length]!;
    const [left, right] = memoryTransportPair();
    const pair = {
      client: clients.wrapSocket(left, { serverHostname: "localhost" }),
      server: servers.wrapSocket(right),
    };
    for (let done = false; !done;) {
      const answers = [pair.client.tryHandshake(), pair.server.tryHandshake()];
      done = answers.every(({ kind }) => kind === "ok");
    }
    pair.client.tryRecv(into); // the session tickets
    return pair;
  });
}

function openAndClose(count: number): void {
  for (const { client, server } of open(count)) [client, server].forEach((socket) => socket.close());
}

function messages(): number {
  let next = 0;
  return best(MESSAGES_PER_ROUND, () => {
    for (let i = 0; i < MESSAGES_PER_ROUND; i++) {
      const { client, server } = pairs[next++ % pairs.length]!;
      client.send(message);
      receive(server);
    }
  });
}

async function events(): Promise<number> {
  using selector = new Selector();
  for (const { server } of pairs) selector.register(server, EVENT_READ);
  await selector.select(0); // now it knows that all of them are idle
  let next = 0;
  let least = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const begin = process.cpuUsage();
    for (let i = 0; i < SELECTS_PER_ROUND; i++) {
      for (let k = 0; k < EVENTS_PER_SELECT; k++) pairs[next++ % pairs.length]!.client.send(message);
      await receiveAll(selector);
    }
    least = Math.min(least, microseconds(begin) / SELECTS_PER_ROUND / EVENTS_PER_SELECT);
  }
  return least;
}

async function receiveAll(selector: Selector): Promise<void> {
  for (let left = EVENTS_PER_SELECT * message.length; left > 0;) {
    for (const [{ fileobj }] of await selector.select()) {
      const result = (fileobj as SSLSocket).tryRecv(into);
      if (result.kind === "ok") left -= result.n;
    }
  }
}

function receive(server: SSLSocket): void {
  if (server.recvInto(into) !== message.length) throw new Error("A message did not come whole");
}

/** The least time of several rounds, for one of `count`: what disturbs only adds. */
function best(count: number, act: () => void): number {
  let least = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const begin = process.cpuUsage();
    act();
    least = Math.min(least, microseconds(begin) / count);
  }
  return least;
}

function microseconds(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return user + system;
}
