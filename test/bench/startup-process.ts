// Prints milliseconds in a fresh process, where nothing of TLS is loaded:
// startup-process.ts hello <contender>             to the first byte that a server here sees
// startup-process.ts handshakes <contender> <port> to the greeting of a server there, and then those of a second connection
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import process from "node:process";
import { address, setupFor } from "./setup.ts";
import type { Dialer } from "./sockets/contender.ts";
import { everybody } from "./rivals/all.ts";

const [what, name, there] = process.argv.slice(2);
const { load, setup: own } = everybody.find((contender) => contender.name === name)!;
const usual = setupFor("TLSv1.3", "ECDSA P-256");
const setup = own?.(usual) ?? usual;
console.log(JSON.stringify(what === "hello" ? await hello() : await handshakes(Number(there))));
process.exit();

async function hello(): Promise<number> {
  const server = createServer((socket) => socket.on("data", () => server.emit("hello"))).listen(0, address);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const seen = once(server, "hello");
  const begin = performance.now();
  void connect(port).catch(() => {});
  await seen;
  return performance.now() - begin;
}

async function handshakes(port: number): Promise<readonly [first: number, second: number]> {
  const begin = performance.now();
  const dialer = await connect(port);
  const middle = performance.now();
  await dialer.dial(port);
  return [middle - begin, performance.now() - middle];
}

async function connect(port: number): Promise<Dialer> {
  const { dialer: ready } = await load();
  const dialer = await ready(setup, false);
  await dialer.dial(port);
  return dialer;
}
