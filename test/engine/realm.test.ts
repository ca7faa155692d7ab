// One instance of the module: its memory, what is lent to it, and what becomes of it after a trap.
import { expect, test } from "vitest";
import * as code from "../../ts/engine/error-codes.gen.ts";
import { SSLEngineError } from "../../ts/engine/errors.ts";
import { newRealm, sharedRealm } from "../../ts/engine/realms.ts";
import { Settings } from "../../ts/engine/settings.ts";
import { type ConnectionPointer, scratchSize } from "../../ts/wasm/exports.gen.ts";
import type { Realm } from "../../ts/wasm/realm.ts";
import {
  ascii,
  available,
  clientContext,
  connected,
  deliver,
  forEachVersion,
  handshake,
  pattern,
  serverContext,
  thrownBy,
  wrapped,
} from "../support/conversation.ts";

test("bytes that are copied out are the caller's own", () => {
  const realm = newRealm();
  const at = realm.exports.wt_allocate(10);
  realm.view(at, 10).set(pattern(10));
  const copy = realm.copyOut(at, 10);
  realm.view(at, 10).fill(0);
  expect(copy).toEqual(pattern(10));
  realm.exports.wt_release(at);
});

test("copies outlive the growth of the memory", () => {
  const realm = newRealm();
  realm.fillScratch(pattern(1000));
  const before = realm.memoryBytes;
  const blocks = Array.from({ length: 8 }, () => realm.exports.wt_allocate(1_000_000));
  expect(realm.memoryBytes).toBeGreaterThan(before);
  const out = new Uint8Array(1000);
  realm.moveFromScratch(out, 1000);
  expect(out).toEqual(pattern(1000));
  for (const block of blocks) realm.exports.wt_release(block);
});

test("the scratch area is wiped when something was moved out of it", () => {
  const realm = newRealm();
  realm.fillScratch(pattern(scratchSize));
  realm.moveFromScratch(new Uint8Array(scratchSize), scratchSize);
  expect(scratchOf(realm).every((byte) => byte === 0)).toBe(true);
  realm.fillScratch(pattern(20));
  realm.wipeScratch(20);
  expect(scratchOf(realm).every((byte) => byte === 0)).toBe(true);
});

test("nothing of what was read or written stays in the scratch area", () => {
  const { client, server } = connected();
  client.tls.write(ascii("a secret that must not stay"));
  expect(secretIn(scratchOf(sharedRealm()))).toBe(false);
  server.incoming.write(client.outgoing.read());
  server.tls.read(5);
  server.tls.read();
  expect(secretIn(scratchOf(sharedRealm()))).toBe(false);
});

test("nothing of what an exporter was given stays in the scratch area, however little comes out", () => {
  const { client } = connected();
  client.tls.exportKeyingMaterial(1, "EXPORTER-test", ascii("a secret that must not stay"));
  expect(secretIn(scratchOf(sharedRealm()))).toBe(false);
});

test("B95 what was decrypted and the keys are not found in the memory after dispose()", () => {
  const memory = (): Uint8Array => sharedRealm().copyOut(0, sharedRealm().memoryBytes);
  forEachVersion((version) => {
    const log: string[] = [];
    const onKeyLog = (line: string): unknown => log.push(line);
    const { client, server } = connected({ version, client: { onKeyLog }, server: { numTickets: 2 } });
    client.tls.write(ascii("a secret that must not stay"));
    deliver(client, server);
    server.tls.read(5);
    deliver(server, client);
    available(client); // takes the tickets of TLS 1.3
    expect(client.tls.session).not.toBeNull();
    expect([secretIn(memory()), loggedKeysIn(memory(), log) > 0]).toEqual([true, true]);
    for (const { tls } of [client, server]) tls.dispose();
    expect([secretIn(memory()), loggedKeysIn(memory(), log)]).toEqual([false, 0]);
  });
});

