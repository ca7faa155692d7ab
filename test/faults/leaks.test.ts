// However a connection ends, nothing of it stays: after a thousand that ended alike there are as many objects, blocks and bytes in the
// memory of the module as before, exactly, and the memory has not grown. The short run has fewer of each.
import { describe, expect, test } from "vitest";
import { sharedRealm } from "../../ts/engine/realms.ts";
import { SSLError } from "../../ts/ssl/index.ts";
import { liveBytes } from "../engine/faulty-module.ts";
import { certs } from "../support/certs.ts";
import {
  ascii,
  flipped,
  joined,
  plainAlert,
  recordOf,
  recordsOf,
  recordType,
  roles,
  versions,
} from "../support/conversation.ts";
import { type Outcome, other, type Plot, plotOf, record, Side } from "../support/recording.ts";
import { everything } from "./replays.ts";

const many = everything ? 1000 : 20;
const patience = { timeout: 600_000 };
/** What is made once for a realm or a context is there after these. */
const before = 5;

interface Ending {
  readonly name: string;
  /** What the side hears instead of the records; its own bytes when it hears them as they were said. */
  readonly hears: (records: readonly Uint8Array[]) => readonly Uint8Array[];
  /** The class of error, by name, or the state in which it is left. */
  readonly end: readonly string[];
  readonly plot?: (plot: Plot) => Plot;
}

/** Behind the handshake come two records of data and the goodbye. */
const firstData = -3;
const noRecord: readonly Uint8Array[] = [];

const endings: readonly Ending[] = [
  { name: "in good order", hears: (records) => records, end: ["closed"] },
  { name: "by the end of the transport at once", hears: () => noRecord, end: ["SSLEOFError"] },
  { name: "by the end in a handshake", hears: (records) => records.slice(0, 1), end: ["SSLEOFError"] },
  { name: "by the end amid the data", hears: (records) => records.slice(0, firstData + 1), end: ["SSLEOFError"] },
  {
    name: "by the end within a record",
    hears: (records) => [...records.slice(0, -1), records.at(-1)!.subarray(0, 10)],
    end: ["SSLEOFError"],
  },
  {
    name: "by a byte that was changed in a hello",
    hears: (records) => records.with(0, flipped(records[0]!, 20)),
    end: ["SSLError", "SSLAlertError", "SSLEOFError"],
  },
  {
    name: "by a byte that was changed in the data",
    hears: (records) => records.with(firstData, flipped(records.at(firstData)!, -1)),
    end: ["SSLError"],
  },
  { name: "by a record that was lost", hears: (records) => records.toSpliced(firstData, 1), end: ["SSLError"] },
  { name: "by an alert", hears: () => [plainAlert("fatal", 40)], end: ["SSLAlertError", "SSLError"] },
  { name: "by what is no TLS", hears: () => [ascii("GET / HTTP/1.1\r\n\r\n")], end: ["SSLError"] },
  {
    name: "by a message without end",
    hears: (records) => [
      recordOf(recordType.handshake, [records[0]![5]!, 255, 255, 255, ...new Uint8Array(16000)]),
      ...Array.from({ length: 4 }, () => recordOf(recordType.handshake, new Uint8Array(16384))),
    ],
    end: ["SSLError"],
  },
  {
    name: "by a verdict over the peer",
    hears: (records) => records,
    end: ["SSLCertVerificationError"],
    plot: (plot) => ({
      ...plot,
      client: { ...plot.client, ca: certs.unknownRoot.cert },
      server: { ...plot.server, ca: certs.unknownRoot.cert },
    }),
  },
];

describe.each(versions)("%s", (version) => {
  describe.each(roles)("connections of a %s that end", (role) => {
    const plot = plotOf(version, { clientCertificate: true });
    const records = (): Uint8Array[] => recordsOf(record(plot).said[other(role)]);

    test.each(endings)(
      "$name leave nothing behind",
      patience,
      ({ hears, end, plot: change = (same: Plot) => same }) => {
        const bytes = joined(hears(records()));
        const side = new Side(change(plot), role);
        for (let i = 0; i < before; i++) expectEnd(side.playAgainst(bytes), end);
        const clean = held();
        for (let i = 0; i < many; i++) side.playAgainst(bytes);
        expect(held()).toEqual(clean);
        expectEnd(side.playAgainst(bytes), end);
        side.dispose();
      },
    );

    test("because they were given up, wherever they stood, leave nothing behind", patience, () => {
      const all = joined(records());
      const side = new Side(plot, role);
      const giveUp = (i: number): void => {
        const actor = side.enter();
        actor.hear(all.subarray(0, (i * 97) % all.length));
        actor.leave();
      };
      side.playAgainst(all);
      const clean = held();
      const alive = side.enter();
      alive.hear(all);
      expect(held().bytes).toBeGreaterThan(clean.bytes);
      alive.leave();
      for (let i = 0; i < many; i++) giveUp(i);
      expect(held()).toEqual(clean);
      side.dispose();
    });
  });

  test("contexts that come and go with their connections leave nothing behind", patience, () => {
    const plot = plotOf(version, { key: "RSA", clientCertificate: true });
    record(plot);
    const clean = held();
    for (let i = 0; i < many / 10; i++) record(plot);
    expect(held()).toEqual(clean);
  });
});

interface Held {
  readonly objects: number;
  readonly blocks: number;
  readonly bytes: number;
  readonly memory: number;
}

function held(): Held {
  const realm = sharedRealm();
  return { objects: realm.liveObjects(), blocks: realm.liveBlocks(), bytes: liveBytes(), memory: realm.memoryBytes };
}

function expectEnd({ end }: Outcome, expected: readonly string[]): void {
  expect(expected).toContain(end instanceof SSLError ? end.name : end);
}
