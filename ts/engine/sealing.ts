// Bytes that come back later from somebody who is not trusted with them: encrypted and authenticated under a key of 48 bytes,
// 16 of name and 32 of secret. A sealed block is name, nonce (12) and ChaCha20-Poly1305 with its tag (RFC 8439).
import type { Realm } from "../wasm/realm.ts";

/** Size of a key: name and secret. */
export const sealKeySize = 48;

const nameSize = 16;
const nonceSize = 12;
const tagSize = 16;

/** The name of the key that a block was sealed with, or null when it is too short to be one. */
export function sealName(sealed: Uint8Array): Uint8Array | null {
  return sealed.length < nameSize + nonceSize + tagSize ? null : sealed.subarray(0, nameSize);
}

/** Seals the bytes; `nonce` must be another each time. */
export function seal(realm: Realm, key: Uint8Array, nonce: Uint8Array, plain: Uint8Array): Uint8Array {
  const block = new Uint8Array(plain.length + tagSize);
  block.set(plain);
  const sealed = work(realm, block, keyBlock(key, nonce), (at, keyAt) =>
    realm.exports.wt_seal(at, plain.length, keyAt),
  );
  const whole = new Uint8Array(nameSize + nonceSize + block.length);
  whole.set(key.subarray(0, nameSize));
  whole.set(nonce, nameSize);
  whole.set(sealed!, nameSize + nonceSize);
  return whole;
}

/** The bytes that were sealed, or null when they were not sealed with this key, or have been changed. */
export function unseal(realm: Realm, key: Uint8Array, sealed: Uint8Array): Uint8Array | null {
  const name = sealName(sealed);
  if (name === null || name.some((byte, i) => byte !== key[i])) return null;
  const nonce = sealed.subarray(nameSize, nameSize + nonceSize);
  const block = sealed.subarray(nameSize + nonceSize);
  const plain = work(realm, block, keyBlock(key, nonce), (at, keyAt) =>
    realm.exports.wt_unseal(at, block.length, keyAt),
  );
  return plain === null ? null : plain.subarray(0, block.length - tagSize);
}

/** As the module wants it: secret, nonce, name. */
function keyBlock(key: Uint8Array, nonce: Uint8Array): Uint8Array {
  const block = new Uint8Array(sealKeySize + nonceSize);
  block.set(key.subarray(nameSize));
  block.set(nonce, sealKeySize - nameSize);
  block.set(key.subarray(0, nameSize), sealKeySize - nameSize + nonceSize);
  return block;
}

function work(
  realm: Realm,
  block: Uint8Array,
  key: Uint8Array,
  act: (at: number, keyAt: number) => number,
): Uint8Array | null {
  return realm.lend(block, (at) =>
    realm.lend(key, (keyAt) => (act(at, keyAt) === 0 ? realm.copyOut(at, block.length) : null)),
  );
}
