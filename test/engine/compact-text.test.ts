// The text that bundles carry the module in, on the way there and back.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { orderOf, toCompactText } from "../../scripts/compact-text.ts";
import { embeddedModule } from "../../ts/wasm/compact.ts";
import { fromCompactText, letters } from "../../ts/wasm/compact-text.ts";

const everyByte = Uint8Array.from({ length: 256 }, (_, i) => i);

test("a text gives back the bytes that it was made of, whatever the order", () => {
  const bytes = fc.uint8Array({ maxLength: 600 });
  const order = fc.shuffledSubarray([...everyByte], { minLength: 256 });
  fc.assert(fc.property(bytes, order, (given, by) => same(fromCompactText(toCompactText(given, by), by), given)));
});

test("each byte is one character or two, and no two bytes are the same", () => {
  const order = orderOf(everyByte);
  const words = [...everyByte].map((byte) => toCompactText(Uint8Array.of(byte), order));
  expect(new Set(words).size).toBe(256);
  expect(new Set(words.map((word) => word.length))).toEqual(new Set([1, 2]));
});

test("the more frequent a byte, the earlier it stands in the order", () => {
  expect(orderOf(Uint8Array.of(7, 9, 9, 7, 9, 5)).slice(0, 4)).toEqual([9, 7, 5, 0]);
});

test("no minifier has a character to escape", () => {
  expect(letters).toMatch(/^[ -~]{90}$/);
  expect(letters).not.toMatch(/["`$\\<]/);
  expect(new Set(letters).size).toBe(letters.length);
});

test("the module for bundles has the bytes of the built one, and is as small after gzip", () => {
  const built = readFileSync(new URL("../../build/wanttls.wasm", import.meta.url));
  expect(same(embeddedModule(), built)).toBe(true);
  const text = toCompactText(built, orderOf(built));
  expect(gzipSync(text).length / gzipSync(built).length).toBeLessThan(1.03);
});

function same(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, i) => byte === other[i]);
}
