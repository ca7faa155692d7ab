// The GHASH of wasm/crypto against the bit by bit product of reference/gcm.ts. A product in a field is linear in each factor,
// so that it is right everywhere when it is right for each pair of unit vectors; and that it is linear is looked at as well.
import { expect, test } from "vitest";
import { expectSame } from "./bytes.ts";
import { Evidence, fromHex, randomBytes, unit } from "./evidence.ts";
import { ghash, multiply } from "./reference/gcm.ts";
import { xor } from "./reference/blocks.ts";

const blockBits = 128;

const evidence = new Evidence();
const key = evidence.room(evidence.call("ghash_key_size"));
const hash = evidence.room(16);
const data = evidence.room(16 * 200);

test("the plain product is that of GCM's specification, test case 2", () => {
  const h = fromHex("66e94bd4ef8a2c3b884cfa59ca342b2e");
  const block = fromHex("0388dace60b6a392f328c2b971b2fe78");
  const lengths = fromHex("00000000000000000000000000000080");
  expect(multiply(h, block)).toEqual(fromHex("5e2ec746917062882c85b0685353deb7"));
  expect(ghash(h, Uint8Array.of(...block, ...lengths))).toEqual(fromHex("f38cbb1ad69223dcc3457ae5b6b0f885"));
});

test("a block times H is right for all 128 x 128 pairs of unit vectors", () => {
  for (let i = 0; i < blockBits; i++) {
    const h = unit(16, i);
    setKey(h);
    for (let j = 0; j < blockBits; j++) {
      expectSame(hashed(unit(16, j)), multiply(unit(16, j), h), `bits ${i} and ${j}`);
    }
  }
});

test("each of the four products of one step is right for all 128 x 128 pairs of unit vectors", () => {
  for (let power = 0; power < 4; power++) {
    for (let i = 0; i < blockBits; i++) {
      const factor = unit(16, i);
      setKey(new Uint8Array(16));
      for (let other = 0; other < 4; other++) {
        evidence.write(hash, other === power ? factor : new Uint8Array(16));
        evidence.call("ghash_set_power", key, other, hash);
      }
      for (let j = 0; j < blockBits; j++) {
        const blocks = new Uint8Array(64);
        blocks.set(unit(16, j), 16 * (3 - power));
        expectSame(hashed(blocks), multiply(unit(16, j), factor), `bits ${i} and ${j} with table ${power}`);
      }
    }
  }
});

test("both forms are linear in the factors and in the blocks", () => {
  for (let seed = 0; seed < 50; seed++) {
    const factors = [0, 1, 2, 3].map(
      (k) => [randomBytes(16, 8 * seed + k), randomBytes(16, 8 * seed + k + 4)] as const,
    );
    const blocks = [randomBytes(64, seed), randomBytes(64, seed + 1000)] as const;
    for (const size of [16, 64]) {
      const product = (chosen: (pair: readonly [Uint8Array, Uint8Array]) => Uint8Array, of: Uint8Array): Uint8Array => {
        for (const [power, pair] of factors.entries()) {
          evidence.write(hash, chosen(pair));
          evidence.call("ghash_set_power", key, power, hash);
        }
        return hashed(of.subarray(0, size));
      };
      const sum = ([a, b]: readonly [Uint8Array, Uint8Array]): Uint8Array => xor(a, b);
      const parts = [product((pair) => pair[0], blocks[0]), product((pair) => pair[1], blocks[0])] as const;
      expect(product(sum, blocks[0])).toEqual(sum(parts));
      const others = [parts[0], product((pair) => pair[0], blocks[1])] as const;
      expect(product((pair) => pair[0], sum(blocks))).toEqual(sum(others));
    }
  }
});

test("the hash of 0 to 120 blocks is right, with fresh tables and with all of them", () => {
  for (const h of [randomBytes(16, 1), new Uint8Array(16).fill(0xff), new Uint8Array(16), unit(16, 7), unit(16, 120)]) {
    for (const seed of [1, 2]) {
      setKey(h);
      for (let blocks = 120; blocks >= 0; blocks--) {
        if (seed === 1) setKey(h);
        const message = randomBytes(16 * blocks, seed);
        expectSame(hashed(message), ghash(h, message), `${blocks} blocks, run ${seed}`);
      }
    }
  }
});

test("a hash goes on where the last call stopped", () => {
  const h = randomBytes(16, 3);
  const message = randomBytes(16 * 60, 4);
  for (let first = 0; first <= 60; first++) {
    setKey(h);
    evidence.write(hash, new Uint8Array(16));
    evidence.write(data, message);
    evidence.call("ghash", key, hash, data, first);
    evidence.call("ghash", key, hash, data + 16 * first, 60 - first);
    expect(evidence.read(hash, 16)).toEqual(ghash(h, message));
  }
});

function setKey(h: Uint8Array): void {
  evidence.write(hash, h);
  evidence.call("ghash_set_key", key, hash);
}

function hashed(message: Uint8Array): Uint8Array {
  evidence.write(hash, new Uint8Array(16));
  evidence.write(data, message);
  evidence.call("ghash", key, hash, data, message.length / 16);
  return evidence.read(hash, 16);
}
