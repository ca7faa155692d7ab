// An RSA key that signs again and again, as a server's does: it keeps its blinding values, and squares them each time.
import { constants, createHash, generateKeyPairSync, type KeyObject, sign as signTheirs, verify } from "node:crypto";
import { expect, test } from "vitest";
import { forgetKey, keepKey, liveBlocks, sign } from "./probe.ts";

const message = (round: number): Uint8Array => new TextEncoder().encode(`message ${round}`);
const digest = (of: Uint8Array): Uint8Array => new Uint8Array(createHash("sha256").update(of).digest());

test("a kept RSA key signs as the runtime's crypto does, every time", { timeout: 60_000 }, () => {
  for (const size of [1024, 2048, 3072]) {
    const key = keptKey(size);
    for (let round = 0; round < 12; round++) {
      const text = message(round);
      expect(sign(digest(text), false)).toEqual(new Uint8Array(signTheirs("sha256", text, key.privateKey)));
      expect(verifiesAsPss(key.publicKey, text, sign(digest(text), true))).toBe(true);
    }
  }
  forgetKey();
});

test("randomness that fails at any moment costs that signature and no later one", { timeout: 60_000 }, () => {
  for (const pss of [false, true]) {
    let failed = 0;
    for (let moment = 0, signature: Uint8Array | number = -1; typeof signature === "number"; moment++) {
      const key = keptKey(1024);
      let calls = 0;
      signature = sign(digest(message(moment)), pss, () => calls++ === moment);
      if (typeof signature === "number") failed++;
      const text = message(moment + 1);
      const next = sign(digest(text), pss);
      if (pss) expect(verifiesAsPss(key.publicKey, text, next)).toBe(true);
      else expect(next).toEqual(new Uint8Array(signTheirs("sha256", text, key.privateKey)));
    }
    expect(failed).toBeGreaterThan(0);
  }
  forgetKey();
});

test("a key takes all that it kept with it", () => {
  forgetKey();
  const blocks = liveBlocks();
  keptKey(1024);
  sign(digest(message(0)), false);
  forgetKey();
  expect(liveBlocks()).toBe(blocks);
});

function keptKey(size: number): { publicKey: KeyObject; privateKey: KeyObject } {
  const pair = generateKeyPairSync("rsa", { modulusLength: size });
  keepKey(new Uint8Array(pair.privateKey.export({ format: "der", type: "pkcs8" })));
  return pair;
}

function verifiesAsPss(key: KeyObject, text: Uint8Array, signature: Uint8Array | number): boolean {
  if (typeof signature === "number") throw new Error(`Cannot go on: Mbed TLS answers ${signature}`);
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  return verify("sha256", text, { key, padding, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }, signature);
}
