// Runs functions of a WebAssembly module without knowing their parameters, each instruction once and in order. Owns locals, the stack
// and memory as far as it is known; refuses all branches, instructions that it does not know, and addresses that it cannot tell apart.
import { Reader, type WasmBinary, type WasmFunction } from "../../audit/wasm-binary.ts";
import {
  type Address,
  constant,
  isAddress,
  numeral,
  type Numeral,
  operations,
  signed,
  unsigned,
  type Width,
  type Word,
  wrapped,
} from "./word.ts";
import { WholeNumber } from "./whole-number.ts";

interface Cell {
  readonly size: number;
  readonly number: WholeNumber;
}

/** What is done in place of a function's instructions; the answer is its result. */
export type Rule = (machine: Machine, parameters: readonly Word[]) => Word | undefined;

interface Frame {
  readonly of: WasmFunction;
  readonly locals: Word[];
  readonly stack: Word[];
}

const opcodes = {
  end: 0x0b,
  call: 0x10,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  globalGet: 0x23,
  globalSet: 0x24,
  i32Const: 0x41,
  i64Const: 0x42,
  wrap: 0xa7,
  extendSigned: 0xac,
  extendUnsigned: 0xad,
} as const;

/** Of loads: how many bytes, whether they have a sign, and the width of the word. */
const loads: Readonly<Record<number, readonly [size: number, isSigned: boolean, width: Width]>> = {
  0x28: [4, true, 32],
  0x2d: [1, false, 32],
  0x31: [1, false, 64],
  0x34: [4, true, 64],
  0x35: [4, false, 64],
};

/** i32.store and i64.store32. */
const stores: ReadonlySet<number> = new Set([0x36, 0x3e]);

const arithmetic: Readonly<Record<number, readonly [keyof typeof operations, Width]>> = {
  ...byOpcode(0x6a, ["add", "sub", "mul"], 32),
  ...byOpcode(0x71, ["and", "or"], 32),
  ...byOpcode(0x74, ["shl", "shr_s", "shr_u"], 32),
  ...byOpcode(0x7c, ["add", "sub", "mul"], 64),
  ...byOpcode(0x83, ["and", "or"], 64),
  ...byOpcode(0x86, ["shl", "shr_s", "shr_u"], 64),
};

export class Machine {
  readonly binary: WasmBinary;
  readonly #rules: Readonly<Record<string, Rule>>;
  readonly #memory = new Map<string, Cell>();
  readonly #constants: DataView;
  /** Goes down from 0: what lies above belongs to whoever called. */
  #stackPointer: Address = { base: "stack", offset: 0 };

  /** `constants` is the memory of the module as it begins, of which nothing is read that is not constant. */
  constructor(binary: WasmBinary, constants: DataView, rules: Readonly<Record<string, Rule>>) {
    this.binary = binary;
    this.#constants = constants;
    this.#rules = rules;
  }

  /** Another one for the same module, with nothing in its memory. */
  fresh(rules = this.#rules): Machine {
    const machine = new Machine(this.binary, this.#constants, rules);
    machine.#stackPointer = this.#stackPointer;
    return machine;
  }

  /** Runs a function by its rule, or else by its instructions. */
  call(name: string, parameters: readonly Word[]): Word | undefined {
    const rule = this.#rules[name];
    return rule === undefined ? this.run(name, parameters) : rule(this, parameters);
  }

  run(name: string, parameters: readonly Word[]): Word | undefined {
    const of = this.binary.functions.find((each) => each.name === name);
    if (of === undefined) throw new Error(`Cannot prove: there is no function ${name}`);
    const zero = numeral(WholeNumber.constant(0n), 64);
    const frame: Frame = { of, locals: [...parameters, ...Array.from({ length: of.locals }, () => zero)], stack: [] };
    const { offset } = this.#stackPointer;
    for (const { at, opcode } of this.binary.instructions(of)) this.#step(frame, opcode, at);
    if (frame.stack.length > 1) throw new Error(`Cannot prove: ${name} leaves more than a result`);
    if (this.#stackPointer.offset !== offset)
      throw new Error(`Cannot prove: ${name} does not leave the stack as it was`);
    return frame.stack.pop();
  }

  load({ base, offset }: Address, size: number): WholeNumber {
    const cell = this.#memory.get(`${base} ${offset}`);
    if (cell?.size !== size) throw new Error(`Cannot prove: ${size} bytes of ${base} at ${offset} are not known`);
    return cell.number;
  }

  /** Takes away what lies there in part. */
  store({ base, offset }: Address, size: number, number: WholeNumber): void {
    if (base === "stack" && offset + size > 0) throw new Error("Cannot prove: it writes beyond its stack");
    for (let at = offset - 7; at < offset + size; at++) {
      const cell = this.#memory.get(`${base} ${at}`);
      if (cell !== undefined && at + cell.size > offset) this.#memory.delete(`${base} ${at}`);
    }
    this.#memory.set(`${base} ${offset}`, { size, number });
  }

  #step(frame: Frame, opcode: number, at: number): void {
    const reader = new Reader(this.binary.bytes, at + 1);
    const load = loads[opcode];
    const operation = arithmetic[opcode];
    if (load !== undefined) this.#load(frame, reader, load);
    else if (stores.has(opcode)) this.#store(frame, reader);
    else if (operation !== undefined) calculate(frame.stack, operation);
    else this.#others(frame, reader, opcode);
  }

  #others(frame: Frame, reader: Reader, opcode: number): void {
    const { stack, locals } = frame;
    switch (opcode) {
      case opcodes.end:
        if (reader.at !== frame.of.end) throw new Error(`Cannot prove: there are blocks in ${frame.of.name}`);
        return;
      case opcodes.call:
        return this.#call(stack, reader.number());
      case opcodes.localGet:
        stack.push(locals[reader.number()]!);
        return;
      case opcodes.localSet:
        locals[reader.number()] = stack.pop()!;
        return;
      case opcodes.localTee:
        locals[reader.number()] = stack.at(-1)!;
        return;
      case opcodes.globalGet:
        mustBeStackPointer(reader.number());
        stack.push(this.#stackPointer);
        return;
      case opcodes.globalSet:
        mustBeStackPointer(reader.number());
        this.#stackPointer = placeOnStack(stack.pop()!);
        return;
      default:
        stack.push(converted(opcode, reader, stack));
    }
  }

  #call(stack: Word[], index: number): void {
    const callee = this.binary.functions[index - this.binary.importedFunctions];
    if (callee === undefined) throw new Error("Cannot prove: it calls what the module imports");
    const parameters = stack.splice(stack.length - callee.parameters, callee.parameters);
    const result = this.call(callee.name, parameters);
    if (result !== undefined) stack.push(result);
  }

