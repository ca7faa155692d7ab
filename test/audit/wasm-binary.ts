// A WebAssembly module as bytes: its sections, its functions by name, and the instructions of each. Owns the binary format
// (WebAssembly Core Specification, chapter 5); knows nothing of what the instructions mean for anybody's secrets.
import { readFileSync } from "node:fs";

export interface Section {
  readonly id: number;
  /** Where its contents begin and end, without id and size. */
  readonly start: number;
  readonly end: number;
}

export interface WasmFunction {
  readonly name: string;
  readonly parameters: number;
  /** Locals without the parameters. */
  readonly locals: number;
  /** Where the declarations of its locals begin, and the instructions; where they end. */
  readonly declarations: number;
  readonly start: number;
  readonly end: number;
}

export interface Instruction {
  /** Where it begins and ends in the file. */
  readonly at: number;
  readonly end: number;
  readonly opcode: number;
}

export const sectionIds = { type: 1, import: 2, function: 3, global: 6, export: 7, code: 10 } as const;

/** Opcodes that the audits look at; those behind a prefix as `prefix << 16 | number`. */
export const opcodes = {
  if: 0x04,
  brIf: 0x0d,
  brTable: 0x0e,
  call: 0x10,
  callIndirect: 0x11,
  select: 0x1b,
  selectTyped: 0x1c,
  memoryInit: 0xfc0008,
  memoryCopy: 0xfc000a,
  memoryFill: 0xfc000b,
} as const;

const [bulk, vector] = [0xfc, 0xfd];

/** Reads numbers and vectors, one behind the other. */
export class Reader {
  readonly bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  byte(): number {
    return this.bytes[this.at++]!;
  }

  /** An unsigned LEB128 number, of at most 32 bits. */
  number(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  }

  /** Steps over a LEB128 number of any size and sign. */
  skipNumber(): void {
    while (this.byte() >= 0x80);
  }

  skip(bytes: number): void {
    this.at += bytes;
  }

  /** As many times as the number that stands here says. */
  repeat<T>(read: () => T): T[] {
    return Array.from({ length: this.number() }, read);
  }

  text(): string {
    const size = this.number();
    this.skip(size);
    return new TextDecoder().decode(this.bytes.subarray(this.at - size, this.at));
  }
}

export class WasmBinary {
  readonly bytes: Uint8Array;
  readonly sections: readonly Section[];
  /** Those that the module defines, in their order. */
  readonly functions: readonly WasmFunction[];
  /** Functions that the module imports: the first of its own has this index. */
  readonly importedFunctions: number;

  /** `symbols` has a line `index:name` for each function, as emcc's --emit-symbol-map writes it. */
  constructor(bytes: Uint8Array, symbols: string) {
    this.bytes = bytes;
    this.sections = sectionsOf(bytes);
    this.importedFunctions = this.#importedFunctions();
    this.functions = this.#functions(namesIn(symbols));
  }

  /** build/NAME with the names that lie beside it. */
  static read(path: string): WasmBinary {
    return new WasmBinary(readFileSync(path), readFileSync(`${path}.symbols`, "utf8"));
  }

  /** A reader at the front of the section's contents. */
  reader(id: number): Reader {
    const section = this.sections.find((each) => each.id === id);
    if (section === undefined) throw new Error(`Cannot read the wasm module: it has no section ${id}`);
    return new Reader(this.bytes, section.start);
  }

  *instructions(of: WasmFunction): Generator<Instruction> {
    const reader = new Reader(this.bytes, of.start);
    while (reader.at < of.end) {
      const at = reader.at;
      const opcode = readOpcode(reader);
      skipImmediates(reader, opcode);
      yield { at, end: reader.at, opcode };
    }
  }

  #importedFunctions(): number {
    const reader = this.reader(sectionIds.import);
    const kinds = reader.repeat(() => {
      reader.text();
      reader.text();
      const kind = reader.byte();
      if (kind !== 0) throw new Error(`Cannot read the wasm module: it imports what is no function (kind ${kind})`);
      reader.skipNumber();
      return kind;
    });
    return kinds.length;
  }

  #functions(names: ReadonlyMap<number, string>): WasmFunction[] {
    const types = this.reader(sectionIds.type);
    const parameters = types.repeat(() => {
      types.skip(1);
      const count = types.repeat(() => types.byte()).length;
      types.repeat(() => types.byte());
      return count;
    });
    const declared = this.reader(sectionIds.function);
    const typeIndices = declared.repeat(() => declared.number());
    const code = this.reader(sectionIds.code);
    let index = 0;
    return code.repeat(() => {
      const end = code.number() + code.at;
      const declarations = code.at;
      const locals = code.repeat(() => {
        const count = code.number();
        code.skip(1);
        return count;
      });
      const start = code.at;
      code.at = end;
      const name = names.get(this.importedFunctions + index) ?? `function ${index}`;
      const total = locals.reduce((sum, count) => sum + count, 0);
      return { name, parameters: parameters[typeIndices[index++]!]!, locals: total, declarations, start, end };
    });
  }
}

