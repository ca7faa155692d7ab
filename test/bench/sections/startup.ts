// From nothing loaded to the first ClientHello, to the end of the first handshake, and then the second one: fresh processes.
import { failureOf } from "../../support/failure.ts";
import type { Figure } from "../figures.ts";
import { fresh } from "../fresh.ts";
import { median } from "../measure.ts";
import type { Section } from "../section.ts";
import { setupFor } from "../setup.ts";
import type { ClientContender } from "../sockets/contender.ts";
import { contenders } from "../sockets/here.ts";

const usual = setupFor("TLSv1.3", "ECDSA P-256");

type Times = Record<"hello" | "first" | "second", number[]>;

const measures = {
  hello: "import to first ClientHello",
  first: "import to end of first handshake",
  second: "second handshake",
} as const;

/** For a list of contenders that startup-process.ts knows. */
export function startupSection(name: string, all: readonly ClientContender[]): Section {
  return {
    name,
    title: "Start-up, in fresh processes",
    note: "Less is better. From before the import, or before the first use of what the runtime has built in, to the first byte at a server, and to the server's greeting after a full handshake (TLS 1.3, P-256, verified; the server is in another process and warm).",
    async *run({ peer, processes }) {
      const ports = new Map<string, number>();
      for (const { name: by, setup } of all) ports.set(by, await peer.serve(setup?.(usual) ?? usual));
      const times = new Map(all.map(({ name: by }): [string, Times] => [by, { hello: [], first: [], second: [] }]));
      const failures = new Map<string, string>();
      for (let round = 0; round < processes; round++) {
        for (const [by, taken] of times) {
          try {
            taken.hello.push(await fresh<number>("startup-process.ts", "hello", by));
            const [first, second] = await fresh<[number, number]>(
              "startup-process.ts",
              "handshakes",
              by,
              String(ports.get(by)),
            );
            taken.first.push(first);
            taken.second.push(second);
          } catch (error) {
            failures.set(by, failureOf(error));
          }
        }
      }
      for (const key of ["hello", "first", "second"] as const) {
        for (const [by, taken] of times) yield figure(name, by, measures[key], taken[key], failures.get(by));
      }
    },
  };
}

export const startup = startupSection("startup", contenders);

function figure(
  section: string,
  by: string,
  what: string,
  values: readonly number[],
  failure: string | undefined,
): Figure {
  const head = { section, what, measure: "ms", by };
  return failure === undefined ? { ...head, value: median(values) } : { ...head, value: null, why: failure };
}
