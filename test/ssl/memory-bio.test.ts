// MemoryBIO: the statements of Python's class, and what it refuses.
import fc from "fast-check";
import { expect, test } from "vitest";
import { MemoryBIO, SSLError } from "../../ts/ssl/index.ts";
import { ascii, joined, notBytes, pattern } from "../support/conversation.ts";

const nothing = new Uint8Array(0);

/** What the engine and the sockets use besides. */
interface Insides {
  appendCopy(bytes: Uint8Array): void;
  front(limit: number): Uint8Array;
}

test("B6 read() of an empty MemoryBIO gives empty bytes, before and after the end was written", () => {
  const bio = new MemoryBIO();
  expect(bio.read()).toEqual(nothing);
  bio.writeEof();
  expect([bio.read(), bio.read(7), bio.read(-1), bio.read(0)]).toEqual([nothing, nothing, nothing, nothing]);
});

test("B7 read(n) gives everything when n is negative or left out, and read(0) changes nothing", () => {
  for (const n of [undefined, -1, -5]) {
    const bio = filled("abcdef");
    expect(bio.read(0)).toEqual(nothing);
    expect(bio.pending).toBe(6);
    expect(bio.read(n)).toEqual(ascii("abcdef"));
    expect(bio.pending).toBe(0);
  }
});

test("B7 read(n) gives at most n bytes and never raises for too many", () => {
  const bio = filled("abcdef");
  expect(bio.read(4)).toEqual(ascii("abcd"));
  expect(bio.read(4)).toEqual(ascii("ef"));
  expect(bio.read(4)).toEqual(nothing);
});

test("B8 pending counts unread bytes and write() answers the length", () => {
  const bio = new MemoryBIO();
  expect([bio.pending, bio.write(ascii("foo")), bio.pending]).toEqual([0, 3, 3]);
  expect([bio.write(nothing), bio.pending]).toEqual([0, 3]);
  expect([bio.write(ascii("bar")), bio.pending]).toEqual([3, 6]);
  bio.read(2);
  expect(bio.pending).toBe(4);
  bio.read();
  expect(bio.pending).toBe(0);
});

test("B9 S2 eof is false until the end was written and everything was read", () => {
  const bio = new MemoryBIO();
  expect(bio.eof).toBe(false);
  bio.write(ascii("foo"));
  expect(bio.eof).toBe(false);
  bio.writeEof();
  expect(bio.eof).toBe(false);
  bio.read(2);
  expect(bio.eof).toBe(false);
  bio.read(1);
  expect(bio.eof).toBe(true);
  expect(bio.read()).toEqual(nothing);
  expect(bio.eof).toBe(true);
});

test("B9 S2 a write after the end raises SSLError and adds nothing", () => {
  const bio = filled("a");
  bio.writeEof();
  for (const bytes of [ascii("b"), nothing]) {
    expect(() => bio.write(bytes)).toThrow(SSLError);
    expect(() => bio.write(bytes)).toThrow("cannot write() after write_eof()");
  }
  expect(bio.read()).toEqual(ascii("a"));
});

test("B10 writeEof() twice is allowed", () => {
  const bio = new MemoryBIO();
  bio.writeEof();
  bio.writeEof();
  expect(bio.eof).toBe(true);
});

test("B10 every kind of view and the buffer itself are taken, with their offsets", () => {
  const bytes = ascii("..abcdefgh..");
  const { buffer } = bytes;
  const views = [
    new Uint8Array(buffer, 2, 8),
    new Int8Array(buffer, 2, 8),
    new Uint8ClampedArray(buffer, 2, 8),
    new DataView(buffer, 2, 8),
    new Uint16Array(buffer, 2, 4),
    new Uint32Array(ascii("abcdefgh").buffer),
    new BigUint64Array(ascii("abcdefgh").buffer),
    ascii("abcdefgh").buffer,
  ];
  for (const view of views) {
    const bio = new MemoryBIO();
    expect(bio.write(view)).toBe(8);
    expect(bio.read()).toEqual(ascii("abcdefgh"));
  }
});

test("B10 what is written is copied before write() returns", () => {
  const bio = new MemoryBIO();
  const bytes = ascii("first");
  bio.write(bytes);
  bytes.fill(0);
  expect(bio.read()).toEqual(ascii("first"));
});

test("B10 strings, null, numbers, arrays, shared and detached memory are refused with TypeError", () => {
  const bio = filled("kept");
  for (const wrong of notBytes()) expect(() => bio.write(wrong as Uint8Array)).toThrow(TypeError);
  expect(bio.read()).toEqual(ascii("kept"));
});

