// What TLS adds to its own cryptography: that alone, by the module's entry points, beside conversations in memory that need just as
// much of it. Owns what a record and a handshake need.
import { createHash } from "node:crypto";
import { publicKeyOf } from "../../../ts/engine/keys.ts";
import { verifySignature } from "../../../ts/engine/signatures.ts";
import { certs } from "../../support/certs.ts";
import { derOf } from "../../crypto/primitives.ts";
import { cpuForOne, type Workload } from "../measure.ts";
import { wanttls } from "../memory/wanttls.ts";
import { Probe, type Work } from "../probe.ts";
import { type Measures, row, type Scope, type Section, type Starter } from "../section.ts";
import { bulkSetup, bulkSuites, keys, type Setup, setupFor } from "../setup.ts";
import type { Figure } from "../figures.ts";

const name = "layer-in-memory";
const alone = "cryptography alone";
const ofData: Measures = { "CPU s per GB": (slices) => cpuForOne(slices) * 1e9 };
const ofHandshakes: Measures = { "CPU ms each": (slices) => cpuForOne(slices) * 1e3 };
const bytesAtOnce = 65_536;
const message = new Uint8Array(200).fill(7);

export const layer: Section = {
  name,
  title: "TLS beside its own cryptography",
  note: "Less is better. Both ends in one process, in memory. Alone: of data each record sealed twice, which is as much as sealing and opening it; of a handshake two X25519 key pairs, two agreements, a signature and its verification. The signatures of a chain are not in it, as a store remembers them.",
  async *run(scope) {
    const probe = new Probe("build/wanttls-probe.wasm");
    for (const size of [16384, 100]) {
      for (const [cipher, suite] of Object.entries(bulkSuites)) {
        const there = (): Workload => sealing(probe, cipher as Work, size);
        yield* beside(scope, `${cipher}, ${size} B`, there, () => wanttls.throughput(bulkSetup(suite), size), ofData);
      }
    }
    for (const key of keys) {
      const there = (): Workload => agreeing(probe, key);
      const here: Starter = () => wanttls.handshakes(setupFor("TLSv1.3", key), false);
      yield* beside(scope, `TLSv1.3 ${key} handshake`, there, here, ofHandshakes);
    }
  },
};

function beside(scope: Scope, what: string, there: Starter, here: Starter, measures: Measures): AsyncGenerator<Figure> {
  const starters = new Map([
    [alone, there],
    [wanttls.name, here],
  ]);
  return row(scope, { section: name, what }, starters, measures);
}

function sealing(probe: Probe, cipher: Work, size: number): Workload {
  const times = Math.floor(bytesAtOnce / size);
  const repeat = probe.repeated(cipher, size, 2 * times);
  return {
    run: () => {
      repeat();
      return times * size;
    },
  };
}

function agreeing(probe: Probe, kind: Setup["key"]): Workload {
  const isRsa = kind === "RSA-2048";
  const key = derOf((isRsa ? certs.localhostRsa : certs.localhost).key);
  probe.keepKey(key);
  const publicKey = publicKeyOf(probe.realm, key);
  const digest = new Uint8Array(createHash("sha256").update(message).digest());
  const method = { hash: 256, ...(isRsa && { saltLength: 32 }) } as const;
  const [mine, yours] = [new Uint8Array(32).fill(77), new Uint8Array(32).fill(78)];
  const run = (): number => {
    const [here, there] = [probe.publicKey(255, mine), probe.publicKey(255, yours)];
    probe.agree(255, mine, there);
    probe.agree(255, yours, here);
    const signature = probe.signKept(digest, isRsa);
    if (!verifySignature(probe.realm, publicKey, method, message, signature)) throw new Error("it does not verify");
    return 1;
  };
  return { run };
}
