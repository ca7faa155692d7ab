// A proof, by calculation, about the instructions in the shipped module that verification on P-256 is made of (wasm/crypto/p256_field.c,
// p256_point.c): for all inputs within the stated bounds no word overflows where that matters, numbers come out within the bounds
// in which they go in, and what comes out is the law of the group, as polynomials in the coordinates modulo the prime.
//
// How: each function is run once, instruction by instruction, on whole numbers of which only bounds and a polynomial are known
// (proof/machine.ts). As there are no branches, that is every run there can be. Shifting down and masking give the quotient a
// name of its own, and all names but those of the inputs must have gone in the end.
//
// To be trusted: what is in proof/ (some hundreds of lines) and test/audit/wasm-binary.ts, that engines do what WebAssembly says, that
// different parameters are numbers that do not overlap, and that constants in memory stay. Not proven here: the loop over the digits,
// tables and the exceptions (p256_verify.c and the rest of p256_point.c), for which there are tests (p256.test.ts).
import { readFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { opcodes, Reader, WasmBinary, type WasmFunction } from "../audit/wasm-binary.ts";
import { fieldMachine, isWithin, numberSize, put, replace, valueAt } from "./proof/field.ts";
import type { Machine } from "./proof/machine.ts";
import { Polynomial } from "./proof/polynomial.ts";
import { WholeNumber } from "./proof/whole-number.ts";
import { type Address, numeral, type Word } from "./proof/word.ts";

const path = fileURLToPath(new URL("../../build/wanttls.wasm", import.meta.url));
const shipped = WasmBinary.read(path);
const symbols = readFileSync(`${path}.symbols`, "utf8");
const constants = memoryOf(shipped);

/** What the uppermost limb of a coordinate is at most, up or down: 4 times that of the prime. */
const highest = 1n << 26n;
const products = ["wt_p256_multiply_add", "wt_p256_square_add"];
const straight = ["double_finite", "align", "align_affine", "join", "read", "has_x"].map((name) => `wt_p256_${name}`);
const variable = (name: string): Polynomial => Polynomial.variable(name);
const [x, y, z] = [variable("x"), variable("y"), variable("z")];
const [otherX, otherY, otherZ] = [variable("X"), variable("Y"), variable("Z")];
const sign = variable("sign");

type Triple = readonly [Polynomial, Polynomial, Polynomial];

test("a double is that of the group: the slope is (3 x^2 - 3) / 2 y", () => {
  expectDoubled(shipped);
});

test("a sum is that of the group: the slope is the difference in y by that in x", () => {
  expectSummed(shipped);
});

test("so is the sum of a point and one with z = 1, where the first was doubled before, as it always is", () => {
  const machine = machineWith({ sum: [x, y, z], other: [otherX, otherY] });
  machine.call("wt_p256_double_finite", [at("sum")]);
  for (const [i, value] of [x, y, z].entries()) replace(machine, at("sum", i), value);
  machine.call("wt_p256_align_affine", [at("apart"), at("sum"), at("other"), eitherSign()]);
  machine.call("wt_p256_join", [at("sum"), at("sum"), at("apart")]);
  expectSum(machine, [otherX, otherY, Polynomial.constant(1n)]);
});

test("differences in x and y are zero where coordinates are the same, and have one form", () => {
  const asked: Polynomial[] = [];
  const machine = machineWith({ sum: [x, y, z], other: [otherX, otherY, otherZ] }, asked);
  machine.call("wt_p256_align", [at("aligned"), at("apart"), at("sum"), at("other"), eitherSign()]);
  const single = machineWith({ sum: [x, y, z], other: [otherX, otherY] }, asked);
  single.call("wt_p256_align_affine", [at("apart"), at("sum"), at("other"), eitherSign()]);
  for (const i of [0, 1]) {
    machine.call("wt_p256_is_zero", [at("apart", i)]);
    single.call("wt_p256_is_zero", [at("apart", i)]);
  }
  expectSame(asked[0]!, product(otherX, z, z).minus(product(x, otherZ, otherZ)));
  expectSame(asked[1]!, product(otherX, z, z).minus(x));
  expectSame(asked[2]!, product(sign, otherY, z, z, z).minus(product(y, otherZ, otherZ, otherZ)));
  expectSame(asked[3]!, product(sign, otherY, z, z, z).minus(y));
});

test("bytes become the number that they are, times 1 or 2, in Montgomery form", () => {
  for (const times of [1n, 2n]) {
    const machine = machineWith({});
    const bytes = Array.from({ length: 32 }, (_, i) => WholeNumber.unknown(0n, 255n, `byte${i}`));
    for (const [i, byte] of bytes.entries()) machine.store({ base: "bytes", offset: i }, 1, byte);
    machine.call("wt_p256_read", [at("number"), numeral(WholeNumber.constant(times), 32), at("bytes")]);
    const number = bytes.reduce((sum, byte) => sum.scaled(256n).plus(byte.polynomial), Polynomial.constant(0n));
    expectSame(valueAt(machine, at("number")), number.scaled(times));
    expect(isWithin(machine, at("number"), highest)).toBe(true);
  }
});

test("a point has an x when x z^2 is the same as its own", () => {
  const asked: Polynomial[] = [];
  const machine = machineWith({ point: [x, y, z], other: [otherX] }, asked);
  machine.call("wt_p256_has_x", [at("point"), at("other")]);
  expect(asked).toHaveLength(1);
  expectSame(asked[0]!, product(otherX, z, z).minus(x));
});

test("nothing else of the module calls what is proven here for the bounds of its callers", () => {
  const functions = [...products, "wt_p256_combine"];
  expect(callersOf(functions)).toEqual(new Set(straight));
});

test("with bounds that are wider there is no proof", () => {
  const machine = fieldMachine(shipped, constants);
  for (const [i, value] of [x, y, z].entries()) put(machine, at("point", i), value, highest << 2n);
  expect(() => machine.call("wt_p256_double_finite", [at("point")])).toThrow("Cannot prove");
});

test("what has a branch is not proven", () => {
  expect(() => machineWith({}).run("wt_p256_is_zero", [at("point")])).toThrow("Cannot prove: instruction 0x2");
});

const thorough = process.env["WANTTLS_PROOF"] === "all";
test.each(products)(`no instruction of %s can be another${thorough ? "" : ", of every seventh"}`, (name) => {
  const mutants = mutantsOf(shipped.functions.find((of) => of.name === name)!);
  expect(mutants.length).toBeGreaterThan(200);
  const survivors = mutants.filter((_, i) => thorough || i % 7 === 0).filter(({ bytes }) => isProven(name, bytes));
  expect(survivors.map(({ what }) => what)).toEqual([]);
});

test.each([
  ["wt_p256_double_finite", expectDoubled],
  ["wt_p256_align", expectSummed],
  ["wt_p256_join", expectSummed],
] as const)("no factor and no place in %s can be another", (name, prove) => {
  const mutants = mutantsOf(shipped.functions.find((of) => of.name === name)!);
  expect(mutants.length).toBeGreaterThan(50);
  const some = mutants.filter((_, i) => thorough || i % 5 === 0);
  const survivors = some.filter(({ bytes }) => !fails(() => prove(new WasmBinary(bytes, symbols))));
  expect(survivors.map(({ what }) => what)).toEqual([]);
});

function expectDoubled(binary: WasmBinary): void {
  const machine = machineWith({ point: [x, y, z] }, [], binary);
  machine.call("wt_p256_double_finite", [at("point")]);
  // Over z: x / z^2 and y / 2 z^3, so that the slope is n / (y z) with
  const n = product(x, x)
    .minus(product(z, z, z, z))
    .scaled(3n);
  expectPoint(machine, "point", n, product(y, z), product(x, y, y), product(x, y, y), product(y, y, y, y).scaled(-1n));
}

function expectSummed(binary: WasmBinary): void {
  const machine = machineWith({ sum: [x, y, z], other: [otherX, otherY, otherZ] }, [], binary);
  machine.call("wt_p256_align", [at("aligned"), at("apart"), at("sum"), at("other"), eitherSign()]);
  machine.call("wt_p256_join", [at("sum"), at("aligned"), at("apart")]);
  expectSum(machine, [otherX, otherY, otherZ]);
}

/** A machine in whose memory these numbers lie, each point one number behind the other. */
function machineWith(
  numbers: Readonly<Record<string, readonly Polynomial[]>>,
  asked: Polynomial[] = [],
  binary = shipped,
): Machine {
  const machine = fieldMachine(binary, constants, asked);
  for (const [base, values] of Object.entries(numbers)) {
    for (const [i, value] of values.entries()) put(machine, at(base, i), value, highest);
  }
  return machine;
}

/**
 * That `sum` is the sum of the first point and sign times the other, in numbers that may go in again. Both are put over z Z: then they
 * differ by h in x and by r in twice y, so that the slope is r / (2 h z Z).
 */
function expectSum(machine: Machine, [toX, toY, toZ]: Triple): void {
  const [fromX, fromY] = [product(x, toZ, toZ), product(y, toZ, toZ, toZ)];
  const h = product(toX, z, z).minus(fromX);
  const r = product(sign, toY, z, z, z).minus(fromY);
  const square = product(h, h).scaled(4n);
  const [first, second] = [product(fromX, square), product(toX, z, z, square)];
  expectPoint(machine, "sum", r, product(h, z, toZ).scaled(2n), first, second, product(fromY, h, square).scaled(-2n));
}

/**
 * That a point is where the line of slope n / d through two points meets the curve again, mirrored: x = slope^2 - x1 - x2 and
 * y = slope (x1 - x) - y1, over z = d. So x1 and x2 come times d^2, and -y1 times 2 d^3, as y is kept twice.
 */
function expectPoint(
  machine: Machine,
  base: string,
  n: Polynomial,
  d: Polynomial,
  x1: Polynomial,
  x2: Polynomial,
  rest: Polynomial,
): void {
  const newX = product(n, n).minus(x1).minus(x2);
  expectSame(valueAt(machine, at(base, 0)), newX);
  expectSame(valueAt(machine, at(base, 1)), product(n, x1.minus(newX)).scaled(2n).plus(rest));
  expectSame(valueAt(machine, at(base, 2)), d);
  for (const i of [0, 1, 2]) expect(isWithin(machine, at(base, i), highest)).toBe(true);
}

function expectSame(a: Polynomial, b: Polynomial): void {
  expect([...a.minus(b).terms]).toEqual([]);
}

function product(...factors: readonly Polynomial[]): Polynomial {
  return factors.reduce((all, factor) => all.times(factor));
}

function at(base: string, index = 0): Address {
  return { base, offset: index * numberSize };
}

function eitherSign(): Word {
  return numeral(WholeNumber.unknown(-1n, 1n, "sign"), 32);
}

/** The names of the functions that call one of these. */
function callersOf(names: readonly string[]): Set<string> {
  const callers = shipped.functions.filter((of) =>
    [...shipped.instructions(of)].some(({ at: place, opcode }) => {
      if (opcode !== opcodes.call) return false;
      const callee = new Reader(shipped.bytes, place + 1).number() - shipped.importedFunctions;
      return names.includes(shipped.functions[callee]?.name ?? "");
    }),
  );
  return new Set(callers.map((of) => of.name));
}

/** The memory that an instance begins with. */
function memoryOf(binary: WasmBinary): DataView {
  const module = new WebAssembly.Module(binary.bytes.slice());
  const env = Object.fromEntries(WebAssembly.Module.imports(module).map(({ name }) => [name, () => 0]));
  const { exports } = new WebAssembly.Instance(module, { env });
  return new DataView((exports["memory"] as WebAssembly.Memory).buffer);
}

/** The module with one instruction of the function changed: sums for differences and products, other constants and places. */
function mutantsOf(of: WasmFunction): { readonly what: string; readonly bytes: Uint8Array }[] {
  const others: Readonly<Record<number, number>> = { 0x6a: 0x6b, 0x6b: 0x6a, 0x7c: 0x7d, 0x7d: 0x7c, 0x7e: 0x7c };
  return [...shipped.instructions(of)].flatMap(({ at: place, end, opcode }) => {
    const bytes = shipped.bytes.slice();
    if (others[opcode] !== undefined) bytes[place] = others[opcode];
    else if (opcode === 0x41 || opcode === 0x42 || opcode === 0x34) bytes[place + (opcode === 0x34 ? 2 : 1)]! ^= 4;
    else return [];
    return [{ what: `0x${opcode.toString(16)} at ${place}, ${end - place} bytes`, bytes }];
  });
}

function isProven(name: string, bytes: Uint8Array): boolean {
  const machine = fieldMachine(new WasmBinary(bytes, symbols), constants);
  for (const [i, value] of [x, y, z].entries()) put(machine, at("number", i), value, highest);
  const minusTwo = numeral(WholeNumber.constant(-2n), 32);
  const factors = name === products[0] ? [at("number"), at("number", 1)] : [at("number")];
  return !fails(() => machine.call(name, [at("out"), ...factors, minusTwo, at("number", 2)]));
}

function fails(act: () => unknown): boolean {
  try {
    act();
    return false;
  } catch {
    return true;
  }
}
