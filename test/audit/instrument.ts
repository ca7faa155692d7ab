// Makes a module tell what an onlooker of its memory and branches could see. Owns what counts as seen and how it is noted in the
// module itself; knows nothing of what the module does.
//
// Seen are: the address of each load and store, of whole vectors and single lanes too; addresses and sizes of bulk copies; the
// outcome of each condition of `if`, `br_if`, `br_table` and `select`; the target of each indirect call; each entry of a function.
// Where control goes next follows from these, so equal notes in all functions mean equal traces, order included.
//
// Each function of the module gets a mutable global with a hash of all it has shown, a function `note` that adds to the hash and gives
// its parameter back, and an export `shown_N` that answers the hash and forgets it. All of that stands behind what the module has of
// its own, so that no index in it changes.
import {
  hasAddress,
  type Instruction,
  isLaneAccess,
  opcodes,
  Reader,
  sectionIds,
  type WasmBinary,
  type WasmFunction,
} from "./wasm-binary.ts";

const [i32, i64, f32, f64, v128] = [0x7f, 0x7e, 0x7d, 0x7c, 0x7b];

/** Locals that are added to each function, in this order. */
const spare = [i32, i32, i64, f32, f64, v128];

/** What an onlooker may see. */
export type Sight = "entries" | "branches" | "selects" | "addresses";

export const everything: readonly Sight[] = ["entries", "branches", "selects", "addresses"];

/** The number of `shown_` is the place of the function in the binary's `functions`. */
export function instrumented(binary: WasmBinary, seen: readonly Sight[] = everything): Uint8Array<ArrayBuffer> {
  const parts: number[] = [...binary.bytes.subarray(0, 8)];
  for (const { id, start, end } of binary.sections) {
    const contents = extended(binary, id, seen) ?? [...binary.bytes.subarray(start, end)];
    append(parts, [id, ...number(contents.length)], contents);
  }
  return Uint8Array.from(parts);
}

/** The contents of a section with ours behind them; undefined where nothing is added. */
function extended(binary: WasmBinary, id: number, seen: readonly Sight[]): number[] | undefined {
  const count = binary.functions.length;
  const types = countOf(binary, sectionIds.type);
  const each = binary.functions.map((_, index) => index);
  switch (id) {
    case sectionIds.type:
      return withMore(binary, id, [[0x60, 1, i32, 1, i32], [0x60, 0, 1, i64]]); // prettier-ignore
    case sectionIds.function:
      return withMore(binary, id, each.flatMap(() => [number(types), number(types + 1)])); // prettier-ignore
    case sectionIds.global:
      return withMore(binary, id, each.map(() => [i64, 1, 0x42, 0, 0x0b])); // prettier-ignore
    case sectionIds.export:
      return withMore(binary, id, each.map((index) => exported(index, noteOf(binary, index) + 1))); // prettier-ignore
    case sectionIds.code: {
      const code = new Map(
        binary.functions.map((of, index) => [index, rewritten(binary, of, noteOf(binary, index), seen)]),
      );
      const globals = countOf(binary, sectionIds.global);
      const bodies = [
        ...code.values(),
        ...each.flatMap((index) => [noting(globals + index), showing(globals + index)]),
      ];
      const contents = number(count * 3);
      for (const body of bodies) append(contents, number(body.length), body);
      return contents;
    }
    default:
      return undefined;
  }
}

/** The index of the function that notes for the `index`th of the module's own. */
function noteOf(binary: WasmBinary, index: number): number {
  return binary.importedFunctions + binary.functions.length + 2 * index;
}

function countOf(binary: WasmBinary, id: number): number {
  return binary.reader(id).number();
}

function withMore(binary: WasmBinary, id: number, more: readonly (readonly number[])[]): number[] {
  const { start, end } = binary.sections.find((section) => section.id === id)!;
  const reader = new Reader(binary.bytes, start);
  const contents = number(reader.number() + more.length);
  append(contents, binary.bytes.subarray(reader.at, end), more.flat());
  return contents;
}

