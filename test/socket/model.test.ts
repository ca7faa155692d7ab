// Two SSLSockets over a small pipe against the simplest model there is: two byte streams. Every interleaving of calls
// must deliver what was taken, in order, once; and what would block must become possible again.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { memoryTransportPair } from "../../ts/socket/memory-transport.ts";
import { nextTurn } from "../../ts/socket/event-loop.ts";
import type { SSLSocket } from "../../ts/socket/ssl-socket.ts";
import { pattern } from "./moving.ts";
import { recvAll, type Role, roles, versions, Workshop } from "./tls.ts";

const workshop = new Workshop();

type Call =
  | { readonly kind: "send" | "recv"; readonly role: Role; readonly size: number }
  | { readonly kind: "handshake" | "flush" | "shutdown" | "turn"; readonly role: Role };

const role: fc.Arbitrary<Role> = fc.constantFrom(...roles);
const size: fc.Arbitrary<number> = fc.oneof(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 50_000 }));
const calls: fc.Arbitrary<Call[]> = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ kind: fc.constant("send" as const), role, size }) },
    { weight: 6, arbitrary: fc.record({ kind: fc.constant("recv" as const), role, size }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom("handshake" as const, "flush" as const), role }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("turn" as const, "shutdown" as const), role }) },
  ),
  { minLength: 20, maxLength: 80 },
);

/** One direction as it must be: what was taken by `send` is received in order. */
class Stream {
  readonly #seed: number;
  taken = 0;
  received = 0;
  ended = false;

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** The next `count` bytes to send. */
  next(count: number): Uint8Array<ArrayBuffer> {
    return pattern(this.taken + count, this.#seed).subarray(this.taken);
  }

  receive(bytes: Uint8Array): void {
    const expected = pattern(this.received + bytes.length, this.#seed).subarray(this.received);
    expect(bytes).toEqual(expected);
    this.received += bytes.length;
    expect(this.received).toBeLessThanOrEqual(this.taken);
  }
}

interface Party {
  readonly socket: SSLSocket;
  readonly out: Stream;
  readonly in: Stream;
}

describe.each(versions)("Two SSLSockets against a byte-stream model, %s", (version) => {
  it("deliver exactly what was taken under any interleaving, capacity and high-water mark", async () => {
    const settings = fc.record({
      capacity: fc.integer({ min: 1, max: 20_000 }),
      outgoing: fc.integer({ min: 1, max: 60_000 }),
    });
    await fc.assert(
      fc.asyncProperty(settings, calls, async ({ capacity, outgoing }, script) => {
        const limits = { highWaterMark: { outgoing } };
        const transports = memoryTransportPair({ capacity });
        const { client, server } = workshop.wrapPair(transports, { version, client: limits, server: limits });
        const [there, back] = [new Stream(2), new Stream(3)];
        const parties: Record<Role, Party> = {
          client: { socket: client, out: there, in: back },
          server: { socket: server, out: back, in: there },
        };
        for (const call of script) await perform(parties[call.role], call);
        await Promise.all([settle(parties.client), settle(parties.server)]);
        expect([there.received, back.received]).toEqual([there.taken, back.taken]);
        for (const end of [client, server]) end.close();
      }),
      { numRuns: 40 },
    );
  });
});

async function perform({ socket, out, in: incoming }: Party, call: Call): Promise<void> {
  if (call.kind === "turn") await nextTurn();
  else if (call.kind === "handshake") socket.tryHandshake();
  else if (call.kind === "flush") ignoringWant(() => socket.flush());
  else if (call.kind === "shutdown") {
    if (!out.ended && socket.state === "open") socket.shutdownWrite();
    out.ended ||= socket.state === "write-closed";
  } else if (call.kind === "send") {
    if (out.ended) return;
    const result = socket.trySend(out.next(call.size));
    if (result.kind === "ok") out.taken += result.n;
  } else if (call.kind === "recv") {
    const into = new Uint8Array(call.size);
    const result = socket.tryRecv(into);
    if (result.kind === "ok") incoming.receive(into.subarray(0, result.n));
  }
}

/** Ends our direction properly, and receives the other to its end. */
async function settle({ socket, out, in: incoming }: Party): Promise<void> {
  const receiving = recvAll(socket);
  if (!out.ended) {
    await socket.sendAll(out.next(10));
    out.taken += 10;
    socket.shutdownWrite();
  }
  incoming.receive(await receiving);
}

function ignoringWant(call: () => void): void {
  try {
    call();
  } catch (error) {
    expect(error).toMatchObject({ reason: "WANT_WRITE" });
  }
}
