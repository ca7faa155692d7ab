// Constant time, as far as it can be seen in WebAssembly: what each primitive shows (test/audit/instrument.ts) is the same for all
// secrets, but where it is listed with a reason. Mbed TLS's own AES, which has tables, and functions that leak on purpose must
// be found wanting. Whole conversations are looked at in conversations.test.ts. What an engine makes of the module is not seen.
import { readFileSync } from "node:fs";
import process from "node:process";
import { describe, expect, test } from "vitest";
import { instrumented, type Sight } from "../audit/instrument.ts";
import { differences, Onlooker, type View } from "../audit/onlooker.ts";
import { WasmBinary } from "../audit/wasm-binary.ts";
import { Evidence, type Import, randomBytes } from "./evidence.ts";
import { masks } from "./listed-differences.ts";
import { type Primitive, Primitives } from "./primitives.ts";

const full = process.env["WANTTLS_PROOF"] === "all";
const binary = WasmBinary.read("build/evidence.wasm");

/** The module as an onlooker sees it, with randomness that begins anew with each run. */
class Scene {
  readonly primitives: Primitives;
  readonly evidence: Evidence;
  readonly #onlooker: Onlooker;
  #drawn = 0;

  constructor(seen: readonly Sight[]) {
    const evidence = new Evidence(instrumented(binary, seen), {
      wt_random: (at: number, size: number): number => {
        evidence.write(at, randomBytes(size, this.#drawn++));
        return 0;
      },
    });
    evidence.call("_initialize");
    evidence.call("wt_start");
    this.evidence = evidence;
    this.primitives = new Primitives(evidence, full ? "all" : "few");
    this.#onlooker = new Onlooker(binary, evidence.functions, () => evidence.memory());
  }

  /** What is seen of each secret. */
  views({ secrets, prepare, work }: Primitive): View[] {
    return secrets.map((secret) => this.watch(() => void work(secret), () => prepare?.(secret))); // prettier-ignore
  }

  watch(work: () => void, prepare?: () => void): View {
    this.#drawn = 0;
    return this.#onlooker.watch(work, prepare);
  }
}

const control = new Scene(["entries", "branches", "addresses"]);
const choices = new Scene(["selects"]);
const primitives = control.primitives.all();
const again = choices.primitives.all();

describe("the same branches and addresses for all secrets", () => {
  test.each(primitives.map((primitive) => [primitive.name, primitive] as const))("%s", (_, primitive) => {
    const { except = {} } = primitive;
    const views = control.views(primitive);
    expect([...views[0]!.values()].filter((hash) => hash !== 0n).length).toBeGreaterThan(2);
    expect(differences(views).filter((name) => !(name in except))).toEqual([]);
  });
});

describe("the same outcomes of `select` for all secrets, but where masks are made", () => {
  test.each(again.map((primitive) => [primitive.name, primitive] as const))("%s", (_, primitive) => {
    const { except = {} } = primitive;
    const other = differences(choices.views(primitive)).filter((name) => !(name in except) && !(name in masks));
    expect(other).toEqual([]);
  });
});
