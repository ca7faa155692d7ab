// The randomness of one call into the module: nobody is given bytes twice, nothing is kept, and one draw serves a whole call.
import { expect, test } from "vitest";
import { Draws } from "../../ts/wasm/draws.ts";

/** A source that counts upwards, and remembers each array that it was to fill. */
class Counting {
  readonly asked: Uint8Array[] = [];
  #count = 0;

  readonly fill = (into: Uint8Array<ArrayBuffer>): void => {
    this.asked.push(into);
    for (let i = 0; i < into.length; i += 2) new DataView(into.buffer, into.byteOffset).setUint16(i, ++this.#count);
  };
}

test("no two bytes of the source are given out twice, whatever the sizes", () => {
  const draws = new Draws(new Counting().fill);
  const seen = new Set<string>();
  for (let size = 0; size <= 300; size += 2) {
    const bytes = filled(draws, size);
    for (let i = 0; i < size; i += 2) seen.add(String(bytes.subarray(i, i + 2)));
    if (size % 3 === 0) draws.end();
  }
  expect(seen.size).toBe((150 * 151) / 2);
});

test("a source is asked once for what is small, and anew after the call", () => {
  const source = new Counting();
  const draws = new Draws(source.fill);
  for (const size of [32, 32, 4, 12, 0]) filled(draws, size);
  expect(source.asked.length).toBe(1);
  draws.end();
  filled(draws, 4);
  expect(source.asked.length).toBe(2);
});

test("what is larger than a draw comes from the source at once", () => {
  const source = new Counting();
  const bytes = filled(new Draws(source.fill), 1000);
  expect(source.asked).toEqual([bytes]);
});

test("nothing of a draw is left when the call has ended", () => {
  const source = new Counting();
  const draws = new Draws(source.fill);
  filled(draws, 32);
  const [drawn] = source.asked;
  expect(drawn?.some(Boolean)).toBe(true);
  draws.end();
  expect(drawn?.some(Boolean)).toBe(false);
});

test("a source that fails gives nothing out, then and later", () => {
  let working = true;
  const source = new Counting();
  const draws = new Draws((into) => {
    source.fill(into);
    if (!working) throw new Error("no randomness");
  });
  filled(draws, 100);
  working = false;
  const into = new Uint8Array(100);
  for (let i = 0; i < 2; i++) expect(() => draws.give(into)).toThrow("no randomness");
  expect(into.some(Boolean)).toBe(false);
  expect(() => draws.give(into.subarray(0, 1))).toThrow("no randomness");
});

function filled(draws: Draws, size: number): Uint8Array {
  const into = new Uint8Array(size);
  draws.give(into);
  return into;
}
