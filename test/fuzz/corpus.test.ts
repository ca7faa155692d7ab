// What the native fuzzer found is played to the module as it is shipped: each input of test/fuzz/corpus and test/fuzz/regressions that
// means something there. No trap, an error that has a type or none, and nothing left in the memory.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { SSLConfigError, SSLEngineError, SSLError, SSLMemoryError } from "../../ts/engine/errors.ts";
import { Settings } from "../../ts/engine/settings.ts";
import type { Realm } from "../../ts/wasm/realm.ts";
import { certs } from "../support/certs.ts";
import { type End, Stage } from "./replay.ts";
import { der, Scene } from "./scenes.ts";

interface Input {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Those that are long enough to mean anything. */
function inputsOf(target: string, shortest = 1): Input[] {
  const inputs = ["corpus", "regressions"].flatMap((kind) => {
    const folder = join(import.meta.dirname, kind, target);
    if (!existsSync(folder)) return [];
    return readdirSync(folder).map((name) => ({
      name: `${kind}/${target}/${name}`,
      bytes: new Uint8Array(readFileSync(join(folder, name))),
    }));
  });
  expect(inputs).not.toEqual([]);
  return inputs.filter(({ bytes }) => bytes.length >= shortest);
}

function expectTyped(error: unknown, name: string): void {
  if (error === undefined) return;
  expect(error, name).toBeInstanceOf(SSLError);
  for (const fault of [SSLEngineError, SSLMemoryError]) expect(error, name).not.toBeInstanceOf(fault);
}

function expectHarmless({ error, left }: End, name: string): void {
  expectTyped(error, name);
  expect(left, name).toBe(0);
}

const stage = new Stage();
afterAll(() => stage.dispose());

describe("A peer that says what the fuzzer found", () => {
  const ends: End[] = [];

  it("ends in an error that has a type, or in none, and leaves nothing behind", { timeout: 600_000 }, () => {
    for (const { name, bytes } of inputsOf("handshake")) {
      const end = stage.handshake(bytes);
      expectHarmless(end, name);
      ends.push(end);
    }
    expect(stage.realm.poisoned).toBe(false);
  });

  it("is understood as it is natively: both sides of both versions come to the end of a handshake", () => {
    const over = ends.filter((end) => end.handshakeOver).map(({ server, version }) => `${server} ${version}`);
    expect(new Set(over)).toEqual(new Set(["false 771", "false 772", "true 771", "true 772"]));
  });
});

describe("A session that the fuzzer made", () => {
  it("is offered or is not, and leaves nothing behind", () => {
    for (const { name, bytes } of inputsOf("sessions")) {
      if (new Scene(bytes[0]!).server) continue; // what a server keeps it has sealed
      const size = bytes.length - 1;
      const offered = Uint8Array.of(bytes[0]!, 1, 3, 3, size >> 8, size & 255, ...bytes.subarray(1));
      expectHarmless(stage.handshake(offered), name);
    }
    expect(stage.realm.poisoned).toBe(false);
  });
});

/** As in certificates.c; the first byte of an input chooses. */
const headSize = 4;
const functions = [useCertificate, usePrivateKey, checkSignature, decrypt, derive];
const hashes = [1, 5, 224, 256, 384, 512] as const;

describe("What the fuzzer made of certificates, keys, signatures and what passwords open", () => {
  it("is refused or taken, and leaves nothing behind", { timeout: 600_000 }, () => {
    const { realm } = stage;
    for (const { name, bytes } of inputsOf("certificates", headSize)) {
      const blocks = realm.liveBlocks();
      try {
        functions[bytes[0]! % functions.length]!(realm, bytes.subarray(1, headSize), bytes.slice(headSize));
      } catch (error) {
        expectTyped(error, name);
      }
      expect(realm.liveBlocks() - blocks, name).toBe(0);
    }
    expect(realm.poisoned).toBe(false);
  });
});

function settingsWith(realm: Realm, chain: readonly Uint8Array[], key: Uint8Array): void {
  try {
    new Settings(realm, { ...new Scene(0).settings(true), identities: [{ chain, key }] }).dispose();
  } catch (error) {
    expect(error).toBeInstanceOf(SSLConfigError);
  }
}

function useCertificate(realm: Realm, _choices: Uint8Array, given: Uint8Array): void {
  settingsWith(realm, [given, given], der(certs.localhost.key));
}

function usePrivateKey(realm: Realm, choices: Uint8Array, given: Uint8Array): void {
  const { exports } = realm;
  const size = realm.lend(given, (at, length) => exports.wt_public_key(at, length));
  const text = new TextEncoder().encode("what is signed\0");
  // No RSA keys of more than 2048 bits, which sign for long.
  if (size > 0 && size < 350)
    realm.lend(Uint8Array.of(...given, ...text), (at) =>
      exports.wt_sign(at, given.length, text.length, hashes[choices[0]! % 6]!),
    );
  settingsWith(realm, [der(certs.localhost.cert)], given);
}

function checkSignature(realm: Realm, choices: Uint8Array, given: Uint8Array): void {
  const signature = Math.min(given.length, choices[0]! * 2);
  const data = given.length - signature < choices[1]! % 32 ? 0 : choices[1]! % 32;
  const salt = Math.floor(choices[2]! / 6) % 2 === 1 ? -1 : Math.floor(choices[2]! / 12);
  realm.lend(given, (at, size) =>
    realm.exports.wt_verify_signature(at, size - signature - data, data, signature, hashes[choices[2]! % 6]!, salt),
  );
}

function decrypt(realm: Realm, choices: Uint8Array, given: Uint8Array): void {
  const kinds = [
    [16, 16],
    [24, 16],
    [32, 16],
    [8, 8],
    [16, 8],
    [24, 8],
  ] as const;
  const [key, block] = kinds[choices[0]! % 6]!;
  if (given.length < key + block) return;
  realm.lend(given, (at, size) => realm.exports.wt_decrypt(at, key, block, size - key - block));
}

function derive(realm: Realm, choices: Uint8Array, given: Uint8Array): void {
  const { exports } = realm;
  const salt = Math.min(given.length, choices[0]! % 64);
  const hash = hashes[choices[1]! % 6]!;
  const iterations = (choices[2]! % 4) + 1;
  const purpose = (Math.floor(choices[2]! / 16) % 3) + 1;
  const ways = [
    (at: number, size: number) => exports.wt_pbkdf1(at, size, iterations, hash),
    (at: number, size: number) => exports.wt_pbkdf2(at, size - salt, salt, iterations, hash, choices[1]! + 1),
    (at: number, size: number) => exports.wt_pkcs12_key(at, size - salt, salt, iterations, hash, purpose),
    (at: number, size: number) => exports.wt_hmac(at, size - salt, salt, hash),
  ];
  realm.lend(given, ways[Math.floor(choices[2]! / 4) % 4]!);
}