test("B10 read() refuses what is no integer with TypeError", () => {
  const bio = filled("kept");
  for (const wrong of ["1", null, 1.5, NaN, {}, true, 1n]) {
    expect(() => bio.read(wrong as number)).toThrow(TypeError);
  }
  expect(bio.read()).toEqual(ascii("kept"));
});

test("what read() has given is the caller's: changing it changes nothing that is queued", () => {
  const bio = new MemoryBIO();
  for (const first of [3, 20_000]) {
    bio.write(pattern(first));
    const all = bio.read();
    all.fill(0);
    bio.write(pattern(first));
    const part = bio.read(2);
    part.fill(0);
    const rest = bio.read();
    expect(rest).toEqual(pattern(first).subarray(2));
    rest.fill(0);
    expect(bio.pending).toBe(0);
  }
});

test("arrays that are used again hold nothing that somebody else has, or that is queued", () => {
  const bio = new MemoryBIO() as MemoryBIO & Insides;
  const into = new Uint8Array(70_000);
  const expectNext = (size: number, seed: number): void => {
    expect(bio.readInto(into.subarray(0, size))).toBe(size);
    expect(into.subarray(0, size)).toEqual(pattern(size).map((byte) => byte ^ seed));
  };
  const append = (size: number, seed: number): void => bio.appendCopy(pattern(size).map((byte) => byte ^ seed));
  for (const size of [20_000, 5000, 65_000, 65_000]) {
    append(size, 1);
    append(size, 2); // the first one is still there
    expectNext(10, 1);
    bio.readInto(into.subarray(0, size - 10));
    append(size, 3);
    expectNext(size, 2);
    append(size, 4);
    expectNext(size, 3);
    expectNext(size, 4);
  }
  append(65_000, 5);
  const kept = bio.read();
  const shown = [append(65_000, 6), bio.front(65_000)][1]!;
  bio.consume(65_000);
  append(65_000, 7);
  expect([kept, shown]).toEqual([5, 6].map((seed) => pattern(65_000).map((byte) => byte ^ seed)));
  expectNext(65_000, 7);
});

test("S1 what is left of one array, and as many bytes of others as were read of it, come out together", () => {
  const bio = new MemoryBIO();
  for (const size of [100, 16_384, 32_768, 65_536]) {
    for (const cut of [1, size / 4, size / 2, size - 1]) {
      const all = pattern(size + cut);
      bio.write(all.subarray(0, size));
      expect(bio.read(cut)).toEqual(all.subarray(0, cut));
      bio.write(all.subarray(size, size + 1));
      bio.write(all.subarray(size + 1));
      expect(bio.read()).toEqual(all.subarray(cut));
    }
  }
});

test("S1 bytes come out in the order in which they went in, however they are cut", () => {
  const one = fc.oneof({ weight: 9, arbitrary: fc.nat(300) }, fc.constantFrom(16_384, 32_768));
  const sizes = fc.array(one, { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(sizes, sizes, (writes, reads) => {
      const bio = new MemoryBIO();
      const all = pattern(writes.reduce((sum, size) => sum + size, 0));
      const parts: Uint8Array[] = [];
      let at = 0;
      for (const [i, size] of writes.entries()) {
        bio.write(all.subarray(at, (at += size)));
        parts.push(bio.read(reads[i % reads.length]));
      }
      parts.push(bio.read());
      expect(joined(parts)).toEqual(all);
      expect(bio.pending).toBe(0);
    }),
  );
});

test("peek() shows bytes and leaves them, consume() drops them", () => {
  const bio = filled("abcdef");
  bio.write(ascii("ghi"));
  expect([bio.peek(7), bio.peek(), bio.peek(0)]).toEqual([ascii("abcdefg"), ascii("abcdefghi"), nothing]);
  expect(bio.peek(100)).toEqual(ascii("abcdefghi"));
  bio.consume(7);
  expect([bio.pending, bio.peek()]).toEqual([2, ascii("hi")]);
  bio.consume(0);
  for (const wrong of [3, -1, 1.5, undefined]) expect(() => bio.consume(wrong as number)).toThrow(RangeError);
  expect(bio.read()).toEqual(ascii("hi"));
});

test("readInto() fills from the front and answers how many bytes", () => {
  const bio = filled("abc");
  const into = new Uint8Array(5);
  expect(bio.readInto(into.subarray(1, 3))).toBe(2);
  expect(into).toEqual(Uint8Array.of(0, 97, 98, 0, 0));
  expect(bio.readInto(into)).toBe(1);
  expect(bio.readInto(into)).toBe(0);
});

function filled(text: string): MemoryBIO {
  const bio = new MemoryBIO();
  bio.write(ascii(text));
  return bio;
}
