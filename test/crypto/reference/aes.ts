// AES as FIPS 197 says it, byte by byte, for comparison. Owns being obvious; slow, and leaks its keys.

/** Product in GF(2^8) modulo x^8 + x^4 + x^3 + x + 1 (4.2). */
export function times(a: number, b: number): number {
  let product = 0;
  let multiple = a;
  for (let i = 0; i < 8; i++) {
    if (((b >> i) & 1) === 1) product ^= multiple;
    multiple = (multiple << 1) ^ (multiple >= 0x80 ? 0x11b : 0);
  }
  return product;
}

/** The inverse, or 0, and then the affine map (5.1.1). */
function substitute(x: number): number {
  const inverse = [...Array(256).keys()].find((y) => times(x, y) === 1) ?? 0;
  let out = 0x63;
  for (const turn of [0, 1, 2, 3, 4]) out ^= (inverse << turn) | (inverse >> (8 - turn));
  return out & 0xff;
}

export const sBox: readonly number[] = [...Array(256).keys()].map(substitute);
const inverseSBox = sBox.map((_, y) => sBox.indexOf(y));

export function shiftRows(state: readonly number[], turns = 1): number[] {
  return state.map((_, i) => state[(i + 4 * turns * (i % 4)) % 16]!);
}

export function mixColumns(state: readonly number[], factors = [2, 3, 1, 1]): number[] {
  return state.map((_, i) => {
    const column = i - (i % 4);
    return factors.reduce((sum, factor, k) => sum ^ times(factor, state[column + ((i + k) % 4)]!), 0);
  });
}

export function undoMixColumns(state: readonly number[]): number[] {
  return mixColumns(state, [14, 11, 13, 9]);
}

/** The round keys, sixteen bytes each (5.2). */
export function roundKeys(key: Uint8Array): number[][] {
  const words: number[][] = [];
  const given = key.length / 4;
  let constant = 1;
  for (let i = 0; i < 4 * (given + 7); i++) {
    if (i < given) {
      words.push([...key.subarray(4 * i, 4 * i + 4)]);
      continue;
    }
    let word = words[i - 1]!;
    if (i % given === 0) {
      word = [...word.slice(1), word[0]!].map((byte) => sBox[byte]!);
      word[0]! ^= constant;
      constant = times(constant, 2);
    } else if (given > 6 && i % given === 4) {
      word = word.map((byte) => sBox[byte]!);
    }
    words.push(word.map((byte, k) => byte ^ words[i - given]![k]!));
  }
  return Array.from({ length: given + 7 }, (_, round) => words.slice(4 * round, 4 * round + 4).flat());
}

export function encryptBlock(key: Uint8Array, block: Uint8Array): Uint8Array {
  const keys = roundKeys(key);
  let state = added([...block], keys[0]!);
  for (const [i, roundKey] of keys.slice(1).entries()) {
    state = shiftRows(state.map((byte) => sBox[byte]!));
    if (i < keys.length - 2) state = mixColumns(state);
    state = added(state, roundKey);
  }
  return Uint8Array.from(state);
}

export function decryptBlock(key: Uint8Array, block: Uint8Array): Uint8Array {
  const keys = roundKeys(key).toReversed();
  let state = [...block];
  for (const [i, roundKey] of keys.slice(0, -1).entries()) {
    state = added(state, roundKey);
    if (i > 0) state = undoMixColumns(state);
    state = shiftRows(state, 3).map((byte) => inverseSBox[byte]!);
  }
  return Uint8Array.from(added(state, keys.at(-1)!));
}

function added(a: readonly number[], b: readonly number[]): number[] {
  return a.map((byte, i) => byte ^ b[i]!);
}
