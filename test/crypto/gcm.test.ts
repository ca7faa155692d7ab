// AES-GCM behind Mbed TLS's entry points: every length against node:crypto and the plain GCM of reference/gcm.ts, the vectors of its
// specification, pieces, and what must be refused.
import { createCipheriv } from "node:crypto";
import process from "node:process";
import { expect, test } from "vitest";
import { Aead, type Message } from "./aead.ts";
import { expectSame, flipped } from "./bytes.ts";
import { Evidence, evidenceFile, fromHex, moduleUnderTest, randomBytes } from "./evidence.ts";
import { encryptBlock } from "./reference/aes.ts";
import { multiply, seal } from "./reference/gcm.ts";

const keySizes = [16, 24, 32];
const nodeKeySizes = [16, 32]; // Deno's node:crypto knows no others with GCM
const lengths = Array.from({ length: 301 }, (_, size) => size);
const authFailed = -0x12;
const badInput = -0x14;
const [decrypt, encrypt] = [0, 1];

/** WANTTLS_PROOF=all (`make prove`): each pair of lengths, not one in eleven. */
const everything = process.env["WANTTLS_PROOF"] === "all";

const evidence = new Evidence(evidenceFile(moduleUnderTest()));
const gcm = new Aead(evidence, "gcm", 70_000);

test("the vectors of the specification (McGrew and Viega, appendix B) come out", () => {
  const text = fromHex(
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255",
  );
  const aad = fromHex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
  const long = fromHex(
    "9313225df88406e555909c5aff5269aa6a7a9538534f7da1e4c303d2a318a728c3c0c95156809539fcf0e2429a6b525416aedbf5a0de6a57a637b39b",
  );
  const iv = fromHex("cafebabefacedbaddecaf888");
  const zeros = (size: number): Uint8Array => new Uint8Array(size);
  const none = zeros(0);
  const key = fromHex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
  const cases = (size: number): Message[] => [
    { key: zeros(size), iv: zeros(12), aad: none, text: none },
    { key: zeros(size), iv: zeros(12), aad: none, text: zeros(16) },
    { key: key.subarray(0, size), iv, aad: none, text },
    { key: key.subarray(0, size), iv, aad, text: text.subarray(0, 60) },
    { key: key.subarray(0, size), iv: iv.subarray(0, 8), aad, text: text.subarray(0, 60) },
    { key: key.subarray(0, size), iv: long, aad, text: text.subarray(0, 60) },
  ];
  const tags = [
    "58e2fccefa7e3061367f1d57a4e7455a ab6e47d42cec13bdf53a67b21257bddf 4d5c2af327cd64a62cf35abd2ba6fab4",
    "5bc94fbc3221a5db94fae95ae7121a47 3612d2e79e3b0785561be14aaca2fccb 619cc5aefffe0bfa462af43c1699d050",
    "cd33b28ac773f74ba00ed1f312572435 2ff58d80033927ab8ef4d4587514f0fb 9924a7c8587336bfb118024db8674a14",
    "2519498e80f1478f37ba55bd6d27618c 65dcc57fcf623a24094fcca40d3533f8 dcf566ff291c25bbb8568fc3d376a6d9",
    "530f8afbc74536b9a963b4f1c4cb738b d0d1c8a799996bf0265b98b5d48ab919 b094dac5d93471bdec1a502270e3cc6c",
    "76fc6ece0f4e1768cddf8853bb2d551b 3a337dbf46a792c45e454913fe2ea8f2 a44a8266ee1c8eb0c8b5d4cf5ae9f19a",
  ].flatMap((line) => line.split(" ").map(fromHex));
  for (const [i, message] of keySizes.flatMap(cases).entries()) {
    expect(seal(message.key, message.iv, message.aad, message.text).tag, `plain, case ${i + 1}`).toEqual(tags[i]);
    expect(gcm.seal(message).tag, `case ${i + 1}`).toEqual(tags[i]);
  }
});

test("each length of text up to 300 is as the plain GCM has it, for each size of key", () => {
  for (const size of keySizes) for (const length of lengths) expectPlain(messageOf(size, 12, length % 40, length));
});

test("each length of additional data and of the nonce up to 300 is as the plain GCM has it", () => {
  for (const length of lengths) {
    expectPlain(messageOf(16, 12, length, 20));
    if (length > 0) expectPlain(messageOf(32, length, 5, 20));
  }
});

