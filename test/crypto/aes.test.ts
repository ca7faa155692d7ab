// The AES of wasm/crypto, eight blocks and one at a time: each layer on everything that it can get, the key schedule and whole blocks against the
// plain AES of reference/aes.ts, FIPS 197 and node:crypto.
import { createCipheriv } from "node:crypto";
import { expect, test } from "vitest";
import { Evidence, fromHex, randomBytes, unit } from "./evidence.ts";
import { decryptBlock, encryptBlock, mixColumns, roundKeys, sBox, shiftRows, undoMixColumns } from "./reference/aes.ts";
import { xor } from "./reference/blocks.ts";
import { counterMode } from "./reference/gcm.ts";
import { decryptCbc, encryptCbc } from "./reference/modes.ts";

const keySizes = [16, 24, 32];
const rounds = [0, 1, 2, 3];
const stateBits = 1024;

const evidence = new Evidence();
const state = evidence.room(128);
const schedule = evidence.room(evidence.call("aes_key_size"));

test("the plain AES is that of FIPS 197, appendices A and C", () => {
  expect(roundKeys(fromHex("2b7e151628aed2a6abf7158809cf4f3c")).at(-1)).toEqual([
    ...fromHex("d014f9a8c9ee2589e13f0cc8b6630ca6"),
  ]);
  for (const [size, sealed] of [
    [16, "69c4e0d86a7b0430d8cdb78070b4c55a"],
    [24, "dda97ca4864cdfe06eaf70a0ec0d7191"],
    [32, "8ea2b7ca516745bfeafc49904b496089"],
  ] as const) {
    const key = Uint8Array.from({ length: size }, (_, i) => i);
    const block = fromHex("00112233445566778899aabbccddeeff");
    expect(encryptBlock(key, block)).toEqual(fromHex(sealed));
    expect(decryptBlock(key, fromHex(sealed))).toEqual(block);
  }
});

test("the transposition puts bit b of byte i of block j at bit j of byte i of plane b, for all 1024 bits", () => {
  for (let bit = 0; bit < stateBits; bit++) {
    const [block, byte, place] = [bit >> 7, (bit >> 3) & 15, bit & 7];
    expect(transposed(unit(128, bit)), `bit ${bit}`).toEqual(unit(128, place * 128 + byte * 8 + block));
  }
});

test("the S-box circuit is right for all 256 inputs at all 128 places", () => {
  for (let input = 0; input < 256; input++) {
    const inputs = Uint8Array.from({ length: 128 }, (_, i) => (input + 37 * i) & 0xff);
    const outputs = inputs.map((byte) => sBox[byte]! ^ 0x63);
    expect(layer("sub_bytes", inputs), `from ${input} on`).toEqual(outputs);
    expect(layer("undo_sub_bytes", outputs), `back to ${input}`).toEqual(inputs);
  }
});

test("ShiftRows, MixColumns and its inverse are right on all 1024 unit states, at each of the four stages", () => {
  const unshifted = (block: number[], round: number, mix: (state: number[]) => number[]): number[] =>
    shiftRows(mix(shiftRows(block, round)), 4 - round);
  for (const round of rounds) {
    for (let bit = 0; bit < stateBits; bit++) {
      const given = unit(128, bit);
      const name = `stage ${round}, bit ${bit}`;
      expect(layer("shift_rows", given, round), name).toEqual(byBlock(given, (block) => shiftRows(block, round)));
      expect(layer("mix_columns", given, round), name).toEqual(
        byBlock(given, (block) => unshifted(block, round, mixColumns)),
      );
      expect(layer("undo_mix_columns", given, round), name).toEqual(
        byBlock(given, (block) => unshifted(block, round, undoMixColumns)),
      );
    }
  }
});

test("the linear layers add up: what they make of a sum is the sum", () => {
  for (const name of ["shift_rows", "mix_columns", "undo_mix_columns"]) {
    for (const round of rounds) {
      const [a, b] = [randomBytes(128, round), randomBytes(128, round + 50)];
      expect(layer(name, xor(a, b), round)).toEqual(xor(layer(name, a, round), layer(name, b, round)));
    }
  }
});

test("SubBytes of one block is right for all 256 inputs at all 16 places", () => {
  for (let input = 0; input < 256; input++) {
    const inputs = Uint8Array.from({ length: 16 }, (_, i) => (input + 37 * i) & 0xff);
    expect(blockLayer("substitute", inputs), `from ${input} on`).toEqual(inputs.map((byte) => sBox[byte]!));
  }
});

test("ShiftRows of one block, and MixColumns after it, are right on all 128 unit blocks, and add up", () => {
  for (const [name, plain] of [
    ["shift_rows_of_bytes", (block: number[]) => shiftRows(block, 1)],
    ["shift_and_mix", (block: number[]) => mixColumns(shiftRows(block, 1))],
  ] as const) {
    for (let bit = 0; bit < 128; bit++) {
      const given = unit(16, bit);
      expect(blockLayer(name, given), `${name}, bit ${bit}`).toEqual(Uint8Array.from(plain([...given])));
    }
    const [a, b] = [randomBytes(16, 1), randomBytes(16, 2)];
    expect(blockLayer(name, xor(a, b))).toEqual(xor(blockLayer(name, a), blockLayer(name, b)));
  }
});

