// ChaCha20, Poly1305 and their combination as RFC 8439 says them, for comparison. Owns being obvious.
import { padded, xor } from "./blocks.ts";

/** One block of keystream (2.3). */
export function chachaBlock(key: Uint8Array, nonce: Uint8Array, counter: number): Uint8Array {
  const given = new Uint32Array(16);
  given.set([0x61707865, 0x3320646e, 0x79622d32, 0x6b206574]);
  given.set(words(key), 4);
  given[12] = counter;
  given.set(words(nonce), 13);
  const state = given.slice();
  for (let round = 0; round < 10; round++) {
    for (let i = 0; i < 4; i++) quarterRound(state, i, 4 + i, 8 + i, 12 + i);
    for (let i = 0; i < 4; i++) quarterRound(state, i, 4 + ((i + 1) % 4), 8 + ((i + 2) % 4), 12 + ((i + 3) % 4));
  }
  const out = new DataView(new ArrayBuffer(64));
  for (const [i, word] of state.entries()) out.setUint32(4 * i, word + given[i]!, true);
  return new Uint8Array(out.buffer);
}

/** The text under the keystream from block `counter` on (2.4). */
export function chacha20(key: Uint8Array, nonce: Uint8Array, counter: number, text: Uint8Array): Uint8Array {
  const out = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at += 64) {
    out.set(xor(text.subarray(at, at + 64), chachaBlock(key, nonce, counter + at / 64)), at);
  }
  return out;
}

/** The tag of a message under a key of 32 bytes (2.5). */
export function poly1305(key: Uint8Array, message: Uint8Array): Uint8Array {
  const r = numberOf(key.subarray(0, 16)) & 0x0ffffffc0ffffffc0ffffffc0fffffffn;
  const prime = (1n << 130n) - 5n;
  let sum = 0n;
  for (let at = 0; at < message.length; at += 16) {
    sum = ((sum + numberOf(Uint8Array.of(...message.subarray(at, at + 16), 1))) * r) % prime;
  }
  return bytesOf(sum + numberOf(key.subarray(16)), 16);
}

/** Ciphertext and tag (2.8). */
export function sealChaCha(
  key: Uint8Array,
  nonce: Uint8Array,
  aad: Uint8Array,
  text: Uint8Array,
): { text: Uint8Array; tag: Uint8Array } {
  const sealed = chacha20(key, nonce, 1, text);
  const lengths = [...bytesOf(BigInt(aad.length), 8), ...bytesOf(BigInt(text.length), 8)];
  const message = Uint8Array.of(...padded(aad), ...padded(sealed), ...lengths);
  return { text: sealed, tag: poly1305(chachaBlock(key, nonce, 0).subarray(0, 32), message) };
}

function quarterRound(state: Uint32Array, a: number, b: number, c: number, d: number): void {
  for (const [x, y, z, turn] of [
    [a, b, d, 16],
    [c, d, b, 12],
    [a, b, d, 8],
    [c, d, b, 7],
  ] as const) {
    state[x]! += state[y]!;
    const sum = state[z]! ^ state[x]!;
    state[z] = (sum << turn) | (sum >>> (32 - turn));
  }
}

function words(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: bytes.length / 4 }, (_, i) => view.getUint32(4 * i, true));
}

function numberOf(bytes: Uint8Array): bigint {
  return bytes.reduceRight((number, byte) => (number << 8n) | BigInt(byte), 0n);
}

function bytesOf(number: bigint, size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => Number((number >> BigInt(8 * i)) & 0xffn));
}
