// The record buffers of 16 KiB, which connections borrow for a call: who has one, what stays in it, and what happens when there
// is no memory for one more. The module runs with a memory of 4 MiB at most, so that it can be filled.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { sharedRealm } from "../../ts/engine/realms.ts";
import { init, SSLMemoryError, SSLWantReadError } from "../../ts/ssl/index.ts";
import {
  ascii,
  clientContext,
  connected,
  deliver,
  drained,
  forEachCase,
  forEachSide,
  forEachVersion,
  handshake,
  joined,
  type Pair,
  pairOf,
  pattern,
  receive,
  serverContext,
  sides,
  thrownBy,
  wrapped,
} from "../support/conversation.ts";
import { wasmFile } from "../support/wasm-file.ts";

const recordBuffer = 16384;
const mostPages = 64;
const secret = "a secret that must not stay";

await init({ wasm: withMostMemory(readFileSync(`${import.meta.dirname}/../../${wasmFile()}`), mostPages) });

test("connections that wait have no record buffer, in the handshake and after it", () => {
  const [client, server] = [clientContext(), serverContext()];
  const one = (): Pair => ({
    client: wrapped(client, { serverHostname: "localhost" }),
    server: wrapped(server),
  });
  handshake(one());
  const before = sharedRealm().memoryBytes;
  const connections = 100;
  for (let i = 0; i < connections / 4; i++) {
    const { client: there, server: here } = handshake(one());
    there.tls.write(pattern(recordBuffer));
    deliver(there, here);
    here.tls.read();
    const begun = one();
    expect(() => begun.client.tls.doHandshake()).toThrow(SSLWantReadError);
    deliver(begun.client, begun.server);
    expect(() => begun.server.tls.doHandshake()).toThrow(SSLWantReadError);
  }
  expect(sharedRealm().memoryBytes - before).toBeLessThan((connections * recordBuffer) / 2);
});

test("the memory does not grow with connections that come and go", () => {
  const contexts = { client: clientContext(), server: serverContext({ numTickets: 2 }) };
  const open: Pair[] = [];
  const comeAndGo = (count: number): number => {
    for (let i = 0; i < count; i++) {
      const pair = {
        client: wrapped(contexts.client, { serverHostname: "localhost" }),
        server: wrapped(contexts.server),
      };
      open.push(handshake(pair));
      if (open.length < 10) continue;
      const [gone] = open.splice((i * 7) % open.length, 1);
      gone!.client.tls.dispose();
      gone!.server.tls.dispose();
    }
    return sharedRealm().memoryBytes;
  };
  const before = comeAndGo(50);
  expect(comeAndGo(150)).toBe(before);
});

test("what was written and read is found nowhere in the memory after the call", () => {
  forEachSide((version, role) => {
    const [reader, writer] = sides(connected({ version }), role);
    const [start, end] = [secret.slice(0, 15), secret.slice(15)];
    writer.tls.write(ascii(secret));
    expect(memoryHas(start)).toBe(false);
    deliver(writer, reader);
    expect(reader.tls.read(start.length)).toEqual(ascii(start));
    expect([memoryHas(start), memoryHas(end)]).toEqual([false, true]);
    expect(reader.tls.read()).toEqual(ascii(end));
    expect([memoryHas(start), memoryHas(end)]).toEqual([false, false]);
  });
});

test("nothing of a full record is found in the memory either, be it whole when it comes or not", () => {
  forEachCase(
    (version, role, chunk) => {
      const [reader, writer] = sides(connected({ version }), role);
      const text = secret.repeat(1000).slice(0, recordBuffer);
      writer.tls.write(ascii(text));
      expect(memoryHas(secret.slice(0, 15))).toBe(false);
      expect(joined(receive(reader, drained(writer), chunk))).toEqual(ascii(text));
      expect(memoryHas(secret.slice(0, 15))).toBe(false);
    },
    { chunks: [5000, Infinity] },
  );
});

test("a connection that is disposed of in the middle of a record leaves nothing of it to the next", () => {
  forEachSide((version, role) => {
    const [reader, writer] = sides(connected({ version }), role);
    writer.tls.write(ascii(secret));
    deliver(writer, reader);
    reader.tls.read(5);
    reader.tls.dispose();
    expect(memoryHas(secret.slice(5))).toBe(false);
  });
});

