// Whole records of a conversation are dropped, doubled, swapped, shortened, lengthened, merged, split, retyped and emptied.
// What may go unnoticed is written down below; everything else must be an error.
import { expect, it } from "vitest";
import { joined, recordOf, recordsOf, recordType } from "../support/conversation.ts";
import { forEachReplay } from "./replays.ts";

interface Harm {
  readonly name: string;
  /** The stream with record `i` harmed, null where that makes no sense. */
  readonly harm: (records: readonly Uint8Array[], i: number) => readonly Uint8Array[] | null;
  /** Whether TLS lets it pass. */
  readonly passes: (stream: Stream, i: number) => boolean;
}

interface Stream {
  readonly records: readonly Uint8Array[];
  readonly version: string;
  readonly resumed: boolean;
}

const never = (): boolean => false;

/** At and one above what plaintext, and a record of each version, may have. */
const sizes = [16384, 16385, 16384 + 256, 16384 + 257, 16384 + 320, 16384 + 321, 65535];

const harms: readonly Harm[] = [
  { name: "dropped", harm: (records, i) => records.toSpliced(i, 1), passes: isIdleChangeCipherSpec },
  {
    name: "doubled",
    harm: (records, i) => records.toSpliced(i, 0, records[i]!),
    // Nor is what comes behind the goodbye.
    passes: (stream, i) => isIdleChangeCipherSpec(stream, i) || i === stream.records.length - 1,
  },
  {
    name: "swapped with the next one",
    harm: (records, i) => (i + 1 < records.length ? records.toSpliced(i, 2, records[i + 1]!, records[i]!) : null),
    // Before the first ClientHello, and behind the Finished, there must be no ChangeCipherSpec (RFC 8446, section 5).
    passes: (stream, i) =>
      (isIdleChangeCipherSpec(stream, i) && i + 1 < finishedAt(stream)) ||
      (isIdleChangeCipherSpec(stream, i + 1) && !isFirstOfClient(stream, i)),
  },
  ...[2, 3, 4].map((late) => ({
    name: `held back until ${late} others have passed it`,
    harm: (records: readonly Uint8Array[], i: number) =>
      i + late < records.length ? records.toSpliced(i, 1).toSpliced(i + late, 0, records[i]!) : null,
    // What comes behind the goodbye is not read (B44).
    passes: (stream: Stream, i: number) =>
      isIdleChangeCipherSpec(stream, i) && (i + late < finishedAt(stream) || i + late === stream.records.length - 1),
  })),
  {
    name: "cut to half its length",
    harm: (records, i) => replaced(records, i, bodyOf(records[i]!).subarray(0, halfOf(records[i]!))),
    passes: never,
  },
  {
    name: "one byte longer",
    harm: (records, i) => replaced(records, i, [...bodyOf(records[i]!), 0]),
    passes: never,
  },
  ...sizes.map((size) => ({
    name: `filled up to ${size} bytes`,
    harm: (records: readonly Uint8Array[], i: number) => {
      const filled = new Uint8Array(size);
      filled.set(bodyOf(records[i]!));
      return replaced(records, i, filled);
    },
    passes: never,
  })),
  {
    name: "merged with the next one",
    harm: (records, i) =>
      i + 1 < records.length
        ? replaced(records.toSpliced(i + 1, 1), i, [...bodyOf(records[i]!), ...bodyOf(records[i + 1]!)])
        : null,
    passes: (stream, i) => isPlainHandshake(stream, i) && isPlainHandshake(stream, i + 1),
  },
  {
    name: "split in two",
    harm: (records, i) => {
      const [body, half] = [bodyOf(records[i]!), halfOf(records[i]!)];
      const type = records[i]![0]!;
      return records.toSpliced(i, 1, recordOf(type, body.subarray(0, half)), recordOf(type, body.subarray(half)));
    },
    passes: isPlainHandshake,
  },
  { name: "emptied", harm: (records, i) => replaced(records, i, []), passes: never },
  ...Object.entries(recordType).map(([name, type]) => ({
    name: `retyped as ${name}`,
    harm: (records: readonly Uint8Array[], i: number) =>
      records[i]![0] === type ? null : records.with(i, recordOf(type, bodyOf(records[i]!))),
    passes: never,
  })),
];

forEachReplay("One record harmed", 5000, (replay) => {
  it("is an error, but for what TLS lets pass", { timeout: 600_000 }, () => {
    const { side, bytes, version, resumed } = replay();
    const stream = { records: recordsOf(bytes), version, resumed };
    for (const [kind, { name, harm, passes }] of harms.entries()) {
      for (const [i, record] of stream.records.entries()) {
        const harmed = harm(stream.records, i);
        if (harmed === null || !replay().takes(kind * stream.records.length + i)) continue;
        const what = `record ${i} of type ${record[0]}, ${name}`;
        const unnoticed = replay().expectHarmless(side.playAgainst(joined(harmed)), what);
        expect(unnoticed, what).toBe(passes(stream, i));
      }
    }
  });
});

/** TLS 1.3 has them for the sake of middleboxes only (RFC 8446, appendix D.4). */
function isIdleChangeCipherSpec({ records, version }: Stream, i: number): boolean {
  return version === "TLSv1.3" && records[i]?.[0] === recordType.changeCipherSpec;
}

function isFirstOfClient({ records }: Stream, i: number): boolean {
  const clientHello = 1;
  return i === 0 && records[0]![5] === clientHello;
}

/** Where the Finished of TLS 1.3 is: behind it come two records of data and the goodbye, and before those a server's tickets. */
function finishedAt(stream: Stream): number {
  const { records, resumed } = stream;
  const tickets = isFirstOfClient(stream, 0) ? 0 : resumed ? 1 : 2;
  return records.length - 4 - tickets;
}

/** Records of handshake messages may be cut anywhere (RFC 8446, section 5.1); encrypted ones are protected as they are. */
function isPlainHandshake({ records, version }: Stream, i: number): boolean {
  const keysAt = records.findIndex(([type]) => type === recordType.changeCipherSpec);
  return records[i]?.[0] === recordType.handshake && (version === "TLSv1.3" || i < keysAt);
}

function bodyOf(record: Uint8Array): Uint8Array {
  return record.subarray(5);
}

function halfOf(record: Uint8Array): number {
  return Math.floor(bodyOf(record).length / 2);
}

function replaced(records: readonly Uint8Array[], i: number, body: Uint8Array | readonly number[]): Uint8Array[] {
  return records.with(i, recordOf(records[i]![0]!, body));
}