test("one block is encrypted and decrypted as the plain AES does it, also in place", () => {
  for (const [i, key] of keys().entries()) {
    const given = randomBytes(16, i);
    const sealed = encryptBlock(key, given);
    expect(ecb(1, key, given)).toEqual([sealed, sealed]);
    expect(ecb(0, key, sealed)).toEqual([given, given]);
  }
});

test("the key schedule holds the round keys of published, extreme and random keys, bit for bit", () => {
  for (const key of keys()) {
    setKey(key);
    const expected = roundKeys(key);
    const last = expected.length - 1;
    for (const [round, bytes] of expected.entries()) {
      const moved = round < last ? shiftRows(bytes, (4 - (round % 4)) % 4) : bytes;
      const stored = moved.map((byte) => (round > 0 ? byte ^ 0x63 : byte));
      expect(planesOf(round), `round ${round} of ${key.length}`).toEqual(
        Array.from({ length: 8 }, (_, b) => stored.map((byte) => (((byte >> b) & 1) === 1 ? 0xff : 0))),
      );
    }
  }
});

test("eight blocks are encrypted and decrypted as the plain AES does it, each for itself", () => {
  for (const [i, key] of keys().entries()) {
    setKey(key);
    const given = randomBytes(128, i);
    expect(crypted("aes_encrypt", given)).toEqual(byBlock(given, (block) => encryptBlock(key, Uint8Array.from(block))));
    expect(crypted("aes_decrypt", given)).toEqual(byBlock(given, (block) => decryptBlock(key, Uint8Array.from(block))));
  }
});

test("a thousand batches under changing keys are as node:crypto has them", () => {
  for (const size of keySizes) {
    let bytes = randomBytes(128, size);
    for (let i = 0; i < 334; i++) {
      const key = randomBytes(size, i);
      setKey(key);
      const sealed = crypted("aes_encrypt", bytes);
      const cipher = createCipheriv(`aes-${size * 8}-ecb`, key, null).setAutoPadding(false);
      expect(sealed).toEqual(Uint8Array.from(cipher.update(bytes)));
      expect(crypted("aes_decrypt", sealed)).toEqual(bytes);
      bytes = sealed;
    }
  }
});

test("eight blocks of a counter become the right planes, wherever it carries", () => {
  const block = randomBytes(16, 1);
  const at = evidence.place(block);
  for (let bit = 0; bit <= 32; bit++) {
    for (let back = 0; back <= 8; back++) {
      const count = 2 ** bit - back;
      evidence.call("counter_planes", state, at, count >>> 0);
      const expected = Array.from({ length: 8 }, (_, i) => [...block.subarray(0, 12), ...bigEndian(count + i)]);
      expect([...evidence.read(state, 128)], `from 2^${bit} - ${back} on`).toEqual(expected.flat());
    }
  }
});

test("the counter counts 32 bits and wraps, within a batch and between batches", () => {
  const key = randomBytes(16, 1);
  setKey(key);
  const text = randomBytes(512, 2);
  const nonce = randomBytes(12, 3);
  for (let back = 0; back <= 33; back++) {
    const first = Uint8Array.of(...nonce, 0, 0, 0, 0);
    new DataView(first.buffer).setUint32(12, 2 ** 32 - back);
    const [counter, out] = [evidence.place(first), evidence.room(512)];
    evidence.call("aes_ctr", schedule, counter, text, out, 4);
    expect(evidence.read(out, 512), `${back} before the end`).toEqual(counterMode(key, first, text));
    const after = evidence.read(counter, 16);
    expect(after.subarray(0, 12)).toEqual(nonce);
    expect(new DataView(after.buffer).getUint32(12)).toBe((2 ** 32 - back + 32) % 2 ** 32);
  }
});

test("CBC is the plain one for all key sizes and up to 40 blocks, also in place", () => {
  for (const size of keySizes) {
    for (let blocks = 0; blocks <= 40; blocks++) {
      const [key, iv, text] = [randomBytes(size, blocks), randomBytes(16, size), randomBytes(16 * blocks, 7)];
      const sealed = encryptCbc(key, iv, text);
      expect(cbc(1, key, iv, text), `${blocks} blocks`).toEqual([sealed, sealed]);
      expect(cbc(0, key, iv, sealed), `${blocks} blocks`).toEqual([text, text]);
      const other = randomBytes(16 * blocks, 8);
      expect(cbc(0, key, iv, other)[0], `${blocks} blocks`).toEqual(decryptCbc(key, iv, other));
    }
  }
});