test.each([
  "TLS_AES_128_GCM_SHA256",
  "TLS_AES_128_CCM_SHA256",
  "TLS_CHACHA20_POLY1305_SHA256",
  "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
  "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
])("what a cipher makes of its key is not found there either, %s", (suite) => {
  const contexts = {
    client: clientContext({ cipherSuites: [suite] }),
    server: serverContext({ cipherSuites: [suite] }),
  };
  const memory = (): Uint8Array => sharedRealm().copyOut(0, sharedRealm().memoryBytes);
  const known = piecesOf(memory()); // the certificates
  const client = wrapped(contexts.client, { serverHostname: "localhost" });
  const { server } = handshake({ client, server: wrapped(contexts.server) });
  client.tls.write(pattern(1000));
  deliver(client, server);
  expect(server.tls.read()).toEqual(pattern(1000));
  const used = memory();
  for (const { tls } of [client, server]) tls.dispose();
  const left = memory();
  const wiped = [...piecesOf(used)].filter(([piece, at]) => pieceAt(left, at) !== piece && !known.has(piece));
  expect(wiped.length).toBeGreaterThan(100);
  const found = piecesOf(left);
  expect(wiped.filter(([piece]) => found.has(piece)).map(([, at]) => at)).toEqual([]);
});

test("what is lent is freed and wiped, also when its use throws", () => {
  const realm = newRealm();
  const before = realm.liveBlocks();
  let at = 0;
  const secret = ascii("lent bytes");
  expect(realm.lend(secret, (place, length) => String.fromCharCode(...realm.copyOut((at = place), length)))).toBe(
    "lent bytes",
  );
  expect(realm.copyOut(at, secret.length)).not.toEqual(secret);
  const failure = new Error("in the middle");
  expect(
    thrownBy(() =>
      realm.lend(secret, () => {
        throw failure;
      }),
    ),
  ).toBe(failure);
  expect(realm.lend(new Uint8Array(0), (_, length) => length)).toBe(0);
  expect(realm.liveBlocks()).toBe(before);
});

test("an allocation that is too large answers 0, and the realm goes on", () => {
  const realm = newRealm();
  expect(realm.exports.wt_allocate(3_000_000_000)).toBe(0);
  expect(realm.poisoned).toBe(false);
  expect(realm.lend(ascii("fine"), (_, length) => length)).toBe(4);
});

test("two realms share nothing", () => {
  const [one, two] = [newRealm(), newRealm()];
  one.fillScratch(ascii("of one"));
  expect(scratchOf(two).every((byte) => byte === 0)).toBe(true);
  one.exports.wt_allocate(10);
  expect(one.liveBlocks()).toBe(two.liveBlocks() + 1);
});

test("randomness comes from where the realm was told to get it", () => {
  const seeded = (): Realm => {
    let state = 1;
    return newRealm((into) => {
      for (let i = 0; i < into.length; i++) into[i] = (state = (state * 75) % 65537) % 256;
    });
  };
  expect(firstFlight(seeded())).toEqual(firstFlight(seeded()));
  expect(firstFlight(newRealm())).not.toEqual(firstFlight(newRealm()));
});

test("a call into the module asks for randomness once, and leaves nothing of it behind", () => {
  const drawn: Uint8Array[] = [];
  const realm = newRealm((into) => void drawn.push(crypto.getRandomValues(into)));
  const before = drawn.length;
  firstFlight(realm);
  expect(drawn.length).toBe(before + 1);
  expect(drawn.every((bytes) => !bytes.some(Boolean))).toBe(true);
});

test("when there is no randomness the call that needs it fails, and the realm goes on", () => {
  const realm = newRealm(() => {
    throw new Error("no randomness");
  });
  expect(() => firstFlight(realm)).toThrow(/^-\d+$/);
  expect([realm.poisoned, realm.liveObjects()]).toEqual([false, 0]);
});

test("a trap poisons the realm: every call from then on throws SSLEngineError with the trap as its cause", () => {
  const realm = newRealm();
  const first = thrownBy(() => realm.exports.wt_handshake(wild));
  expect(first).toBeInstanceOf(SSLEngineError);
  expect(first).toMatchObject({ reason: "ENGINE_TRAP" });
  expect((first as Error).cause).toBeInstanceOf(WebAssembly.RuntimeError);
  expect(realm.poisoned).toBe(true);
  for (const call of [
    () => realm.exports.wt_abi(),
    () => realm.exports.wt_allocate(1),
    () => realm.exports.wt_handshake(wild),
    () => realm.lend(ascii("x"), () => 0),
  ]) {
    expect(call).toThrow(SSLEngineError);
  }
  expect([realm.liveObjects(), realm.liveBlocks()]).toEqual([0, 0]);
});

