// The ChaCha20 of wasm/crypto, alone and under Mbed TLS's ChaCha20-Poly1305, against the plain one of reference/chacha20.ts and the
// vectors of RFC 8439.
import { expect, test } from "vitest";
import { Aead, type Message } from "./aead.ts";
import { expectSame, flipped } from "./bytes.ts";
import { Evidence, fromHex, randomBytes } from "./evidence.ts";
import { chacha20, chachaBlock, sealChaCha } from "./reference/chacha20.ts";

const lengths = Array.from({ length: 601 }, (_, size) => size);
const badInput = -0x51;
const authFailed = -0x56;

const evidence = new Evidence();
const chachaPoly = new Aead(evidence, "chachapoly", 20_000);
const context = evidence.room(evidence.call("chacha20_context_size"));
const area = evidence.room(20_000);

test("the vectors of RFC 8439, sections 2.3.2, 2.4.2 and 2.8.2, come out", () => {
  const key = Uint8Array.from({ length: 32 }, (_, i) => i);
  const block = fromHex(
    "10f1e7e4d13b5915500fdd1fa32071c4c7d1f4c733c068030422aa9ac3d46c4ed2826446079faa0914c2d705d98b02a2b5129cd1de164eb9cbd083e8a2503c4e",
  );
  const nonce = fromHex("000000090000004a00000000");
  expect(chachaBlock(key, nonce, 1)).toEqual(block);
  expect(crypted(key, nonce, 1, new Uint8Array(64))).toEqual(block);
  const text = new TextEncoder().encode(
    "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.",
  );
  const begin = fromHex("6e2e359a2568f98041ba0728dd0d6981");
  expect(crypted(key, fromHex("000000000000004a00000000"), 1, text).subarray(0, 16)).toEqual(begin);
  const message = {
    key: Uint8Array.from({ length: 32 }, (_, i) => 0x80 + i),
    iv: fromHex("070000004041424344454647"),
    aad: fromHex("50515253c0c1c2c3c4c5c6c7"),
    text,
  };
  const tag = fromHex("1ae10b594f09e26a7e902ecbd0600691");
  expect(chachaPoly.seal(message).tag).toEqual(tag);
  expect(sealChaCha(message.key, message.iv, message.aad, message.text).tag).toEqual(tag);
});

test("each length of text up to 600 is as the plain ChaCha20 has it, also with extreme keys", () => {
  for (const length of lengths) {
    for (const key of [randomBytes(32, length), new Uint8Array(32).fill(length % 2 === 0 ? 0 : 0xff)]) {
      const [nonce, text] = [randomBytes(12, length), randomBytes(length, 1)];
      expectSame(crypted(key, nonce, length, text), chacha20(key, nonce, length, text), `${length} bytes`);
    }
  }
});

test("the counter runs to its last block, and beyond it nothing is encrypted", () => {
  const [key, nonce] = [randomBytes(32, 1), randomBytes(12, 2)];
  for (let blocks = 1; blocks <= 12; blocks++) {
    const text = randomBytes(64 * blocks, 3);
    const first = 2 ** 32 - blocks;
    expect(crypted(key, nonce, first, text)).toEqual(chacha20(key, nonce, first, text));
    start(key, nonce, first);
    expect(evidence.call("chacha20_update", context, area, area, 64 * blocks + 1)).toBe(badInput);
    expect(evidence.call("chacha20_update", context, area, area, 64 * blocks)).toBe(0);
    expect(evidence.call("chacha20_update", context, area, area, 1)).toBe(badInput);
    expect(evidence.call("chacha20_update", context, area, area, 0)).toBe(0);
  }
});

test("a text may come in two pieces, cut anywhere, and in many of any sizes", () => {
  const [key, nonce, text] = [randomBytes(32, 1), randomBytes(12, 2), randomBytes(600, 3)];
  const whole = chacha20(key, nonce, 7, text);
  for (const cut of lengths) expectSame(inPieces(key, nonce, text, [cut]), whole, `cut at ${cut}`);
  for (let seed = 0; seed < 100; seed++) {
    const sizes = [...randomBytes(100, seed)].map((byte) => (seed < 50 ? byte % 20 : byte));
    expectSame(inPieces(key, nonce, text, sizes), whole, `pieces ${seed}`);
  }
});