  #load({ stack }: Frame, reader: Reader, [size, isSigned, width]: (typeof loads)[number]): void {
    const number = this.at(addressOf(stack.pop()!, reader), size);
    const isExact = isSigned || number.low >= 0n;
    stack.push(numeral(number, isExact ? width : 8 * size));
  }

  #store({ stack }: Frame, reader: Reader): void {
    const number = signed(numberOf(stack.pop()!), 32);
    const address = addressOf(stack.pop()!, reader);
    if (!isAddress(address)) throw new Error("Cannot prove: it writes where constants are");
    this.store(address, 4, number);
  }

  /** What is in memory there, or among the constants. */
  at(address: Word, size: number): WholeNumber {
    if (isAddress(address)) return this.load(address, size);
    if (size !== 4) throw new Error("Cannot prove: a constant is no limb");
    return WholeNumber.constant(BigInt(this.#constants.getInt32(constant(address), true)));
  }
}

function byOpcode(
  first: number,
  names: readonly (keyof typeof operations)[],
  width: Width,
): Record<number, readonly [keyof typeof operations, Width]> {
  return Object.fromEntries(names.map((name, i) => [first + i, [name, width]]));
}

function calculate(stack: Word[], [name, width]: (typeof arithmetic)[number]): void {
  const b = stack.pop()!;
  const a = stack.pop()!;
  stack.push(isAddress(a) ? moved(a, b, name) : operations[name](numberOf(a), numberOf(b), width));
}

function moved(address: Address, by: Word, name: string): Address {
  const { number } = numberOf(by);
  if (!number.isConstant || (name !== "add" && name !== "sub"))
    throw new Error("Cannot prove: an address is not known");
  return { base: address.base, offset: address.offset + Number(name === "add" ? number.low : -number.low) };
}

function converted(opcode: number, reader: Reader, stack: Word[]): Word {
  switch (opcode) {
    case opcodes.i32Const:
      return numeral(WholeNumber.constant(signedNumber(reader)), 32);
    case opcodes.i64Const:
      return numeral(WholeNumber.constant(signedNumber(reader)), 64);
    case opcodes.wrap:
      return wrapped(numberOf(stack.pop()!));
    case opcodes.extendSigned:
      return numeral(signed(numberOf(stack.pop()!), 32), 64);
    case opcodes.extendUnsigned:
      return numeral(unsigned(numberOf(stack.pop()!), 32), 64);
    default:
      throw new Error(`Cannot prove: instruction 0x${opcode.toString(16)} is not known`);
  }
}

function numberOf(word: Word): Numeral {
  if (isAddress(word)) throw new Error("Cannot prove: it calculates with an address");
  return word;
}

/** By the immediates of a load or store; constant addresses are numbers. */
function addressOf(word: Word, reader: Reader): Word {
  reader.skipNumber();
  const offset = reader.number();
  if (isAddress(word)) return { base: word.base, offset: word.offset + offset };
  return numeral(word.number.plus(WholeNumber.constant(BigInt(offset))), 32);
}

function placeOnStack(word: Word): Address {
  if (!isAddress(word) || word.base !== "stack") throw new Error("Cannot prove: the stack pointer is not known");
  return word;
}

/** The module has one global that changes. */
function mustBeStackPointer(global: number): void {
  if (global !== 0) throw new Error("Cannot prove: it uses a global that is not the stack pointer");
}

/** A signed LEB128 number. */
function signedNumber(reader: Reader): bigint {
  let value = 0n;
  for (let shift = 0n; ; shift += 7n) {
    const byte = reader.byte();
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return BigInt.asIntN(Number(shift) + 7, value);
  }
}