test("after a trap in the shared realm its connections are lost, and the same contexts serve new ones in a fresh realm", () => {
  const contexts = { client: clientContext(), server: serverContext() };
  const lost = handshake({
    client: wrapped(contexts.client, { serverHostname: "localhost" }),
    server: wrapped(contexts.server),
  });
  const begun = wrapped(contexts.client, { serverHostname: "localhost" });
  const apart = connected({ client: { isolation: "context" }, server: { isolation: "context" } });
  const realm = sharedRealm();
  expect(() => realm.exports.wt_handshake(wild)).toThrow(SSLEngineError);

  expect(() => lost.server.tls.unwrap()).toThrow(SSLEngineError);
  for (const end of [lost.client, lost.server, begun]) {
    for (const call of [
      () => end.tls.doHandshake(),
      () => end.tls.read(),
      () => end.tls.write(ascii("x")),
      () => end.tls.doHandshake(),
    ]) {
      expect(call).toThrow(SSLEngineError);
    }
    expect([end.tls.state, end.outgoing.pending, end.tls.pending()]).toEqual(["failed", 0, 0]);
    end.tls.dispose();
  }

  expect(sharedRealm()).not.toBe(realm);
  const fresh = handshake({
    client: wrapped(contexts.client, { serverHostname: "localhost" }),
    server: wrapped(contexts.server),
  });
  fresh.client.tls.write(ascii("works again"));
  fresh.server.incoming.write(fresh.client.outgoing.read());
  expect(fresh.server.tls.read()).toEqual(ascii("works again"));
  apart.client.tls.write(ascii("was never touched"));
  apart.server.incoming.write(apart.client.outgoing.read());
  expect(apart.server.tls.read()).toEqual(ascii("was never touched"));
});

const wild = 0x7fffff00 as ConnectionPointer;

/** What a client of that realm says first; throws the number of the failure. */
function firstFlight(realm: Realm): Uint8Array {
  const settings = new Settings(realm, {
    server: false,
    minVersion: 772,
    maxVersion: 772,
    cipherSuites: [4865],
    groups: [29],
    signatureAlgorithms: [1027],
    alpn: [],
    identities: [],
    requestCertificate: true,
    requireExtendedMasterSecret: true,
    honorCipherOrder: true,
  });
  const { exports } = realm;
  const connection = exports.wt_connection_new(settings.pointer, 0);
  try {
    const result = exports.wt_handshake(connection);
    if (result !== code.SSL_WANT_READ) throw new Error(String(result));
    return realm.copyOut(exports.wt_outgoing_data(connection), exports.wt_outgoing_size(connection));
  } finally {
    exports.wt_connection_free(connection);
    settings.dispose();
  }
}

function scratchOf(realm: Realm): Uint8Array {
  return realm.copyOut(realm.exports.wt_scratch(), scratchSize);
}

function secretIn(bytes: Uint8Array): boolean {
  const text = new TextDecoder("latin1").decode(bytes);
  return text.includes("that must not stay");
}

/** How many of the secrets in the lines of a key log are there. */
function loggedKeysIn(bytes: Uint8Array, log: readonly string[]): number {
  const memory = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return log.filter((line) => memory.includes(line.split(" ")[2]!, 0, "hex")).length;
}

const pieceSize = 32;
const nonceSize = 12; // no secret without its key

/** What is there and where, in pieces that overlap and have more than a nonce. */
function piecesOf(memory: Uint8Array): Map<string, number> {
  const pieces = new Map<string, number>();
  for (let at = 0; at + pieceSize <= memory.length; at += 4) {
    const filled = memory.subarray(at, at + pieceSize).reduce((count, byte) => count + Number(byte !== 0), 0);
    if (filled > nonceSize) pieces.set(pieceAt(memory, at), at);
  }
  return pieces;
}

function pieceAt(memory: Uint8Array, at: number): string {
  return String.fromCharCode(...memory.subarray(at, at + pieceSize));
}
