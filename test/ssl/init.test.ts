// Getting ready ahead of the first connection. What runs is settled once in a process, so each test loads wanttls anew.
import { readFileSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { expect, test, vi } from "vitest";
import { talk } from "../support/talk.ts";
import { wasmFile } from "../support/wasm-file.ts";

const bytes = new Uint8Array(readFileSync(new URL(`../../${wasmFile()}`, import.meta.url)));
const compiled = new WebAssembly.Module(bytes);

/** Module sections by hand: two functions, `wt_abi` that answers 99 and `_initialize`. */
const header = [0, 97, 115, 109, 1, 0, 0, 0];
const ofAnotherAbi = new Uint8Array([
  ...[...header, 1, 8, 2, 96, 0, 1, 127, 96, 0, 0, 3, 3, 2, 0, 1, 7, 24, 2],
  ...[...named("wt_abi"), 0, 0, ...named("_initialize"), 0, 1],
  ...[10, 10, 2, 5, 0, 65, 227, 0, 11, 2, 0, 11],
]);
const ofSomebodyElse = new Uint8Array(header);
const withOtherImports = new Uint8Array([
  ...[...header, 1, 4, 1, 96, 0, 0, 2, 15, 1, ...named("other"), ...named("thing"), 0, 0],
]);

test("without init() the first use compiles the embedded module", async () => {
  const { MemoryBIO, SSLContext } = await fresh();
  const outgoing = new MemoryBIO();
  using client = SSLContext.client().wrapBio(new MemoryBIO(), outgoing, { serverHostname: "localhost" });
  client.tryHandshake();
  expect(outgoing.pending).toBeGreaterThan(0);
});

test("nothing is decoded or compiled before somebody needs it", async () => {
  const [compile, decode] = [vi.spyOn(WebAssembly, "Module"), vi.spyOn(globalThis, "atob")];
  const { engineVersion } = await fresh();
  expect([compile.mock.calls.length, decode.mock.calls.length]).toEqual([0, 0]);
  compile.mockRestore();
  decode.mockRestore();
  expect(engineVersion()).toMatch(/^Mbed TLS 3/);
});

test("the embedded module is decoded to the same bytes, whatever the runtime has for it", async () => {
  const { binary } = await import("../../ts/wasm/binary.gen.ts");
  const { Buffer: buffer } = globalThis;
  const { fromBase64 } = Uint8Array as { fromBase64?: unknown };
  const expected = Uint8Array.from(atob(binary), (character) => character.charCodeAt(0));
  for (const missing of [[], ["fromBase64"], ["fromBase64", "Buffer"]]) {
    vi.resetModules();
    if (missing.includes("fromBase64")) Reflect.deleteProperty(Uint8Array, "fromBase64");
    if (missing.includes("Buffer")) Reflect.deleteProperty(globalThis, "Buffer");
    try {
      const { embeddedModule } = await import("../../ts/wasm/embedded.ts");
      expect(equal(embeddedModule(), expected), `without ${missing.join(" and ")}`).toBe(true);
    } finally {
      Object.assign(globalThis, { Buffer: buffer });
      if (fromBase64 !== undefined)
        Object.defineProperty(Uint8Array, "fromBase64", { value: fromBase64, configurable: true, writable: true });
    }
  }
});

const sources: readonly (readonly [string, () => unknown])[] = [
  ["a compiled module", () => compiled],
  ["its bytes", () => bytes],
  ["an ArrayBuffer", () => bytes.buffer],
  ["a Response", () => new Response(bytes)],
  ["a promise of a Response", () => Promise.resolve(new Response(bytes))],
  ["a URL", () => new URL(`data:application/wasm;base64,${Buffer.from(bytes).toString("base64")}`)],
];

for (const [what, make] of sources) {
  test(`init() takes ${what}, and everything runs on it from then on`, async () => {
    const library = await fresh();
    const [instance, wasm] = [vi.spyOn(WebAssembly, "Instance"), make() as WebAssembly.Module];
    await library.init({ wasm });
    expect(talk(library)).toBe("TLSv1.3");
    expect(instance.mock.calls.length).toBe(1);
    instance.mockRestore();
    await library.init({ wasm }); // the same once more is no other one
    await library.init();
  });
}

const unusable: readonly (readonly [string, () => unknown, RegExp])[] = [
  ["bytes that are no module", () => new Uint8Array([1, 2, 3]), /^Cannot use the wasm module: ./],
  ["half a module", () => bytes.slice(0, bytes.length / 2), /^Cannot use the wasm module: ./],
  ["a module of another ABI", () => ofAnotherAbi, /^Cannot use the wasm module: it has ABI 99, expected \d+$/],
  ["the module of somebody else", () => ofSomebodyElse, /^Cannot use the wasm module: it is none of wanttls$/],
  ["a module that wants other imports", () => withOtherImports, /^Cannot use the wasm module: .*other/],
  ["an answer of 404", () => new Response("no", { status: 404 }), /^Cannot use the wasm module: .* status 404$/],
  ["a promise that fails", async () => Promise.reject(new Error("offline")), /^Cannot use the wasm module: offline$/],
  ["something else altogether", () => 42, /^Cannot use the wasm module: ./],
];

for (const [what, make, sentence] of unusable) {
  test(`init() refuses ${what} with a sentence that says why, and settles nothing`, async () => {
    const library = await fresh();
    const refusal = await failure(library.init({ wasm: make() as Uint8Array<ArrayBuffer> }));
    expect(refusal).toBeInstanceOf(library.SSLConfigError);
    expect(refusal).toMatchObject({ message: expect.stringMatching(sentence) as string });
    await library.init({ wasm: compiled });
    expect(talk(library)).toBe("TLSv1.3");
  });
}

test("an option that does not exist is refused", async () => {
  const library = await fresh();
  const refusal = await failure(library.init({ warmup: true } as object));
  expect(refusal).toMatchObject({ reason: "BAD_OPTION", name: "SSLConfigError" });
});

test("after the first use no other module is accepted, and the one in use goes on", async () => {
  const library = await fresh();
  library.engineVersion();
  const refusal = await failure(library.init({ wasm: bytes }));
  expect(refusal).toBeInstanceOf(library.SSLStateError);
  expect(refusal).toMatchObject({
    message: "Cannot use the wasm module that init() was given: another one is in use already",
  });
  await library.init();
  expect(talk(library)).toBe("TLSv1.3");
});

test("calls at the same time share one compilation, and only one of two modules wins", async () => {
  const library = await fresh();
  const compile = vi.spyOn(WebAssembly, "compile");
  const calls = [library.init({ wasm: bytes }), library.init({ wasm: bytes }), library.init()];
  const refusal = await failure(library.init({ wasm: compiled }));
  expect(refusal).toBeInstanceOf(library.SSLStateError);
  await Promise.all(calls);
  expect(compile.mock.calls.length).toBe(1);
  compile.mockRestore();
  expect(talk(library)).toBe("TLSv1.3");
});

test("who cannot wait for the embedded module gets it at once, and init() does no harm to what was begun", async () => {
  const library = await fresh();
  const ready = library.init();
  expect(talk(library)).toBe("TLSv1.3");
  const { sharedRealm } = await import("../../ts/engine/realms.ts");
  const realm = sharedRealm();
  await ready;
  expect(sharedRealm()).toBe(realm);
});

test("who does not wait for the module that was asked for does not get another one", async () => {
  const library = await fresh();
  const ready = library.init({ wasm: bytes });
  expect(() => library.engineVersion()).toThrow(library.SSLStateError);
  expect(() => talk(library)).toThrow(/^Cannot use the wasm module that init\(\) was given: it is still loading/);
  await ready;
  expect(talk(library)).toBe("TLSv1.3");
});

test("where nothing is compiled on demand, the first use says what to do", async () => {
  const library = await fresh();
  const compile = vi.spyOn(WebAssembly, "Module").mockImplementation(function refuse() {
    throw new WebAssembly.CompileError("not allowed here");
  });
  const refusal = thrownBy(() => library.engineVersion());
  compile.mockRestore();
  expect(refusal).toBeInstanceOf(library.SSLConfigError);
  expect((refusal as Error).message).toMatch(
    /^Cannot compile the embedded wasm module: not allowed here; await init\(\)/,
  );
  await library.init();
  expect(talk(library)).toBe("TLSv1.3");
});

test("warming up leaves nothing behind", async () => {
  const library = await fresh();
  await library.init({ warmUp: true });
  const { sharedRealm } = await import("../../ts/engine/realms.ts");
  expect(sharedRealm().liveObjects()).toBe(0);
  expect(talk(library)).toBe("TLSv1.3");
});

for (const [what, wasm] of [
  ["the embedded module", null],
  ["a module that another thread compiled", compiled],
] as const) {
  test(`a worker runs ${what}`, async () => {
    const worker = new Worker(new URL("../support/init-worker.ts", import.meta.url), { workerData: wasm });
    try {
      const version = await new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
      expect(version).toBe("TLSv1.3");
    } finally {
      await worker.terminate();
    }
  });
}

/** As a process that has just loaded it. */
async function fresh(): Promise<typeof import("../../ts/index.ts")> {
  vi.resetModules();
  return import("../../ts/index.ts");
}

async function failure(call: Promise<void>): Promise<unknown> {
  return call.then(
    () => undefined,
    (error: unknown) => error,
  );
}

function thrownBy(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  return undefined;
}

function equal(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}

function named(name: string): number[] {
  return [name.length, ...new TextEncoder().encode(name)];
}