function exported(index: number, ofFunction: number): number[] {
  const name = [...new TextEncoder().encode(`shown_${index}`)];
  return [name.length, ...name, 0, ...number(ofFunction)];
}

/** hash = (hash ^ parameter) * K, turned by 29 bits; the parameter. */
function noting(global: number): number[] {
  const [at, k] = [number(global), [0x95, 0xf8, 0xa9, 0xfa, 0x97, 0xb7, 0xde, 0x9b, 0x9e, 0x7f]]; // K = 0x9e3779b97f4a7c15
  return [0, 0x23, ...at, 0x20, 0, 0xad, 0x85, 0x42, ...k, 0x7e, 0x42, 29, 0x89, 0x24, ...at, 0x20, 0, 0x0b];
}

function showing(global: number): number[] {
  const at = number(global);
  return [0, 0x23, ...at, 0x42, 0, 0x24, ...at, 0x0b];
}

function rewritten(binary: WasmBinary, of: WasmFunction, note: number, seen: readonly Sight[]): number[] {
  const call = [0x10, ...number(note)];
  const reader = new Reader(binary.bytes, of.declarations);
  const body = number(reader.number() + spare.length);
  append(
    body,
    binary.bytes.subarray(reader.at, of.start),
    spare.flatMap((type) => [1, type]),
  );
  if (seen.includes("entries")) append(body, [0x41, 1, ...call, 0x1a]);
  for (const instruction of binary.instructions(of)) {
    const sight = sightOf(instruction.opcode);
    if (sight !== undefined && seen.includes(sight)) append(body, before(instruction, call, of.parameters + of.locals));
    append(body, binary.bytes.subarray(instruction.at, instruction.end));
  }
  return body;
}

function sightOf(opcode: number): Sight | undefined {
  switch (opcode) {
    case opcodes.if:
    case opcodes.brIf:
    case opcodes.brTable:
    case opcodes.callIndirect:
      return "branches";
    case opcodes.select:
    case opcodes.selectTyped:
      return "selects";
    case opcodes.memoryCopy:
    case opcodes.memoryInit:
    case opcodes.memoryFill:
      return "addresses";
    default:
      return hasAddress(opcode) ? "addresses" : undefined;
  }
}

/** What notes the operands of an instruction that shows something, and leaves them as they were. */
function before({ opcode }: Instruction, note: readonly number[], firstSpare: number): readonly number[] {
  const set = (which: number): number[] => [0x21, ...number(firstSpare + which)];
  const get = (which: number): number[] => [0x20, ...number(firstSpare + which)];
  switch (opcode) {
    case opcodes.if:
    case opcodes.brIf:
    case opcodes.select:
    case opcodes.selectTyped:
      return [0x45, 0x45, ...note]; // whether it is zero
    case opcodes.brTable:
    case opcodes.callIndirect:
      return note;
    case opcodes.memoryCopy:
    case opcodes.memoryInit:
      return [...set(1), ...set(0), ...note, ...get(0), ...note, ...get(1), ...note];
    case opcodes.memoryFill:
      return [...set(1), ...set(0), ...note, ...get(0), ...get(1), ...note];
    default: {
      const value = storedType(opcode);
      if (value === undefined) return note;
      const local = spare.indexOf(value);
      return [...set(local), ...note, ...get(local)];
    }
  }
}

/** The type of what lies above the address; undefined for loads, where nothing does. */
function storedType(opcode: number): number | undefined {
  if (isLaneAccess(opcode) || opcode === 0xfd000b) return v128;
  if (opcode === 0x36 || opcode === 0x3a || opcode === 0x3b) return i32;
  if (opcode === 0x37 || (opcode >= 0x3c && opcode <= 0x3e)) return i64;
  if (opcode === 0x38) return f32;
  return opcode === 0x39 ? f64 : undefined;
}

/** As unsigned LEB128. */
function number(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...number(value >>> 7)];
}

/** Without spreading into arguments, of which there may be too many. */
function append(to: number[], ...parts: readonly Iterable<number>[]): void {
  for (const part of parts) for (const byte of part) to.push(byte);
}
