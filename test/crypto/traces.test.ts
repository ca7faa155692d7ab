// Constant time, as far as it can be seen in WebAssembly: what each primitive shows (test/audit/instrument.ts) is the same for all
// secrets, but where it is listed with a reason; Binaryen's instrumentation, of others, says so too. Mbed TLS's own AES, which has
// tables, and functions that leak on purpose must be found wanting. Whole conversations are looked at in
// conversations.test.ts. What an engine makes of the module is not seen.
import process from "node:process";
import { describe, expect, test } from "vitest";
import { Trace } from "../audit/binaryen.ts";
import { instrumented, type Sight } from "../audit/instrument.ts";
import { Beginning, differences, Onlooker, type View } from "../audit/onlooker.ts";
import { WasmBinary } from "../audit/wasm-binary.ts";
import { Evidence, evidenceFile, type Import, moduleUnderTest, randomBytes } from "./evidence.ts";
import { curves, masks, rsa } from "./listed-differences.ts";
import { type Primitive, Primitives } from "./primitives.ts";

const amount = process.env["WANTTLS_PROOF"] === "all" ? "all" : "few";
const binary = WasmBinary.read(`build/${moduleUnderTest()}`);

/** A module that is looked at, with randomness that begins anew with each run. */
class Scene {
  readonly primitives: Primitives;
  readonly evidence: Evidence;
  #drawn = 0;

  constructor(code: Uint8Array<ArrayBuffer>, imports: Readonly<Record<string, Import>> = {}) {
    this.evidence = new Evidence(code, {
      ...imports,
      wt_random: (at: number, size: number): number => {
        this.evidence.write(at, randomBytes(size, this.#drawn++));
        return 0;
      },
    });
    this.evidence.call("_initialize");
    this.evidence.call("wt_start");
    this.primitives = new Primitives(this.evidence, amount);
  }

  /** What `take` answers after the work with each secret, but for what `prepare` does. */
  each<T>({ secrets, prepare, work }: Primitive, watch: (work: () => void, prepare: () => void) => T): T[] {
    return secrets.map((secret) => {
      this.#drawn = 0;
      return watch(() => void work(secret), () => prepare?.(secret)); // prettier-ignore
    });
  }
}

/** What our onlooker sees. */
class Sights extends Scene {
  readonly #onlooker: Onlooker;

  constructor(sights: readonly Sight[]) {
    super(instrumented(binary, sights));
    this.#onlooker = new Onlooker(binary, this.evidence.functions, () => this.evidence.memory());
  }

  of(primitive: Primitive): View[] {
    return this.each(primitive, (work, prepare) => this.#onlooker.watch(work, prepare));
  }
}

/** What Binaryen's instrumentation tells. */
class Tales extends Scene {
  readonly #trace: Trace;
  readonly #beginning: Beginning;

  constructor() {
    const trace = new Trace();
    super(evidenceFile(moduleUnderTest().replace(".wasm", ".traced.wasm")), trace.imports());
    this.#trace = trace;
    this.#beginning = new Beginning(() => this.evidence.memory());
  }

  of(primitive: Primitive): string[] {
    return this.each(primitive, (work, prepare) => {
      this.#beginning.restore();
      prepare();
      this.#trace.take();
      work();
      return this.#trace.take();
    });
  }
}

const seen = new Sights(["entries", "branches", "addresses"]);
const chosen = new Sights(["selects"]);
const told = new Tales();

const found = new Set<string>();

/** The functions that differ, noted for the check of what is listed. */
function different(views: readonly View[]): string[] {
  const names = differences(views);
  for (const name of names) found.add(name);
  return names;
}

/** By name, for test.each. */
function all(scene: Scene): (readonly [string, Primitive])[] {
  return scene.primitives.all().map((primitive) => [primitive.name, primitive] as const);
}

describe("the same branches and addresses for all secrets", () => {
  test.each(all(seen))("%s", (_, primitive) => {
    const { except = {} } = primitive;
    const views = seen.of(primitive);
    expect([...views[0]!.values()].filter((hash) => hash !== 0n).length).toBeGreaterThan(1);
    expect(different(views).filter((name) => !(name in except))).toEqual([]);
  });
});

describe("the same outcomes of `select` for all secrets, but where masks are made", () => {
  test.each(all(chosen))("%s", (_, primitive) => {
    const allowed = { ...masks, ...primitive.except };
    expect(different(chosen.of(primitive)).filter((name) => !(name in allowed))).toEqual([]);
  });
});

describe("one trace for all secrets, as Binaryen tells it", () => {
  test.each(all(told).filter(([, { except }]) => except === undefined))("%s", (_, primitive) => {
    const traces = told.of(primitive);
    expect(new Set(traces).size, traces.join("\n")).toBe(1);
    expect(traces[0]).toMatch(/^\d{2,} events/);
  });
});

test.runIf(amount === "all")("no function is listed that does not differ", () => {
  const listed = Object.keys({ ...masks, ...curves, ...rsa });
  expect(listed.filter((name) => !found.has(name))).toEqual([]);
});

test("what leaks is seen, and where", () => {
  for (const { shows, ...leaking } of seen.primitives.leaking()) {
    const views = seen.of(leaking);
    expect(differences(views)).toEqual(shows);
    expect(views).toEqual(seen.of(leaking)); // it is the secret that makes the difference
  }
  expect(differences(chosen.of(chosen.primitives.choosing()))).toEqual(["leaky_choice"]);
  for (const leaking of told.primitives.leaking()) {
    const traces = told.of(leaking);
    expect(new Set(traces).size).toBeGreaterThan(1);
    expect(traces).toEqual(told.of(leaking));
  }
});
