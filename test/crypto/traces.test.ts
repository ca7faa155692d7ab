// Constant time, as far as it can be seen in WebAssembly: build/evidence.traced.wasm tells the address of each load and store and
// each entry of a function and turn of a loop (Binaryen's instrument-memory and log-execution). With the same sizes the trace
// must be the same for all secrets; Mbed TLS's own AES, which has tables, must fail. Not seen are loads that fill a vector with
// one value, branches ahead over code without memory, and what an engine makes of the module.
import { expect, test } from "vitest";
import { Evidence, type Import, moduleUnderTest, randomBytes, unit } from "./evidence.ts";

/** A hash of everything told since it was last asked (FNV-1a, by numbers). */
class Trace {
  #hash = 0;
  #events = 0;

  note(...numbers: readonly number[]): void {
    for (const number of numbers) this.#hash = Math.imul(this.#hash ^ number, 0x01000193);
    this.#events++;
  }

  take(): string {
    const taken = `${this.#events} events, ${this.#hash >>> 0}`;
    this.#hash = 0x811c9dc5 | 0;
    this.#events = 0;
    return taken;
  }
}

const trace = new Trace();
const evidence = new Evidence(moduleUnderTest().replace(".wasm", ".traced.wasm"), imports());
const limit = 4096;
const area = (): number => evidence.room(limit);
const [key, iv, aad, text, tag, context] = [area(), area(), area(), area(), area(), area()];
const secrets = [
  new Uint8Array(limit),
  new Uint8Array(limit).fill(0xff),
  new Uint8Array(limit).fill(0x63),
  unit(limit, 7),
  ...Array.from({ length: 8 }, (_, seed) => randomBytes(limit, seed)),
];

/** Each puts its secrets where `secret` says, and does its work after `begin`. */
const primitives: readonly (readonly [name: string, work: (secret: Uint8Array, begin: () => void) => void])[] = [
  ...[16, 24, 32].map(
    (size) =>
      [
        `AES-${size * 8}: key, eight blocks there and back, counter`,
        (secret: Uint8Array, begin: () => void) => {
          put(secret, key, 0, size);
          put(secret, text, 100, 1024);
          begin();
          evidence.call("aes_set_key", context, key, size);
          evidence.call("aes_encrypt", context, text);
          evidence.call("aes_decrypt", context, text);
          evidence.call("aes_ctr", context, iv, text, text, 8);
        },
      ] as const,
  ),
  [
    "GHASH of 3 and of 60 blocks",
    (secret, begin) => {
      put(secret, key, 0, 16);
      put(secret, text, 100, 960);
      put(secret, tag, 16, 16);
      begin();
      evidence.call("ghash_set_key", context, key);
      evidence.call("ghash", context, tag, text, 3);
      evidence.call("ghash", context, tag, text, 60);
    },
  ],
  ...[0, 1, 16, 100, 1500].flatMap((size) =>
    (["valid", "changed"] as const).map(
      (wanted) =>
        [
          `AES-256-GCM: ${size} bytes sealed and opened, with a ${wanted} tag`,
          (secret: Uint8Array, begin: () => void) => {
            put(secret, key, 0, 32);
            put(secret, text, 100, size);
            begin();
            evidence.call("gcm_set_key", context, key, 256);
            evidence.call("gcm_seal", context, iv, 12, aad, 13, text, text, size, tag, 16);
            // Which byte of a tag is wrong is a secret as well.
            if (wanted === "changed") change(tag + (secret[0]! & 15));
            evidence.call("gcm_open", context, iv, 12, aad, 13, text, text, size, tag, 16);
          },
        ] as const,
    ),
  ),
  ...[0, 1, 63, 100, 1500].map(
    (size) =>
      [
        `ChaCha20-Poly1305: ${size} bytes sealed and opened`,
        (secret: Uint8Array, begin: () => void) => {
          put(secret, key, 0, 32);
          put(secret, text, 100, size);
          begin();
          evidence.call("chachapoly_seal", key, iv, 12, aad, 13, text, text, size, tag);
          evidence.call("chachapoly_open", key, iv, 12, aad, 13, text, text, size, tag);
        },
      ] as const,
  ),
  [
    "SHA-256: 300 bytes",
    (secret, begin) => {
      put(secret, text, 100, 300);
      begin();
      evidence.call("sha256", text, 300, tag, 0);
    },
  ],
  [
    "AES-128-CCM: 100 bytes sealed and opened",
    (secret, begin) => {
      put(secret, key, 0, 16);
      put(secret, text, 100, 100);
      begin();
      evidence.call("ccm_seal", key, 128, iv, 12, aad, 13, text, text, 100, tag, 16);
      evidence.call("ccm_open", key, 128, iv, 12, aad, 13, text, text, 100, tag, 16);
    },
  ],
  [
    "AES-256-CBC: 320 bytes there and back",
    (secret, begin) => {
      put(secret, key, 0, 32);
      put(secret, text, 100, 320);
      put(secret, iv, 50, 16);
      begin();
      evidence.call("cbc", key, 256, 1, iv, text, text, 320);
      evidence.call("cbc", key, 256, 0, iv, text, text, 320);
    },
  ],
];

test.each(primitives)("the same addresses and turns for all secrets. %s", (_, work) => {
  work(secrets[0]!, () => trace.take()); // the allocator finds room in another way the first time
  trace.take();
  const traces = secrets.map((secret) => {
    work(secret, () => trace.take());
    return trace.take();
  });
  expect(new Set(traces).size, traces.join("\n")).toBe(1);
  expect(traces[0]).toMatch(/^\d{3,} events/);
});

test("the AES of Mbed TLS, with its tables, has another trace for each secret: the check sees leaks", () => {
  const traceOf = (secret: Uint8Array): string => {
    put(secret, key, 0, 16);
    put(secret, text, 100, 16);
    trace.take();
    evidence.call("stock_aes", key, 128, text, text);
    return trace.take();
  };
  expect(new Set(secrets.map(traceOf)).size).toBe(secrets.length);
  expect(secrets.map(traceOf)).toEqual(secrets.map(traceOf)); // it is the secret that makes the difference
});

function put(secret: Uint8Array, at: number, from: number, size: number): void {
  evidence.write(at, secret.subarray(from, from + size));
}

function change(at: number): void {
  evidence.write(
    at,
    evidence.read(at, 1).map((byte) => byte ^ 1),
  );
}

/** What the instrumented module calls: each function gives back its last parameter, or nothing. */
function imports(): Record<string, Import> {
  const value = (_: number, loaded: number | bigint): number | bigint => loaded;
  const address = (site: number, bytes: number, offset: number, at: number): number => {
    trace.note(site, bytes, offset, at);
    return at;
  };
  const values = ["i32", "i64", "f32", "f64"].flatMap((type) =>
    ["load", "store", "struct_get", "struct_set", "array_get", "array_set"].map((kind) => `${kind}_val_${type}`),
  );
  return {
    ...Object.fromEntries(values.map((name) => [name, value])),
    load_ptr: address,
    store_ptr: address,
    memory_grow_pre: value,
    memory_grow_post: value,
    array_get_index: value,
    array_set_index: value,
    log_execution: (site: number) => void trace.note(site),
  };
}
