// How records are cut out of what a source has: one at a time, none begun that is not the next, and by as few calls as can be.
import { expect, it } from "vitest";
import { Records } from "../../ts/engine/records.ts";
import { MemoryBIO } from "../../ts/ssl/index.ts";
import { chunks, cut, joined, pattern, plainAlert, recordOf, recordType } from "../support/conversation.ts";

/** Records, what they were given, and the headers that were looked at. */
function intake(): { records: Records; fed: Uint8Array[]; headers: number } {
  const seen = { fed: [] as Uint8Array[], headers: 0 };
  let room = new Uint8Array(0);
  const records = new Records({
    checkHeader: () => seen.headers++,
    room: (size) => (room = new Uint8Array(size)),
    filled: (size) => seen.fed.push(room.subarray(0, size)),
  });
  return Object.assign(seen, { records });
}

const sizes = [0, 1, 2, 100, 16_384];
const all = sizes.map((size) => recordOf(recordType.applicationData, pattern(size)));

it("a record that is whole goes in by one call, and what is behind it stays in the source", () => {
  const source = new MemoryBIO();
  source.write(joined(all));
  const seen = intake();
  let left = joined(all).length;
  for (const record of all) {
    expect(seen.records.wholeIn(source)).toBe(true);
    expect(seen.records.feed(source)).toBe(true);
    left -= record.length;
    expect(source.pending).toBe(left);
    expect(seen.fed.pop()).toEqual(record);
    expect(seen.records.midRecord).toBe(false);
  }
  expect(seen.headers).toBe(all.length);
  expect(seen.records.feed(source)).toBe(false);
  expect(seen.fed).toEqual([]);
});

it("a record that comes in pieces goes in as they come, its header once and whole", () => {
  for (const chunk of chunks) {
    const source = new MemoryBIO();
    const seen = intake();
    let whole = 0;
    for (const part of cut(joined(all), chunk)) {
      source.write(part);
      while (seen.records.feed(source)) whole++;
      expect(source.pending).toBe(0);
    }
    expect([whole, seen.headers]).toEqual([all.length, all.length]);
    expect(joined(seen.fed)).toEqual(joined(all));
  }
});

it("what was held for a look comes first", () => {
  for (const at of [1, 4, 5, 6, 9]) {
    const source = new MemoryBIO();
    const record = all[3]!;
    const seen = intake();
    source.write(record.subarray(0, at));
    expect(seen.records.hold(source)).toEqual(record.subarray(0, at));
    source.write(joined([record.subarray(at), Uint8Array.of(9)]));
    expect(seen.records.feed(source)).toBe(true);
    expect(seen.fed).toEqual([record]);
    expect([seen.records.held.length, source.pending]).toEqual([0, 1]);
  }
});

it("an alert in the clear is kept for a look, however it came", () => {
  for (const chunk of chunks) {
    const source = new MemoryBIO();
    const { records } = intake();
    for (const part of cut(plainAlert("fatal", 40), chunk)) {
      source.write(part);
      records.feed(source);
    }
    expect(records.plainAlert).toEqual(Uint8Array.of(2, 40));
    source.write(all[2]!);
    records.feed(source);
    expect(records.plainAlert).toBe(null);
  }
});