test("CBC of long texts is that of node:crypto", () => {
  for (const size of [16, 32]) {
    const [key, iv, text] = [randomBytes(size, 1), randomBytes(16, 2), randomBytes(16_384, 3)];
    const cipher = createCipheriv(`aes-${size * 8}-cbc`, key, iv).setAutoPadding(false);
    const sealed = Uint8Array.from(cipher.update(text));
    expect(cbc(1, key, iv, text)).toEqual([sealed, sealed]);
    expect(cbc(0, key, iv, sealed)).toEqual([text, text]);
  }
});

test("CBC goes on where the last call stopped", () => {
  const [key, iv, text] = [randomBytes(16, 1), randomBytes(16, 2), randomBytes(160, 3)];
  for (const mode of [0, 1]) {
    const [whole] = cbc(mode, key, iv, text);
    const running = evidence.place(iv);
    const pieces = [text.subarray(0, 48), text.subarray(48)].map((piece) => {
      const out = evidence.room(piece.length);
      expect(evidence.call("cbc", key, 128, mode, running, piece, out, piece.length)).toBe(0);
      return evidence.read(out, piece.length);
    });
    expect(Uint8Array.from(pieces.flatMap((piece) => [...piece]))).toEqual(whole);
  }
});

test("what is no key, no mode and no whole number of blocks is refused", () => {
  const [key, iv, out] = [new Uint8Array(32), new Uint8Array(16), evidence.room(32)];
  for (const bits of [0, 64, 127, 160, 512]) expect(evidence.call("cbc", key, bits, 1, iv, key, out, 32)).toBe(-0x20);
  expect(evidence.call("cbc", key, 128, 1, iv, key, out, 17)).toBe(-0x22);
  expect(evidence.call("cbc", key, 128, 2, iv, key, out, 16)).toBe(-0x21);
  expect(evidence.call("ecb", key, 128, 2, iv, out)).toBe(-0x21);
});

function keys(): Uint8Array[] {
  return keySizes.flatMap((size) => [
    Uint8Array.from({ length: size }, (_, i) => i),
    fromHex("2b7e151628aed2a6abf7158809cf4f3c762e7160f38b4da56a784d9045190cfe").subarray(0, size),
    new Uint8Array(size),
    new Uint8Array(size).fill(0xff),
    ...Array.from({ length: size * 8 }, (_, bit) => unit(size, bit)),
    ...Array.from({ length: 32 }, (_, seed) => randomBytes(size, seed)),
  ]);
}

function setKey(key: Uint8Array): void {
  const at = evidence.place(key);
  evidence.call("aes_set_key", schedule, at, key.length);
}

function planesOf(round: number): number[][] {
  const at = evidence.call("aes_planes", schedule) + 128 * round;
  return Array.from({ length: 8 }, (_, b) => [...evidence.read(at + 16 * b, 16)]);
}

function transposed(given: Uint8Array): Uint8Array {
  evidence.write(state, given);
  evidence.call("transpose", state);
  return evidence.read(state, 128);
}

function layer(name: string, given: Uint8Array, round = 0): Uint8Array {
  evidence.write(state, given);
  evidence.call(name, state, round);
  return evidence.read(state, 128);
}

function bigEndian(word: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, word);
  return bytes;
}

function blockLayer(name: string, given: Uint8Array): Uint8Array {
  evidence.write(state, given);
  evidence.call(name, state);
  return evidence.read(state, 16);
}

function crypted(name: string, given: Uint8Array): Uint8Array {
  evidence.write(state, given);
  evidence.call(name, schedule, state);
  return evidence.read(state, 128);
}

/** Out of place and in place. */
function ecb(mode: number, key: Uint8Array, block: Uint8Array): [Uint8Array, Uint8Array] {
  const [apart, inPlace] = [evidence.room(16), evidence.place(block)];
  expect(evidence.call("ecb", key, key.length * 8, mode, block, apart)).toBe(0);
  expect(evidence.call("ecb", key, key.length * 8, mode, inPlace, inPlace)).toBe(0);
  return [evidence.read(apart, 16), evidence.read(inPlace, 16)];
}

/** Out of place and in place. */
function cbc(mode: number, key: Uint8Array, iv: Uint8Array, text: Uint8Array): [Uint8Array, Uint8Array] {
  const [apart, inPlace] = [evidence.room(text.length), evidence.place(text)];
  expect(evidence.call("cbc", key, key.length * 8, mode, iv, text, apart, text.length)).toBe(0);
  expect(evidence.call("cbc", key, key.length * 8, mode, iv, inPlace, inPlace, text.length)).toBe(0);
  return [evidence.read(apart, text.length), evidence.read(inPlace, text.length)];
}

function byBlock(given: Uint8Array, work: (block: number[]) => Iterable<number>): Uint8Array {
  return Uint8Array.from(
    Array.from({ length: 8 }, (_, i) => [...work([...given.subarray(16 * i, 16 * i + 16)])]).flat(),
  );
}
