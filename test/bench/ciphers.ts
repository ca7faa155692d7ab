// How fast ciphers and hashes are beside Mbed TLS's own, in one process: modules take turns for a few milliseconds of CPU at a
// time, and the fastest turn of each counts. Owns the table that it prints; other load on the machine only makes it less sure.
//
//   ciphers.ts [SECONDS] [MODULE ...]     the first module is what the others are compared with
//   (make wasm; make wasm CRYPTO=mbedtls) both must have been built
import { readFileSync } from "node:fs";
import process from "node:process";
import type { Address } from "../../ts/wasm/exports.gen.ts";
import { Realm } from "../../ts/wasm/realm.ts";

type Repeat = (work: number, data: Address, size: number, times: number) => number;

interface Contender {
  readonly name: string;
  readonly repeat: Repeat;
  readonly data: Address;
}

/** In the order of test/crypto/probe.c; 100 more decrypts. */
const works = [
  ["AES-128-GCM", 0],
  ["AES-256-GCM", 1],
  ["ChaCha20-Poly1305", 2],
  ["AES-128-CCM", 3],
  ["AES-128-CBC, encryption", 4],
  ["AES-128-CBC, decryption", 104],
  ["SHA-256", 5],
  ["SHA-384", 6],
] as const;
const sizes = [96, 1024, 16_384];
const turnMilliseconds = 5;

const given = process.argv.slice(2);
const seconds = /^\d/.test(given[0] ?? "") ? Number(given.shift()) : 40;
const files = given.length > 0 ? given : ["build/wanttls-mbedtls-probe.wasm", "build/wanttls-probe.wasm"];
const contenders = files.map(load);
const turns = Math.ceil((seconds * 1000) / (works.length * sizes.length * files.length * turnMilliseconds));

console.log(`${process.argv0}, ${turns} turns; ns per message, and how often ${files[0]} it is`);
for (const [name, work] of works) for (const size of sizes) console.log(row(name, work, size));

function row(name: string, work: number, size: number): string {
  const best = fastest(work, size);
  const columns = best.map((time) => `${time.toFixed(0).padStart(9)} ${(best[0]! / time).toFixed(2).padStart(6)}x`);
  return `${name.padEnd(24)}${String(size).padStart(6)} B ${columns.join("")}`;
}

/** For each contender the shortest time of one message, in nanoseconds of this process's CPU. */
function fastest(work: number, size: number): number[] {
  const counts = contenders.map((contender) =>
    Math.max(1, Math.floor((turnMilliseconds * 1e6) / warm(contender, work, size))),
  );
  const best = contenders.map(() => Infinity);
  for (let turn = 0; turn < turns; turn++) {
    for (const [i, contender] of contenders.entries()) {
      best[i] = Math.min(best[i]!, timed(contender, work, size, counts[i]!));
    }
  }
  return best;
}

/** Runs until the engine has compiled it for good, and estimates. */
function warm(contender: Contender, work: number, size: number): number {
  const times = Math.ceil(200_000 / (size + 500));
  let time = Infinity;
  for (let i = 0; i < 30; i++) time = Math.min(time, timed(contender, work, size, times));
  return time;
}

function timed({ name, repeat, data }: Contender, work: number, size: number, times: number): number {
  const before = process.cpuUsage();
  const status = repeat(work, data, size, times);
  const { user, system } = process.cpuUsage(before);
  if (status !== 0) throw new Error(`Cannot measure ${name}: PSA answers ${status}`);
  return ((user + system) * 1000) / times;
}

function load(name: string): Contender {
  const realm = new Realm(new WebAssembly.Module(readFileSync(name)), {
    trapped: (cause) => new Error("Cannot go on: the probe trapped", { cause }),
    full: (bytes) => new Error(`Cannot allocate ${bytes} bytes`),
    unusable: (why) => new Error(`Cannot use ${name}: ${why}`),
  });
  const { probe_repeat: repeat } = realm.exports as unknown as { readonly probe_repeat: Repeat };
  return { name, repeat, data: realm.exports.wt_allocate(sizes.at(-1)! + 16) };
}