test("each length of text and of additional data up to 600 is sealed and opened as the plain one has it", () => {
  for (const length of lengths) {
    expectSealed(messageOf(length % 40, length));
    expectSealed(messageOf(length, 70));
  }
  for (const length of [1024, 4096, 16_384, 16_385]) expectSealed(messageOf(13, length));
});

test("a bit that changed anywhere, in text, additional data, nonce or tag, is an error and gives out zeros", () => {
  const message = messageOf(21, 70);
  const sealed = chachaPoly.seal(message);
  const received = { ...message, text: sealed.text };
  for (const part of ["iv", "aad", "text"] as const) {
    for (let bit = 0; bit < received[part].length * 8; bit++) {
      const harmed = { ...received, [part]: flipped(received[part], bit) };
      expect(chachaPoly.open(harmed, sealed.tag)).toEqual({ status: authFailed, text: new Uint8Array(70) });
    }
  }
  for (let bit = 0; bit < 128; bit++) {
    expect(chachaPoly.open(received, flipped(sealed.tag, bit)).status, `bit ${bit} of the tag`).toBe(authFailed);
  }
});

test("a message may come in pieces of any sizes, and its additional data in two", () => {
  const [tag, list] = [evidence.room(16), evidence.room(4 * 64)];
  for (let seed = 0; seed < 200; seed++) {
    const sizes = [...randomBytes(1 + (seed % 40), seed)].map((byte) =>
      seed < 50 ? byte % 70 : byte * (1 + (seed % 3)),
    );
    const pieces = Uint32Array.from(sizes.slice(0, 8));
    const message = messageOf(
      seed % 45,
      pieces.reduce((sum, size) => sum + size, 0),
    );
    const expected = sealChaCha(message.key, message.iv, message.aad, message.text);
    evidence.write(list, new Uint8Array(pieces.buffer));
    for (const [mode, given, wanted] of [
      [0, message.text, expected.text],
      [1, expected.text, message.text],
    ] as const) {
      evidence.write(area, given);
      const { key, iv, aad } = message;
      expect(evidence.call("chachapoly_pieces", key, iv, mode, aad, aad.length, area, list, pieces.length, tag)).toBe(
        0,
      );
      expectSame(evidence.read(area, given.length), wanted, `pieces ${seed}`);
      expect(evidence.read(tag, 16)).toEqual(expected.tag);
    }
  }
});

test("calls out of order are refused", () => {
  const [key, iv] = [randomBytes(32, 1), randomBytes(12, 1)];
  expect(evidence.call("chachapoly_order", key, iv, evidence.room(16), evidence.room(16))).toBe(0);
});

function messageOf(aad: number, text: number): Message {
  return {
    key: randomBytes(32, text),
    iv: randomBytes(12, text + 1),
    aad: randomBytes(aad, aad + 2),
    text: randomBytes(text, text + 3),
  };
}

function expectSealed(message: Message): void {
  const expected = sealChaCha(message.key, message.iv, message.aad, message.text);
  const name = `${message.aad.length} and ${message.text.length} bytes`;
  const sealed = chachaPoly.seal(message);
  const opened = chachaPoly.open({ ...message, text: expected.text }, expected.tag, true);
  expect([sealed.status, opened.status], name).toEqual([0, 0]);
  expectSame(sealed.text, expected.text, name);
  expectSame(sealed.tag, expected.tag, name);
  expectSame(opened.text, message.text, name);
}

function start(key: Uint8Array, nonce: Uint8Array, counter: number): void {
  evidence.call("chacha20_start", context, key, nonce, counter);
}

function crypted(key: Uint8Array, nonce: Uint8Array, counter: number, text: Uint8Array): Uint8Array {
  start(key, nonce, counter);
  evidence.write(area, text);
  expect(evidence.call("chacha20_update", context, area, area, text.length)).toBe(0);
  return evidence.read(area, text.length);
}

function inPieces(key: Uint8Array, nonce: Uint8Array, text: Uint8Array, sizes: readonly number[]): Uint8Array {
  start(key, nonce, 7);
  evidence.write(area, text);
  let at = 0;
  for (const size of [...sizes, Infinity]) {
    const now = Math.min(size, text.length - at);
    expect(evidence.call("chacha20_update", context, area + at, area + at, now)).toBe(0);
    at += now;
  }
  return evidence.read(area, text.length);
}
