// MySQL's SSLRequest (its internals manual, "Connection Phase Packets"; MariaDB's is the same). The server speaks first, and TLS
// follows the client's request without a go-ahead. Numbers have their least significant byte first.
import { numberFrom, uint32 } from "./bytes.ts";
import type { Plaintext } from "./plaintext.ts";
import type { Preamble } from "./preamble.ts";

const capability = { protocol41: 512, ssl: 2048, secureConnection: 32768, pluginAuth: 524288 };
const ours = capability.protocol41 + capability.ssl + capability.secureConnection + capability.pluginAuth;

const version = 10;
const errorPacket = 255;
const utf8mb4 = 45;
const mostPacketBytes = 16 * 1024 * 1024;
const saltBytes = 20;

export const mysql: Preamble = {
  protocol: "MySQL",

  async client(plain) {
    const { sequence, payload } = await readPacket(plain);
    if (payload[0] === errorPacket) throw plain.failures.refused(textOf(payload.subarray(3)));
    const endOfName = payload.indexOf(0, 1);
    if (payload[0] !== version || endOfName < 0) throw plain.failures.unexpected(textOf(payload));
    // Behind the name of the version: the thread's number (4), the salt's first part (8) and a zero.
    const flags = littleEndian(payload.subarray(endOfName + 14, endOfName + 16));
    if (!hasSsl(flags)) throw plain.failures.notOffered(textOf(payload.subarray(1, endOfName)));
    const request = [...little(ours), ...little(mostPacketBytes), utf8mb4, ...new Uint8Array(23)];
    await plain.write(packet(sequence + 1, request));
  },

  async server(plain) {
    await plain.write(packet(0, greeting()));
    const { payload } = await readPacket(plain);
    if (payload.length !== 32 || !hasSsl(littleEndian(payload.subarray(0, 4))))
      throw plain.failures.unexpected("a login without TLS");
    return null;
  },
};

async function readPacket(plain: Plaintext): Promise<{ sequence: number; payload: Uint8Array }> {
  const header = await plain.readBytes(4);
  return { sequence: header[3]!, payload: await plain.readBytes(littleEndian(header.subarray(0, 3))) };
}

function packet(sequence: number, payload: readonly number[]): Uint8Array {
  return Uint8Array.from([...little(payload.length).subarray(0, 3), sequence, ...payload]);
}

/** Protocol::HandshakeV10. The salt has no zero bytes. */
function greeting(): number[] {
  const salt = crypto.getRandomValues(new Uint8Array(saltBytes)).map((byte) => (byte % 127) + 1);
  const [low0, low1, high0, high1] = little(ours);
  return [
    ...[version, ...zeroEnded("8.0.0-wanttls"), ...little(1), ...salt.subarray(0, 8), 0],
    ...[low0!, low1!, utf8mb4, 2, 0, high0!, high1!, saltBytes + 1, ...new Uint8Array(10)],
    ...[...salt.subarray(8), 0, ...zeroEnded("mysql_native_password")],
  ];
}

function hasSsl(flags: number): boolean {
  return Math.floor(flags / capability.ssl) % 2 === 1;
}

function little(value: number): Uint8Array {
  return uint32(value).toReversed();
}

function littleEndian(bytes: Uint8Array): number {
  return numberFrom(bytes.toReversed());
}

function zeroEnded(text: string): Uint8Array {
  return new TextEncoder().encode(`${text}\0`);
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
