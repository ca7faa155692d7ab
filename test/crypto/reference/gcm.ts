// GHASH and GCM as NIST SP 800-38D says them, bit by bit, for comparison. Owns being obvious; slow, and leaks its keys.
import { encryptBlock } from "./aes.ts";
import { padded, xor } from "./blocks.ts";

/** x^128 = 1 + x + x^2 + x^7, with the coefficient of x^0 on top (6.3). */
const R = 0xe1n << 120n;

/** Product of two blocks in GF(2^128) (6.3, algorithm 1). */
export function multiply(a: Uint8Array, b: Uint8Array): Uint8Array {
  const x = numberOf(a);
  let v = numberOf(b);
  let product = 0n;
  for (let i = 127n; i >= 0n; i--) {
    if (((x >> i) & 1n) === 1n) product ^= v;
    v = (v & 1n) === 1n ? (v >> 1n) ^ R : v >> 1n;
  }
  return blockOf(product);
}

/** Of whole blocks (6.4). */
export function ghash(h: Uint8Array, data: Uint8Array): Uint8Array {
  let y: Uint8Array = new Uint8Array(16);
  for (let at = 0; at < data.length; at += 16) y = multiply(xor(y, data.subarray(at, at + 16)), h);
  return y;
}

/** One step of the counter: the last 32 bits (6.2). */
export function nextCounter(block: Uint8Array): Uint8Array {
  const next = block.slice();
  const view = new DataView(next.buffer);
  view.setUint32(12, view.getUint32(12) + 1);
  return next;
}

/** The text under the keystream from `counter` on (6.5). */
export function counterMode(key: Uint8Array, counter: Uint8Array, text: Uint8Array): Uint8Array {
  const out = new Uint8Array(text.length);
  let block = counter;
  for (let at = 0; at < text.length; at += 16) {
    out.set(xor(text.subarray(at, at + 16), encryptBlock(key, block)), at);
    block = nextCounter(block);
  }
  return out;
}

/** Ciphertext and tag (7.1). */
export function seal(
  key: Uint8Array,
  iv: Uint8Array,
  aad: Uint8Array,
  text: Uint8Array,
): { text: Uint8Array; tag: Uint8Array } {
  const h = encryptBlock(key, new Uint8Array(16));
  const first =
    iv.length === 12
      ? Uint8Array.of(...iv, 0, 0, 0, 1)
      : ghash(h, Uint8Array.of(...padded(iv), ...blockOf(BigInt(iv.length * 8))));
  const sealed = counterMode(key, nextCounter(first), text);
  const lengths = (BigInt(aad.length * 8) << 64n) | BigInt(text.length * 8);
  const hash = ghash(h, Uint8Array.of(...padded(aad), ...padded(sealed), ...blockOf(lengths)));
  return { text: sealed, tag: xor(hash, encryptBlock(key, first)) };
}

function numberOf(block: Uint8Array): bigint {
  return block.reduce((number, byte) => (number << 8n) | BigInt(byte), 0n);
}

function blockOf(number: bigint): Uint8Array {
  return Uint8Array.from({ length: 16 }, (_, i) => Number((number >> BigInt(120 - 8 * i)) & 0xffn));
}
