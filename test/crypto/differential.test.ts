// Our kernels beside code that others have looked at, on the same random bytes, other ones in each run: AES and GHASH of AWS-LC,
// ChaCha20-Poly1305, SHA-256 and the products of big numbers of Mbed TLS, which are what vetted.wasm has; and Mbed TLS's AES with its
// tables. For verification on P-256 see p256.test.ts.
import process from "node:process";
import { expect, test } from "vitest";
import { Aead, type Message, type Mode } from "./aead.ts";
import { expectSame, flipped } from "./bytes.ts";
import { Evidence, evidenceFile, randomBytes } from "./evidence.ts";

const own = new Evidence();
const others = new Evidence(evidenceFile("vetted-evidence.wasm"));
const both = [own, others] as const;

/** Says in the name of what fails how to have it again. */
const first = Math.floor(Math.random() * 2 ** 30);
const cases = Array.from({ length: process.env["WANTTLS_PROOF"] === "all" ? 3000 : 300 }, (_, i) => first + i);

test("AES is that of AWS-LC and of Mbed TLS, a block at a time and eight, both ways and counting", () => {
  const rooms = both.map((module) => ({ module, key: module.room(module.call("aes_key_size")), at: areas(module) }));
  for (const seed of cases) {
    const key = keyOf(seed);
    const text = randomBytes(128, seed);
    const counter = randomBytes(16, seed + 1);
    const made = rooms.map(({ module, key: schedule, at: [a, b, c] }) => {
      const after = (call: () => unknown): Uint8Array => {
        call();
        return module.read(b!, 128);
      };
      const start = (): void => void [module.write(a!, key), module.write(b!, text), module.write(c!, counter)];
      start();
      const one = after(() => module.call("ecb", a!, key.length * 8, 1, b!, b!));
      start();
      module.call("aes_set_key", schedule, a!, key.length);
      const eight = after(() => module.call("aes_encrypt", schedule, b!));
      const back = after(() => module.call("aes_decrypt", schedule, b!));
      const counted = after(() => module.call("aes_ctr", schedule, c!, b!, b!, 1));
      return [one, eight, back, counted, module.read(c!, 16)] as const;
    });
    for (const [i, bytes] of made[0]!.entries()) expectSame(bytes, made[1]![i]!, `seed ${seed}, part ${i}`);
    expectSame(made[0]![2], text, `seed ${seed}`);
    const [a, b] = rooms[0]!.at;
    own.write(a!, key);
    own.write(b!, text);
    expect(own.call("stock_aes", a!, key.length * 8, b!, b!)).toBe(0);
    expectSame(own.read(b!, 16), made[0]![1].subarray(0, 16), `seed ${seed}, Mbed TLS's`);
  }
});

test("GHASH is that of AWS-LC, over any number of blocks, and on from there", () => {
  const rooms = both.map((module) => ({ module, key: module.room(module.call("ghash_key_size")), at: areas(module) }));
  for (const seed of cases) {
    const [h, hash, text] = [randomBytes(16, seed), randomBytes(16, seed + 1), randomBytes(3200, seed + 2)];
    const blocks = seed % 200;
    const made = rooms.map(({ module, key, at: [a, b, c] }) => {
      module.write(a!, h);
      module.write(b!, hash);
      module.write(c!, text);
      module.call("ghash_set_key", key, a!);
      module.call("ghash", key, b!, c!, blocks);
      module.call("ghash", key, b!, c!, 1);
      return module.read(b!, 16);
    });
    expectSame(made[0]!, made[1]!, `seed ${seed}, ${blocks} blocks`);
  }
});

test.each(["gcm", "ccm", "chachapoly"] satisfies Mode[])(
  "%s seals and opens as theirs does",
  { timeout: 300_000 },
  (mode) => {
    const [ours, theirs] = both.map((module) => new Aead(module, mode, 20_000));
    for (const seed of cases) {
      const message = messageOf(mode, seed);
      const sealed = ours!.seal(message, 16, seed % 2 === 0);
      const name = `seed ${seed}, ${message.text.length} bytes`;
      expect(sealed.status, name).toBe(0);
      const expected = theirs!.seal(message);
      expectSame(sealed.text, expected.text, name);
      expectSame(sealed.tag, expected.tag, name);
      const received = { ...message, text: sealed.text };
      expectSame(ours!.open(received, sealed.tag).text, message.text, name);
      const harmed = flipped(sealed.tag, seed % 128);
      expect(ours!.open(received, harmed), name).toEqual(theirs!.open(received, harmed));
    }
  },
);

test("SHA-256 and SHA-224 are those of Mbed TLS", () => {
  const rooms = both.map((module) => ({ module, at: areas(module) }));
  for (const seed of cases) {
    const text = randomBytes(seed % 3000, seed);
    const made = rooms.map(({ module, at: [a, b] }) => {
      module.write(a!, text);
      module.call("sha256", a!, text.length, b!, seed % 2);
      return module.read(b!, seed % 2 === 0 ? 32 : 28);
    });
    expectSame(made[0]!, made[1]!, `seed ${seed}, ${text.length} bytes`);
  }
});

test("products of big numbers, plain and Montgomery's, are those of Mbed TLS's row", () => {
  const rooms = both.map((module) => ({ module, at: areas(module), mm: module.room(8) }));
  for (const seed of cases) {
    const [left, right] = [1 + (seed % 64), 1 + ((seed >> 6) % 64)];
    const [x, y] = [randomBytes(512, seed), randomBytes(512, seed + 1)];
    const odd = randomBytes(512, seed + 2).with(0, seed | 1);
    const made = rooms.map(({ module, at: [a, b, n, out], mm }) => {
      module.write(a!, x);
      module.write(b!, y);
      module.write(n!, odd);
      module.write(mm, minusInverse(odd));
      module.call("multiply", out!, a!, left, b!, right);
      const product = module.read(out!, 8 * (left + right));
      module.call("montgomery", out!, a!, b!, n!, left, mm);
      return [product, module.read(out!, 8 * (left + 1))] as const;
    });
    for (const i of [0, 1]) expectSame(made[0]![i]!, made[1]![i]!, `seed ${seed}, ${left} and ${right} limbs`);
  }
});

/** Places for what goes in and comes out. */
function areas(module: Evidence): readonly number[] {
  return Array.from({ length: 4 }, () => module.room(4096));
}

function keyOf(seed: number): Uint8Array {
  return randomBytes([16, 24, 32][seed % 3]!, seed + 7);
}

/** Most are short, as borders of blocks and batches lie there. */
function messageOf(mode: Mode, seed: number): Message {
  const nonces = { gcm: 1 + (seed % 40), ccm: 7 + (seed % 7), chachapoly: 12 };
  return {
    key: mode === "chachapoly" ? randomBytes(32, seed) : keyOf(seed),
    iv: randomBytes(seed % 2 === 0 && mode === "gcm" ? 12 : nonces[mode], seed + 1),
    aad: randomBytes((seed >> 2) % 70, seed + 2),
    text: randomBytes(seed % 5 === 0 ? seed % 17_000 : seed % 1500, seed + 3),
  };
}

/** -1 / n modulo 2^64, of the lowest limb, by Newton's steps. */
function minusInverse(odd: Uint8Array): Uint8Array {
  const n = new DataView(odd.buffer, odd.byteOffset).getBigUint64(0, true);
  let inverse = n;
  for (let i = 0; i < 6; i++) inverse = BigInt.asUintN(64, inverse * (2n - n * inverse));
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt.asUintN(64, -inverse), true);
  return bytes;
}
