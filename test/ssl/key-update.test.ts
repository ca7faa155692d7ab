// TLS 1.3 KeyUpdate between two SSLObjects (RFC 8446, section 4.6.3), which Mbed TLS itself does not know.
import { expect, test } from "vitest";
import { type CiphertextSink, Connection } from "../../ts/engine/connection.ts";
import { newRealm } from "../../ts/engine/realms.ts";
import { Settings } from "../../ts/engine/settings.ts";
import { MemoryBIO, SSLAlertError, SSLError, SSLNotSupportedError, SSLStateError } from "../../ts/ssl/index.ts";
import { checkOptions } from "../../ts/ssl/check-options.ts";
import { certs } from "../support/certs.ts";
import { chunks, connected, deliver, drained, inCase, pairOf, receive, roles, sides } from "../support/conversation.ts";

const text = new TextEncoder();
const into = (bio: MemoryBIO): CiphertextSink => ({
  append: (bytes) => bio.write(bytes),
  appendCopy: (bytes) => bio.write(bytes),
});
const suites = ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"] as const;

test("L1 B39 a KeyUpdate is consumed transparently and data goes on under the new keys", () => {
  for (const suite of suites) {
    for (const role of roles) {
      for (const chunk of chunks) {
        inCase(`${suite}, ${role}, pieces of ${String(chunk)}`, () => {
          const [own, peer] = sides(connected({ version: "TLSv1.3", client: { cipherSuites: [suite] } }, chunk), role);
          for (let round = 0; round < 3; round++) {
            own.tls.updateKeys({ request: round % 2 === 0 });
            own.tls.write(text.encode(`there ${round}`));
            expect(receive(peer, drained(own), chunk)).toEqual([text.encode(`there ${round}`)]);
            peer.tls.write(text.encode(`back ${round}`));
            expect(receive(own, drained(peer), chunk)).toEqual([text.encode(`back ${round}`)]);
          }
        });
      }
    }
  }
});

test("B39 a KeyUpdate that asks for one is answered, one that does not is not", () => {
  for (const role of roles) {
    const [own, peer] = sides(connected({ version: "TLSv1.3" }), role);
    for (const request of [true, false]) {
      own.tls.updateKeys({ request });
      deliver(own, peer);
      expect(peer.tls.tryRead(new Uint8Array(10))).toEqual({ kind: "want", want: "read" });
      expect(peer.outgoing.pending > 0).toBe(request);
      deliver(peer, own);
    }
  }
});

test("B39 data written before the KeyUpdate was seen is still read under the old keys", () => {
  const { client, server } = connected({ version: "TLSv1.3" });
  client.tls.updateKeys({ request: true });
  server.tls.write(text.encode("crossing"));
  deliver(client, server);
  deliver(server, client);
  expect(client.tls.read()).toEqual(text.encode("crossing"));
});

test("L11 B39 a peer that only changes keys is stopped, and told so", () => {
  const { client, server } = connected({ version: "TLSv1.3" });
  for (let i = 0; i < 33; i++) client.tls.updateKeys();
  deliver(client, server);
  expect(() => server.tls.read()).toThrow(
    expect.objectContaining({ constructor: SSLError, reason: "TOO_MANY_KEY_UPDATES" }),
  );
  deliver(server, client);
  expect(() => client.tls.read()).toThrow(expect.objectContaining({ constructor: SSLAlertError, alert: 10 }));
});

test("B69 a side takes new keys by itself before its key has encrypted too many records", () => {
  const realm = newRealm();
  const own = checkOptions(true, { identities: [{ cert: certs.localhost.chain, key: certs.localhost.key }] }).input;
  const settings = new Settings(realm, { ...own, minVersion: 772, recordsPerKey: 10 });
  const server = new Connection(settings, { serverName: null, now: Date.now });
  const { client } = pairOf({ version: "TLSv1.3" });
  const incoming = new MemoryBIO();
  while (server.handshake(incoming) !== "done") {
    client.tls.tryHandshake();
    incoming.write(client.outgoing.read());
    server.drain(into(client.incoming));
    const outcome = server.handshake(incoming);
    if (outcome === "hello") server.decide({ settings: null, now: Date.now, seal: null, resume: null, psk: null });
    if (outcome === "certificate") server.accept();
    server.drain(into(client.incoming));
  }
  let bytesPerRecord = 0;
  const lengths: number[] = [];
  for (let i = 0; i < 35; i++) {
    const records = new MemoryBIO();
    server.write(text.encode("x"), into(records));
    bytesPerRecord ||= records.pending;
    lengths.push(records.pending - bytesPerRecord);
    client.incoming.write(records.read());
    expect(client.tls.read()).toEqual(text.encode("x"));
  }
  expect(lengths.filter((length) => length > 0)).toHaveLength(3);
  server.dispose();
  settings.dispose();
});

test("updateKeys() refuses TLS 1.2, an unfinished handshake and a closed direction stays closed", () => {
  expect(() => connected({ version: "TLSv1.2" }).client.tls.updateKeys()).toThrow(SSLNotSupportedError);
  expect(() => pairOf({ version: "TLSv1.3" }).client.tls.updateKeys()).toThrow(SSLStateError);
  const { client, server } = connected({ version: "TLSv1.3" });
  client.tls.shutdownWrite();
  expect(() => client.tls.updateKeys()).toThrow(expect.objectContaining({ reason: "PROTOCOL_IS_SHUTDOWN" }));
  drained(client);
  server.tls.updateKeys({ request: true });
  deliver(server, client);
  expect(client.tls.tryRead(new Uint8Array(1))).toEqual({ kind: "want", want: "read" });
  expect(client.outgoing.pending).toBe(0);
});
