// CBC as NIST SP 800-38A and CCM as NIST SP 800-38C say them, for comparison. Owns being obvious.
import { decryptBlock, encryptBlock } from "./aes.ts";
import { padded, xor } from "./blocks.ts";

export function encryptCbc(key: Uint8Array, iv: Uint8Array, text: Uint8Array): Uint8Array {
  const out = new Uint8Array(text.length);
  let last = iv;
  for (let at = 0; at < text.length; at += 16) {
    last = encryptBlock(key, xor(text.subarray(at, at + 16), last));
    out.set(last, at);
  }
  return out;
}

export function decryptCbc(key: Uint8Array, iv: Uint8Array, text: Uint8Array): Uint8Array {
  const out = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at += 16) {
    const last = at === 0 ? iv : text.subarray(at - 16, at);
    out.set(xor(decryptBlock(key, text.subarray(at, at + 16)), last), at);
  }
  return out;
}

/** Ciphertext and tag (6.1), for additional data of less than 65,280 bytes. */
export function sealCcm(
  key: Uint8Array,
  nonce: Uint8Array,
  aad: Uint8Array,
  text: Uint8Array,
  tagSize: number,
): { text: Uint8Array; tag: Uint8Array } {
  const lengthSize = 15 - nonce.length;
  const block = (flags: number, number: number): Uint8Array => {
    const bytes = Uint8Array.of(flags, ...nonce, ...new Uint8Array(lengthSize));
    bytes[15] = number & 0xff;
    bytes[14] = number >> 8;
    return bytes;
  };
  const flags = (aad.length > 0 ? 64 : 0) + 8 * ((tagSize - 2) / 2) + lengthSize - 1;
  const data = aad.length > 0 ? padded(Uint8Array.of(aad.length >> 8, aad.length & 0xff, ...aad)) : aad;
  const mac = encryptCbc(
    key,
    new Uint8Array(16),
    Uint8Array.of(...block(flags, text.length), ...data, ...padded(text)),
  ).slice(-16);
  const masks = Array.from({ length: 1 + Math.ceil(text.length / 16) }, (_, i) =>
    encryptBlock(key, block(lengthSize - 1, i)),
  );
  const stream = Uint8Array.from(masks.slice(1).flatMap((mask) => [...mask]));
  return { text: xor(text, stream), tag: xor(mac, masks[0]!).slice(0, tagSize) };
}
