// certTimeToSeconds beside Python's cert_time_to_seconds: the same seconds or no seconds at all, for good and bad texts.
import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { expect, test } from "vitest";
import { certTimeToSeconds } from "../../ts/ssl/index.ts";

const script = `
import json, ssl, sys
def seconds(text):
    try:
        return ssl.cert_time_to_seconds(text)
    except ValueError:
        return None
json.dump([seconds(text) for text in json.load(sys.stdin)], sys.stdout)
`;

function python(texts: readonly string[]): (number | null)[] {
  const { stdout } = spawnSync("python3", ["-c", script], { input: JSON.stringify(texts), encoding: "utf8" });
  return JSON.parse(stdout) as (number | null)[];
}

function ours(text: string): number | null {
  try {
    return certTimeToSeconds(text);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

test("the texts of CPython's own tests and the edges of the form", () => {
  const texts = [
    "Jan  5 09:34:43 2018 GMT",
    "Jan 5 09:34:43 2018 GMT",
    "jan 05 9:4:3 2018 gmt",
    "May  9 00:00:00 2007 GMT",
    "Jan  5 09:34:60 2018 GMT",
    "Jan  5 09:34:61 2018 GMT",
    "Jan  5 09:34:62 2018 GMT",
    "Dec 31 23:59:60 2008 GMT",
    "Feb 31 00:00:00 2018 GMT",
    "Feb 29 00:00:00 2016 GMT",
    "Feb  9 00:00:00 2007 GMT",
    "Jan 32 00:00:00 2018 GMT",
    "Jan  0 00:00:00 2018 GMT",
    "Jan  5 24:00:00 2018 GMT",
    "Jan  5 00:60:00 2018 GMT",
    "Jan  5 00:00 2018 GMT",
    "Jan  5 00:00:00 2018",
    "Jan  5 00:00:00 2018 UTC",
    "Jan  5 00:00:00 18 GMT",
    "Jan  5 00:00:00 0000 GMT",
    "Jan  5 00:00:00 0001 GMT",
    "Jan  5 00:00:00 9999 GMT",
    "Jan  5 00:00:00 20180 GMT",
    "Jan  5 00:00:00 2018 GMT ",
    " Jan  5 00:00:00 2018 GMT",
    "Jan5 00:00:00 2018 GMT",
    "Jan\t5\n00:00:00 2018\r GMT",
    "Jon  5 00:00:00 2018 GMT",
    "January 5 00:00:00 2018 GMT",
    "Jan  5 00:00:00 2018GMT",
    "",
  ];
  expect(texts.map((text) => [text, ours(text)])).toEqual(python(texts).map((seconds, i) => [texts[i], seconds]));
});

test("texts that are nearly right", () => {
  const often = <T>(good: fc.Arbitrary<T>, bad: fc.Arbitrary<T>): fc.Arbitrary<T> =>
    fc.oneof({ arbitrary: good, weight: 15 }, { arbitrary: bad, weight: 1 });
  const number = (min: number, max: number): fc.Arbitrary<string> =>
    fc
      .tuple(fc.integer({ min, max }), often(fc.integer({ min: 1, max: 2 }), fc.constantFrom(3, 4)))
      .map(([n, width]) => String(n).padStart(width, "0"));
  const names = "Jan feb MAR aPr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
  const space = often(fc.constantFrom(" ", "  ", "\t"), fc.constantFrom("", "_"));
  const colon = often(fc.constant(":"), fc.constantFrom(".", ": "));
  const text = fc
    .tuple(
      ...[often(fc.constantFrom(...names), fc.constantFrom("Jam", "ja", "")), space, number(0, 32), space],
      ...[number(0, 24), colon, number(0, 60), colon, number(0, 62), space],
      ...[often(fc.integer({ min: 1000, max: 9999 }).map(String), number(0, 10_000)), space],
      often(fc.constantFrom("GMT", "gmt"), fc.constantFrom("UTC", "", "GMT ")),
    )
    .map((parts) => parts.join(""));
  const texts = fc.sample(text, 3000);
  const theirs = python(texts);
  expect(theirs.filter((seconds) => seconds !== null).length).toBeGreaterThan(300);
  expect(theirs.filter((seconds) => seconds === null).length).toBeGreaterThan(300);
  expect(texts.map((one) => [one, ours(one)])).toEqual(theirs.map((seconds, i) => [texts[i], seconds]));
});

test("what is no text is a TypeError", () => {
  for (const value of [5, null, undefined, {}]) expect(() => certTimeToSeconds(value as string)).toThrow(TypeError);
});
