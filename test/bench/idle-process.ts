// Prints how much memory (RSS, KiB) one more idle connection costs in this process, which has one side only and as many open already:
// idle-process.ts client|server <contender> <connections>
import process from "node:process";
import { residentBytes } from "../support/resident.ts";
import { Peer } from "./peer.ts";
import { setupFor } from "./setup.ts";
import type { Link } from "./sockets/contender.ts";
import { everybody } from "./rivals/all.ts";
import { contenders } from "./sockets/here.ts";

const [role, name, count] = process.argv.slice(2);
const connections = Number(count);
const usual = setupFor("TLSv1.3", "ECDSA P-256");
const peer = new Peer();
console.log(JSON.stringify(await (role === "client" ? ofClient() : ofServer())));
peer.end();
process.exit();

async function ofClient(): Promise<number> {
  const { load, setup: own } = everybody.find((contender) => contender.name === name)!;
  const setup = own?.(usual) ?? usual;
  const dialer = await (await load()).dialer(setup, false);
  const port = await peer.serve(setup);
  const links: Link[] = [];
  return growth(async (number) => {
    for (let i = 0; i < number; i++) links.push(await dialer.dial(port));
  });
}

async function ofServer(): Promise<number> {
  const { load } = contenders.find((contender) => contender.name === name)!;
  const { port } = await (await load()).listen(usual);
  return growth((number) => peer.hold(usual, port, number));
}

/**
 * From so many open connections to twice as many: what is paid once, however many connections there are (code and its compilation,
 * a heap that is sized for the work of opening them), is paid by the first half.
 */
async function growth(open: (number: number) => Promise<void>): Promise<number> {
  await open(connections);
  const begin = await residentBytes();
  await open(connections);
  return ((await residentBytes()) - begin) / connections / 1024;
}
