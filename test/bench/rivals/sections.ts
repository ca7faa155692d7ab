// What is measured of the rivals, in the order in which it runs and stands on the page.
import { fresh } from "../fresh.ts";
import { byteMeasures, handshakeMeasures, row, type Section, startersOf } from "../section.ts";
import { idleSection } from "../sections/idle.ts";
import { connecting } from "../sections/one-side.ts";
import { startupSection } from "../sections/startup.ts";
import { receiving } from "../sections/transfer.ts";
import { bulkSuites, setupFor } from "../setup.ts";
import { mustRefuseImpostors } from "../verification.ts";
import { everybody, rivals } from "./all.ts";

const about = rivals.map((rival) => `${rival.name} is ${rival.about}.`).join(" ");

const handshakes: Section = {
  name: "rival-handshakes",
  title: "Handshakes of a client",
  note: `Over loopback, with a server of node:tls in another process; CPU time is the client's alone. Full handshakes of TLS 1.3 with P-256, one after the other, up to the server's first byte. Each was made sure to refuse a certificate of another issuer and one for another name. ${about}`,
  async *run(scope) {
    for (const contender of everybody) await mustRefuseImpostors(contender, scope.peer);
    const setup = setupFor("TLSv1.3", "ECDSA P-256");
    const starters = startersOf(everybody, (contender) => connecting(contender, scope, setup, false));
    yield* row(scope, { section: handshakes.name, what: setup.version }, starters, handshakeMeasures);
  },
};

const data: Section = {
  name: "rival-data",
  title: "Downloads",
  note: "Records of 16 KiB over loopback; the SHA-256 of what arrives is checked once before it counts. CPU time is the client's alone. node-forge has AES-128-CBC in the place of either.",
  async *run(scope) {
    for (const name of ["ChaCha20-Poly1305", "AES-128-GCM"]) {
      const starters = startersOf(everybody, (contender) => receiving(contender, scope, bulkSuites[name]!, 16384));
      yield* row(scope, { section: data.name, what: name }, starters, byteMeasures);
    }
  },
};

const size: Section = {
  name: "rival-size",
  title: "Size of what an import loads",
  note: "Less is better. Sources as they come, wasm included, what the runtime has built in aside.",
  only: "node",
  async *run() {
    for (const { name: by } of everybody.slice(1)) {
      const sizes = await fresh<Record<"raw" | "gzip" | "brotli", number>>("size-process.ts", by);
      for (const [what, value] of Object.entries(sizes))
        yield { section: size.name, what, measure: "KB", by, value: value / 1000 };
    }
  },
};

/** With the contenders in rows: there are many of them. */
export const rivalSections: readonly Section[] = [
  handshakes,
  data,
  idleSection("rival-idle", everybody, ["client"]),
  startupSection("rival-startup", everybody),
  size,
].map((section) => ({ ...section, layout: "contenders" }));
