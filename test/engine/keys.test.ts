// Keys that the module makes: they sign, their public half verifies, and without randomness there is none.
import { expect, test } from "vitest";
import { generateKey, publicKeyOf, signedWith } from "../../ts/engine/keys.ts";
import { newRealm } from "../../ts/engine/realms.ts";
import { verifySignature } from "../../ts/engine/signatures.ts";
import { SSLError } from "../../ts/engine/errors.ts";
import { thrownBy } from "../support/conversation.ts";

const data = new TextEncoder().encode("signed");

test("what a new key signs its public half verifies, and nothing else", () => {
  const realm = newRealm();
  signedWith(realm, generateKey(realm, 256), 256, data); // the first one brings a table with it
  const blocks = realm.liveBlocks();
  for (const size of [256, 384, 521, 2048] as const) {
    const key = generateKey(realm, size);
    const publicKey = publicKeyOf(realm, key);
    for (const hash of [256, 384, 512] as const) {
      const signature = signedWith(realm, key, hash, data);
      expect(verifySignature(realm, publicKey, { hash }, data, signature)).toBe(true);
      expect(verifySignature(realm, publicKey, { hash }, data.subarray(1), signature)).toBe(false);
    }
  }
  expect(realm.liveBlocks()).toBe(blocks);
});

test("what is no key neither signs nor has a public half", () => {
  const realm = newRealm();
  for (const bytes of [new Uint8Array(), new Uint8Array(50), generateKey(realm, 256).subarray(1)]) {
    for (const call of [() => publicKeyOf(realm, bytes), () => signedWith(realm, bytes, 256, data)])
      expect(thrownBy(call)).toBeInstanceOf(SSLError);
  }
});

test("without randomness there is no key, and the error says so", () => {
  let works = true;
  const trouble = new Error("no randomness today");
  const realm = newRealm((into) => {
    if (!works) throw trouble;
    crypto.getRandomValues(into);
  });
  generateKey(realm, 256); // the first one brings a table with it
  const blocks = realm.liveBlocks();
  works = false;
  for (const size of [256, 2048] as const)
    expect(thrownBy(() => generateKey(realm, size))).toMatchObject({ reason: "NO_RANDOMNESS", cause: trouble });
  expect(realm.liveBlocks()).toBe(blocks);
});