test("pairs of lengths of text and additional data up to 300 are as node:crypto has them, sealed and opened", () => {
  const pairs = lengths.flatMap((text) => lengths.map((aad) => [text, aad] as const));
  for (const [text, aad] of everything ? pairs : pairs.filter((_, i) => i % 11 === 0)) {
    expectNodes(messageOf(nodeKeySizes[(text + aad) % 2]!, 12, aad, text), aad % 2 === 0);
  }
}, 300_000);

test("long texts and additional data are as node:crypto has them, in place and apart", () => {
  for (const size of nodeKeySizes) {
    for (const length of [
      1023, 1024, 1025, 2047, 2048, 2049, 2160, 2161, 4096, 16_384, 16_385, 16_401, 65_536, 69_999,
    ]) {
      expectNodes(messageOf(size, 12, 13, length), false);
      expectNodes(messageOf(size, 16, length, 13), true);
    }
  }
});

test("the block counter wraps at 32 bits, wherever in the text", () => {
  const { key, aad, text } = messageOf(16, 12, 5, 300);
  for (let back = 0; back <= 20; back++) {
    const first = Uint8Array.of(...randomBytes(12, back), 0xff, 0xff, 0xff, 0xff - back);
    const message = { key, iv: nonceFor(key, first), aad, text };
    expectPlain(message);
    expectNodes(message, true);
  }
});

test("a message may come in two pieces, cut anywhere, and in many of any sizes", () => {
  const message = messageOf(16, 12, 300, 300);
  const whole = nodes(message);
  for (const cut of lengths)
    expect(inPieces(message, [cut, 300 - cut], [cut, 300 - cut]), `cut at ${cut}`).toEqual(whole);
  const long = messageOf(32, 12, 5000, 5000);
  for (let seed = 0; seed < 60; seed++) {
    const sizes = [...randomBytes(400, seed)].map((byte) => (seed < 20 ? byte % 20 : byte * 4));
    expect(inPieces(long, sizes, sizes.toReversed()), `pieces ${seed}`).toEqual(nodes(long));
    const sealed = nodes(long);
    const opened = inPieces({ ...long, text: sealed.text }, sizes, sizes.toReversed(), decrypt);
    expect(opened, `pieces ${seed}`).toEqual({ text: long.text, tag: sealed.tag });
  }
});

test("one key seals many messages", () => {
  const context = newContext(new Uint8Array(16).fill(3));
  for (let i = 0; i < 50; i++) {
    const message = { ...messageOf(16, (i % 5) * 4 + 4, i * 7, i * 31), key: new Uint8Array(16).fill(3) };
    expect(inPieces(message, [1000], [3000], encrypt, context)).toEqual(nodes(message));
  }
});

test("a tag of 4 to 16 bytes is the beginning of the whole one, and other sizes are refused", () => {
  const message = messageOf(16, 12, 20, 50);
  const whole = gcm.seal(message).tag;
  for (let size = 4; size <= 16; size++) {
    expect(gcm.seal(message, size).tag).toEqual(whole.subarray(0, size));
    const { text } = gcm.seal(message, size);
    expect(gcm.open({ ...message, text }, whole.subarray(0, size))).toEqual({ status: 0, text: message.text });
  }
  for (const size of [0, 1, 3, 17, 32]) expect(gcm.seal(message, size).status).toBe(badInput);
});

test("a bit that changed anywhere, in text, additional data, nonce, key or tag, is an error and gives out zeros", () => {
  const message = messageOf(16, 12, 21, 37);
  const sealed = gcm.seal(message);
  const received = { ...message, text: sealed.text };
  expect(gcm.open(received, sealed.tag)).toEqual({ status: 0, text: message.text });
  for (const part of ["key", "iv", "aad", "text"] as const) {
    for (let bit = 0; bit < received[part].length * 8; bit++) {
      const harmed = { ...received, [part]: flipped(received[part], bit) };
      expect(gcm.open(harmed, sealed.tag), `bit ${bit} of ${part}`).toEqual({
        status: authFailed,
        text: new Uint8Array(37),
      });
    }
  }
  for (let bit = 0; bit < 128; bit++) {
    expect(gcm.open(received, flipped(sealed.tag, bit)), `bit ${bit} of the tag`).toEqual({
      status: authFailed,
      text: new Uint8Array(37),
    });
  }
});

