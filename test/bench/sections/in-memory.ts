// Handshakes and data with both ends in one process, of wanttls beside the runtime's own node:tls.
import { nodeTls } from "../memory/node-tls.ts";
import { wanttls } from "../memory/wanttls.ts";
import { byteMeasures, handshakeMeasures, row, type Section, startersOf } from "../section.ts";
import { bulkSetup, bulkSuites, keys, setupFor, versions } from "../setup.ts";

const contenders = [nodeTls, wanttls];

export const handshakesInMemory: Section = {
  name: "handshakes-in-memory",
  title: "Handshakes in memory, both ends in one process",
  note: "node:tls talks through a pair of Duplex streams, wanttls through two MemoryBIOs: the streams are part of its figures. Chain and name are verified, the key exchange is X25519, the suite AES-128-GCM. The P-256 chain has an intermediate certificate.",
  async *run(scope) {
    for (const version of versions) {
      for (const key of keys) {
        for (const resumed of [false, true]) {
          const what = `${version} ${key}${resumed ? ", resumed" : ""}`;
          const starters = startersOf(contenders, (contender) => contender.handshakes(setupFor(version, key), resumed));
          yield* row(scope, { section: "handshakes-in-memory", what }, starters, handshakeMeasures);
        }
      }
    }
  },
};

export const dataInMemory: Section = {
  name: "data-in-memory",
  title: "Data over TLS 1.3 in memory, both ends in one process",
  note: "From client to server, by writes of that size. wanttls makes a record of each write; node:tls joins small writes that wait, so that its records are larger there.",
  async *run(scope) {
    for (const size of [16384, 100]) {
      for (const [name, suite] of Object.entries(bulkSuites)) {
        const starters = startersOf(contenders, (contender) => contender.throughput(bulkSetup(suite), size));
        yield* row(scope, { section: "data-in-memory", what: `${name}, ${size} B` }, starters, byteMeasures);
      }
    }
  },
};