function sectionsOf(bytes: Uint8Array): Section[] {
  const sections: Section[] = [];
  const reader = new Reader(bytes, 8); // behind magic and version
  while (reader.at < bytes.length) {
    const id = reader.byte();
    const size = reader.number();
    sections.push({ id, start: reader.at, end: reader.at + size });
    reader.skip(size);
  }
  return sections;
}

function namesIn(symbols: string): Map<number, string> {
  const lines = symbols.split("\n").filter((line) => line !== "");
  return new Map(
    lines.map((line) => [Number.parseInt(line, 10), line.slice(line.indexOf(":") + 1).replace(/\\28.*/, "")]),
  );
}

function readOpcode(reader: Reader): number {
  const first = reader.byte();
  return first === bulk || first === vector ? (first << 16) | reader.number() : first;
}

/** Whether the instruction has an alignment and an offset: all loads and stores. */
export function hasAddress(opcode: number): boolean {
  const lane = opcode & 0xffff;
  if (opcode >> 16 === vector) return lane <= 11 || (lane >= 84 && lane <= 93);
  return opcode >= 0x28 && opcode <= 0x3e;
}

/** Whether it is a load or store with one lane of a vector. */
export function isLaneAccess(opcode: number): boolean {
  return opcode >> 16 === vector && (opcode & 0xffff) >= 84 && (opcode & 0xffff) <= 91;
}

/** Whether it divides integers, for which processors take longer or shorter. */
export function divides(opcode: number): boolean {
  return (opcode >= 0x6d && opcode <= 0x70) || (opcode >= 0x7f && opcode <= 0x82);
}

function skipImmediates(reader: Reader, opcode: number): void {
  if (hasAddress(opcode)) {
    reader.skipNumber();
    reader.skipNumber();
    if (isLaneAccess(opcode)) reader.skip(1);
  } else if (opcode >> 16 === bulk) {
    for (let i = 0; i < bulkImmediates(opcode & 0xffff); i++) reader.skipNumber();
  } else if (opcode >> 16 === vector) {
    reader.skip(vectorImmediateBytes(opcode & 0xffff));
  } else {
    skipPlainImmediates(reader, opcode);
  }
}

function skipPlainImmediates(reader: Reader, opcode: number): void {
  if (opcode === opcodes.brTable) {
    reader.repeat(() => reader.skipNumber());
    reader.skipNumber();
  } else if (opcode === opcodes.selectTyped) {
    reader.repeat(() => reader.skip(1));
  } else if (opcode === opcodes.callIndirect) {
    reader.skipNumber();
    reader.skipNumber();
  } else if (opcode === 0x43 || opcode === 0x44) {
    reader.skip(opcode === 0x43 ? 4 : 8);
  } else if (withOneNumber.has(opcode)) {
    reader.skipNumber();
  } else if (!withoutImmediates(opcode)) {
    throw new Error(`Cannot read the wasm module: instruction 0x${opcode.toString(16)} is not known`);
  }
}

/** block, loop, if, br, br_if, call, local.*, global.*, memory.size, memory.grow, i32.const, i64.const. */
const withOneNumber = new Set([
  0x02, 0x03, 0x04, 0x0c, 0x0d, 0x10, 0x20, 0x21, 0x22, 0x23, 0x24, 0x3f, 0x40, 0x41, 0x42,
]);

/** unreachable, nop, else, end, return, drop, select; comparisons, arithmetic and conversions. */
function withoutImmediates(opcode: number): boolean {
  return [0x00, 0x01, 0x05, 0x0b, 0x0f, 0x1a, 0x1b].includes(opcode) || (opcode >= 0x45 && opcode <= 0xc4);
}

/** Truncations have none, memory.copy and memory.init two, memory.fill and data.drop one. */
function bulkImmediates(number: number): number {
  if (number <= 7) return 0;
  if (number === 8 || number === 10) return 2;
  if (number === 9 || number === 11) return 1;
  throw new Error(`Cannot read the wasm module: instruction 0xfc ${number} is not known`);
}

/** v128.const and i8x16.shuffle; extract_lane and replace_lane. */
function vectorImmediateBytes(number: number): number {
  if (number === 12 || number === 13) return 16;
  return number >= 21 && number <= 34 ? 1 : 0;
}
