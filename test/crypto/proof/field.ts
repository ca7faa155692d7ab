// What p256_field.h promises, as rules for the machine: at each call of a product its instructions are run with limbs of their own, within
// the bounds that the operands have just here, and what comes out is compared with the promise. Owns numbers of nine limbs.
import type { WasmBinary } from "../../audit/wasm-binary.ts";
import { Machine } from "./machine.ts";
import { inverse, Polynomial } from "./polynomial.ts";
import { WholeNumber } from "./whole-number.ts";
import { type Address, constant, isAddress, numeral, type Word } from "./word.ts";

type Limbs = readonly WholeNumber[];

const [limbs, limbBits] = [9, 29];
export const numberSize = 4 * limbs;
const half = 1n << BigInt(limbBits - 1);
/** Numbers are kept times this. */
const montgomery = 1n << BigInt(limbs * limbBits);
/** Of a carried number the uppermost limb is not above this, up or down: 32 times that of the prime. */
const uppermost = 1n << 29n;

/** A machine for the module, whose products are proven at each call; what is asked for zero is put into `asked`. */
export function fieldMachine(binary: WasmBinary, constants: DataView, asked: Polynomial[] = []): Machine {
  return new Machine(binary, constants, {
    wt_p256_multiply_add: (machine, [out, a, b, k, c]) => {
      proveProduct(machine, "wt_p256_multiply_add", [out!, a!, b!, k!, c!], { a: a!, b: b!, k: k!, c: c! });
      return undefined;
    },
    wt_p256_square_add: (machine, [out, a, k, c]) => {
      proveProduct(machine, "wt_p256_square_add", [out!, a!, k!, c!], { a: a!, b: a!, k: k!, c: c! });
      return undefined;
    },
    wt_p256_is_zero: (machine, [a]) => {
      const number = read(machine, a!);
      if (!isCarried(number)) throw new Error("Cannot prove: a number that is not carried is asked for zero");
      asked.push(valueOf(number).scaled(inverse(montgomery)));
      return numeral(WholeNumber.unknown(0n, 1n), 32);
    },
  });
}

/** Puts a number there that is kept for `value`; its limbs, but for the uppermost, are within half of 2^29, up or down. */
export function put(machine: Machine, at: Address, value: Polynomial, highest: bigint): void {
  const bounds = Array.from({ length: limbs }, (_, i) => (i < limbs - 1 ? half : highest));
  const named = bounds.map((bound) => WholeNumber.unknown(-bound, bound));
  write(machine, at, withValue(named, value.scaled(montgomery)));
}

/** Puts a number there within the bounds of the one that is there. */
export function replace(machine: Machine, at: Address, value: Polynomial): void {
  const named = read(machine, at).map(({ low, high }) => WholeNumber.unknown(low, high));
  write(machine, at, withValue(named, value.scaled(montgomery)));
}

/** What the number there is kept for. */
export function valueAt(machine: Machine, at: Address): Polynomial {
  return valueOf(read(machine, at)).scaled(inverse(montgomery));
}

/** Whether the number there is within the bounds of `put`. */
export function isWithin(machine: Machine, at: Address, highest: bigint): boolean {
  return read(machine, at).every((limb, i) => {
    const bound = i < limbs - 1 ? half : highest;
    return limb.isWithin(-bound, bound);
  });
}

/** Whether limbs are such that the number has one form only, and is below 2^6 times the prime. */
function isCarried(number: Limbs): boolean {
  return number.every((limb, i) =>
    i < limbs - 1 ? limb.isWithin(-half, half - 1n) : limb.isWithin(-uppermost, uppermost),
  );
}

/** out = a b / 2^261 + k c, in any numbers within the bounds of these. */
function proveProduct(
  machine: Machine,
  name: string,
  parameters: readonly Word[],
  operands: Readonly<Record<"a" | "b" | "k" | "c", Word>>,
): void {
  const alone = machine.fresh({});
  const renamed = new Map([operands.a, operands.b, operands.c].map((at) => [placeOf(at), rename(machine, alone, at)]));
  const inner = (at: Word): Polynomial => renamed.get(placeOf(at))!;
  const k = isAddress(operands.k) ? 0n : BigInt(constant(operands.k));
  alone.run(
    name,
    parameters.map((word) => (word === operands.k ? word : addressOf(word))),
  );
  const out = addressOf(parameters[0]!);
  const left = valueOf(read(alone, out)).scaled(montgomery);
  const right = inner(operands.a)
    .times(inner(operands.b))
    .plus(inner(operands.c).scaled(k * montgomery));
  if (!left.equals(right)) throw new Error(`Cannot prove: ${name} makes something else than the product`);
  const [a, b, c] = [operands.a, operands.b, operands.c].map((at) => valueOf(read(machine, at)));
  const value = a!.times(b!).scaled(inverse(montgomery)).plus(c!.scaled(k));
  write(
    machine,
    out,
    withValue(
      read(alone, out).map(({ low, high }) => WholeNumber.unknown(low, high)),
      value,
    ),
  );
}

/** Puts an operand into another machine, with limbs that have names of their own; answers the number. */
function rename(from: Machine, to: Machine, at: Word): Polynomial {
  const named = read(from, at).map(({ low, high }) => WholeNumber.unknown(low, high));
  write(to, addressOf(at), named);
  return valueOf(named);
}

/** The same limbs, of which the lowest is known by the number and the others. */
function withValue(named: Limbs, value: Polynomial): Limbs {
  const [lowest, ...others] = named;
  const rest = valueOf([WholeNumber.constant(0n), ...others]);
  return [new WholeNumber(lowest!.low, lowest!.high, value.minus(rest)), ...others];
}

function valueOf(number: Limbs): Polynomial {
  return number.reduce(
    (sum, limb, i) => sum.plus(limb.polynomial.scaled(1n << BigInt(limbBits * i))),
    Polynomial.constant(0n),
  );
}

function read(machine: Machine, at: Word): Limbs {
  return Array.from({ length: limbs }, (_, i) => machine.at(moved(at, 4 * i), 4));
}

function write(machine: Machine, { base, offset }: Address, number: Limbs): void {
  for (const [i, limb] of number.entries()) machine.store({ base, offset: offset + 4 * i }, 4, limb);
}

function moved(at: Word, by: number): Word {
  if (isAddress(at)) return { base: at.base, offset: at.offset + by };
  return numeral(at.number.plus(WholeNumber.constant(BigInt(by))), 32);
}

/** Where constants are has a name as well. */
function addressOf(at: Word): Address {
  return isAddress(at) ? at : { base: "constants", offset: constant(at) };
}

function placeOf(at: Word): string {
  const { base, offset } = addressOf(at);
  return `${base} ${offset}`;
}