test("connections that take turns in the middle of their records do not mix them up", () => {
  forEachSide((version, role) => {
    const pairs = Array.from({ length: 4 }, () => sides(connected({ version }), role));
    const bytes = pairs.map((_, i) => pattern(3001).map((byte) => byte ^ (i * 16)));
    for (const [i, [reader, writer]] of pairs.entries()) {
      writer.tls.write(bytes[i]!);
      writer.tls.write(ascii(`end of ${i}`));
      deliver(writer, reader);
    }
    const read: number[][] = pairs.map(() => []);
    for (let turn = 0; turn < 4; turn++)
      for (const [i, [reader]] of pairs.entries()) read[i]!.push(...reader.tls.read(1000));
    expect(read.map((got) => Uint8Array.from(got))).toEqual(bytes);
    for (const [i, [reader, writer]] of pairs.entries()) {
      expect(reader.tls.read()).toEqual(ascii(`end of ${i}`));
      reader.tls.write(ascii("back"));
      deliver(reader, writer);
      expect(writer.tls.read()).toEqual(ascii("back"));
    }
  });
});

test("a handshake message that has come in part waits while other handshakes go on", () => {
  forEachVersion((version) => {
    const slow = pairOf({ version });
    thrownBy(() => slow.client.tls.doHandshake());
    deliver(slow.client, slow.server);
    thrownBy(() => slow.server.tls.doHandshake());
    const flight = inRecordsOf(20, slow.server.outgoing.read());
    const half = Math.floor(flight.length / 2);
    for (const record of flight.slice(0, half)) slow.client.incoming.write(record);
    expect(() => slow.client.tls.doHandshake()).toThrow(SSLWantReadError);
    connected({ version });
    for (const record of flight.slice(half)) slow.client.incoming.write(record);
    const [client, server] = [slow.client, handshake(slow).server];
    client.tls.write(ascii("all the same"));
    deliver(client, server);
    expect(server.tls.read()).toEqual(ascii("all the same"));
  });
});

test("without memory for a buffer the connection fails with a typed error, and the others go on", () => {
  forEachSide((version, role) => {
    const [holder, sender] = sides(connected({ version }), role);
    const [reader, writer] = sides(connected({ version }), role);
    for (const [to, from] of [[holder, sender] as const, [reader, writer] as const]) {
      from.tls.write(ascii("hello"));
      deliver(from, to);
    }
    expect(holder.tls.read(1)).toEqual(ascii("h"));
    withFullMemory(() => {
      expect(thrownBy(() => reader.tls.read())).toBeInstanceOf(SSLMemoryError);
      expect([reader.tls.state, sharedRealm().poisoned]).toEqual(["failed", false]);
      expect(thrownBy(() => reader.tls.read())).toBeInstanceOf(SSLMemoryError);
    });
    expect(holder.tls.read()).toEqual(ascii("ello"));
    connected({ version });
  });
});

function memoryHas(text: string): boolean {
  const realm = sharedRealm();
  return new TextDecoder("latin1").decode(realm.copyOut(0, realm.memoryBytes)).includes(text);
}

/** Whatever memory is left is too little for a record buffer. */
function withFullMemory(body: () => void): void {
  const { exports } = sharedRealm();
  const blocks: number[] = [];
  for (let at = exports.wt_allocate(8192); at !== 0; at = exports.wt_allocate(8192)) blocks.push(at);
  try {
    body();
  } finally {
    for (const at of blocks) exports.wt_release(at);
  }
}

/** The unencrypted handshake records cut into smaller ones; whatever follows stays as it is. */
function inRecordsOf(size: number, flight: Uint8Array): Uint8Array[] {
  const records: Uint8Array[] = [];
  for (let at = 0; at < flight.length;) {
    const end = at + 5 + flight[at + 3]! * 256 + flight[at + 4]!;
    if (flight[at] !== 22) records.push(flight.subarray(at, end));
    else {
      for (let from = at + 5; from < end; from += size) {
        const part = flight.subarray(from, Math.min(from + size, end));
        records.push(Uint8Array.of(22, 3, 3, 0, part.length, ...part));
      }
    }
    at = end;
  }
  return records;
}

/** The module with another limit of its memory: the memory section (number 5) has one memory with a minimum and a maximum. */
function withMostMemory(module: Uint8Array, pages: number): Uint8Array<ArrayBuffer> {
  const bytes = Uint8Array.from(module);
  let at = 8;
  const number = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++]!;
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  };
  for (;;) {
    const id = bytes[at++]!;
    const size = number();
    if (id !== 5) {
      at += size;
      continue;
    }
    at += 2; // one memory, which has a maximum
    number();
    bytes.set([(pages & 127) | 128, (pages >> 7) | 128, 0], at);
    return bytes;
  }
}
