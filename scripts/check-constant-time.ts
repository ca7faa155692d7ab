// Promise kept: no branch gets into code that handles secrets without somebody having looked at it. Each function that
// scripts/constant-time.rows.ts lists has, in the shipped build/wanttls.wasm, exactly the conditional instructions that stand there
// with their reason: `if`, `br_if`, `br_table`, `select` (which engines may make a branch), and integer division (whose time depends
// on the numbers). A function that leaks on purpose is looked at as well, in build/evidence.wasm, and must be found wanting.
//
// That none of the listed conditions depends on a secret is not read here but seen by test/crypto/traces.test.ts.
import process from "node:process";
import { divides, opcodes, WasmBinary, type WasmFunction } from "../test/audit/wasm-binary.ts";
import { type Conditional, type Counts, listed } from "./constant-time.rows.ts";

const shipped = "build/wanttls.wasm";
const control = { file: "build/evidence.wasm", functions: ["leaky_equal", "leaky_choice", "leaky_rest"] };

const complaints = [...complaintsAbout(shipped, listed), ...blindness()];
for (const complaint of complaints) console.error(complaint);
if (complaints.length > 0) process.exit(1);
console.log(`constant time: ${Object.keys(listed).length} functions branch only where it is listed`);

function complaintsAbout(file: string, list: Readonly<Record<string, Counts>>): string[] {
  const binary = WasmBinary.read(file);
  const functions = new Map(binary.functions.map((of) => [of.name, of]));
  return Object.entries(list).flatMap(([name, allowed]) => {
    const of = functions.get(name);
    if (of === undefined) return [`${file} has no function ${name}: it was renamed, or is part of another one now`];
    const found = conditionalsOf(binary, of);
    const counts = Object.fromEntries([...found].map(([kind, at]) => [kind, at.length]));
    const { why, ...expected } = allowed;
    if (isSame(counts, expected)) return [];
    return [
      `${file}: ${name} has ${described(found)}; listed is ${JSON.stringify(expected)} (${why ?? "none"}). ` +
        `When no secret decides: ${name}: ${JSON.stringify(counts).replaceAll('"', "")}`,
    ];
  });
}

/** The functions that leak on purpose and pass all the same. */
function blindness(): string[] {
  return control.functions
    .filter((name) => complaintsAbout(control.file, { [name]: {} }).length === 0)
    .map((name) => `${control.file}: ${name} leaks on purpose, but nothing was found in it`);
}

/** Where each kind of them stands in the file. */
function conditionalsOf(binary: WasmBinary, of: WasmFunction): Map<Conditional, number[]> {
  const found = new Map<Conditional, number[]>();
  for (const { at, opcode } of binary.instructions(of)) {
    const kind = kindOf(opcode);
    if (kind !== undefined) found.set(kind, [...(found.get(kind) ?? []), at]);
  }
  return found;
}

function kindOf(opcode: number): Conditional | undefined {
  switch (opcode) {
    case opcodes.if:
      return "if";
    case opcodes.brIf:
      return "br_if";
    case opcodes.brTable:
      return "br_table";
    case opcodes.select:
    case opcodes.selectTyped:
      return "select";
    default:
      return divides(opcode) ? "div" : undefined;
  }
}

function isSame(a: Counts, b: Counts): boolean {
  const kinds = ["if", "br_if", "br_table", "select", "div"] as const;
  return kinds.every((kind) => (a[kind] ?? 0) === (b[kind] ?? 0));
}

function described(found: ReadonlyMap<Conditional, readonly number[]>): string {
  const offsets = (at: readonly number[]): string => at.map((each) => `0x${each.toString(16)}`).join(", ");
  return [...found].map(([kind, at]) => `${at.length} ${kind} (at ${offsets(at)})`).join(", ") || "no conditionals";
}