test("what is no AES key, no nonce and no safe overlap is refused", () => {
  const context = newContext(new Uint8Array(16));
  for (const bits of [0, 64, 127, 160, 512])
    expect(evidence.call("gcm_set_key", context, new Uint8Array(64), bits)).toBe(badInput);
  expect(evidence.call("gcm_other_cipher", context, new Uint8Array(16))).toBe(badInput);
  expect(gcm.seal(messageOf(16, 0, 0, 16)).status).toBe(badInput);
  const area = evidence.room(100);
  evidence.call("gcm_starts", context, encrypt, new Uint8Array(12), 12);
  expect(evidence.call("gcm_update", context, area, area + 1, 50)).toBe(badInput);
  expect(evidence.call("gcm_update", context, area + 1, area, 50)).toBe(50);
});

function messageOf(key: number, iv: number, aad: number, text: number): Message {
  return {
    key: randomBytes(key, key + text),
    iv: randomBytes(iv, iv + text + 1),
    aad: randomBytes(aad, aad + 2),
    text: randomBytes(text, text + 3),
  };
}

/** The nonce of sixteen bytes whose first counter block is the given one: GHASH, solved for its first block. */
function nonceFor(key: Uint8Array, counter: Uint8Array): Uint8Array {
  const h = encryptBlock(key, new Uint8Array(16));
  let power = h;
  let inverse = Uint8Array.of(0x80, ...new Uint8Array(15)); // the field's one
  for (let i = 1; i < 128; i++) {
    power = multiply(power, power);
    inverse = Uint8Array.from(multiply(inverse, power)); // in the end h^(2^128 - 2)
  }
  const hashed = multiply(counter, inverse);
  hashed[15]! ^= 128; // the length of the nonce, in bits
  return multiply(hashed, inverse);
}

function nodes({ key, iv, aad, text }: Message): { text: Uint8Array; tag: Uint8Array } {
  const cipher = createCipheriv(`aes-${(key.length * 8) as 128}-gcm`, key, iv).setAAD(aad);
  const sealed = Uint8Array.from([...cipher.update(text), ...cipher.final()]);
  return { text: sealed, tag: Uint8Array.from(cipher.getAuthTag()) };
}

function expectNodes(message: Message, apart: boolean): void {
  expectSealed(message, nodes(message), apart);
}

function expectPlain(message: Message): void {
  expectSealed(message, seal(message.key, message.iv, message.aad, message.text), false);
}

function expectSealed(message: Message, expected: { text: Uint8Array; tag: Uint8Array }, apart: boolean): void {
  const sealed = gcm.seal(message, 16, apart);
  const opened = gcm.open({ ...message, text: expected.text }, expected.tag, apart);
  const name = `key, nonce, additional data, text: ${Object.values(message)
    .map((part: Uint8Array) => part.length)
    .join(", ")}`;
  if (sealed.status !== 0 || opened.status !== 0) expect([sealed.status, opened.status], name).toEqual([0, 0]);
  expectSame(sealed.text, expected.text, name);
  expectSame(sealed.tag, expected.tag, name);
  expectSame(opened.text, message.text, name);
}

function newContext(key: Uint8Array): number {
  const context = evidence.room(evidence.call("gcm_context_size"));
  expect(evidence.call("gcm_set_key", context, key, key.length * 8)).toBe(0);
  return context;
}

/** By the streaming entry points; the last piece of each is what the sizes leave over. */
function inPieces(
  message: Message,
  aadSizes: readonly number[],
  textSizes: readonly number[],
  mode = encrypt,
  context = newContext(message.key),
): { text: Uint8Array; tag: Uint8Array } {
  expect(evidence.call("gcm_starts", context, mode, message.iv, message.iv.length)).toBe(0);
  for (const piece of cutInto(message.aad, aadSizes)) {
    expect(evidence.call("gcm_update_ad", context, piece, piece.length)).toBe(0);
  }
  const parts = cutInto(message.text, textSizes).map((piece) => {
    const at = evidence.place(piece);
    expect(evidence.call("gcm_update", context, at, at, piece.length)).toBe(piece.length);
    return evidence.read(at, piece.length);
  });
  const tag = evidence.room(16);
  expect(evidence.call("gcm_finish", context, tag, 16)).toBe(0);
  return { text: Uint8Array.from(parts.flatMap((part) => [...part])), tag: evidence.read(tag, 16) };
}

function cutInto(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let at = 0;
  for (const size of sizes) pieces.push(bytes.subarray(at, (at += size)));
  pieces.push(bytes.subarray(at));
  return pieces;
}
