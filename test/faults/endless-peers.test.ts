// Peers without end, over real sockets: one that sends and sends to an application that does not read, or has not answered yet, and one
// that takes nothing of what is sent to it. What waits is bounded on our side, and the rest is the peer's to keep.
import { describe, expect, it } from "vitest";
import { nextTurn } from "../../ts/socket/event-loop.ts";
import type { SSLSocket } from "../../ts/socket/ssl-socket.ts";
import { SSLWantCallbackError } from "../../ts/ssl/index.ts";
import { fill, pattern } from "../socket/moving.ts";
import { runtime, tcpPair } from "../socket/pairs.ts";
import { asRole, caught, otherRole, recvAll, roles, versions, Workshop } from "../socket/tls.ts";

const workshop = new Workshop();
/** More than the kernel takes for a connection on loopback, and the marks of both sides. */
const endless = 40_000_000;
/** The mark of a transport, and a chunk of the size that a runtime may read at once. */
const mostWaiting = 256 * 1024 + 1024 * 1024;

describe.each(versions)(`Over the sockets of ${runtime}, %s`, (version) => {
  it.each(roles)("S11 B89 a peer that sends without end to a %s that does not read is held up", async (role) => {
    const { us, them } = asRole(await workshop.connected(await tcpPair(), { version }), role);
    const bytes = pattern(100_000);
    const sent = await sendUntilFull(them, bytes);
    expect(sent).toBeLessThan(endless);
    // When it is read, it goes on.
    expect((await recvAll(us, sent)).subarray(0, bytes.length)).toEqual(bytes);
    expect(await sendUntilFull(them, bytes)).toBeGreaterThan(0);
    expect(us.transport.takeRemaining().length).toBeLessThanOrEqual(mostWaiting);
    for (const socket of [us, them]) socket.abort();
  });

  it.each(roles)("S11 B58 a peer that takes nothing holds up the sends of a %s at the mark", async (role) => {
    const { us, them } = asRole(await workshop.connected(await tcpPair(), { version }), otherRole(role));
    expect(await sendUntilFull(them, pattern(100_000))).toBeLessThan(endless);
    expect(backlogOf(them)).toBeLessThanOrEqual(512 * 1024 + 20_000);
    for (const socket of [us, them]) socket.abort();
  });

  it("a client that goes on sending while the server has not decided about it is held up", async () => {
    const [left, right] = workshop.keep(await tcpPair());
    using undecided = workshop.serverContext(version).with({ selectContext: () => new Promise(() => {}) });
    const server = workshop.wrap(undecided, right);
    workshop.wrap(workshop.clientContext(version), left).tryHandshake();
    while (server.tryHandshake().kind !== "want" || server.want !== "callback") await nextTurn();
    expect(await fill(left, pattern(endless))).toBeLessThan(endless);
    for (let again = 0; again < 10; again++)
      expect(caught(() => server.doHandshake())).toBeInstanceOf(SSLWantCallbackError);
    expect(right.takeRemaining().length).toBeLessThanOrEqual(mostWaiting);
    server.abort();
  });
});

/** Sends the bytes again and again until there has been no room for a hundred looks in a row; answers how many it took. */
async function sendUntilFull(socket: SSLSocket, bytes: Uint8Array): Promise<number> {
  let sent = 0;
  for (let empty = 0; empty < 100 && sent < endless; empty++) {
    for (
      let result;
      (result = socket.trySend(bytes.subarray(sent % bytes.length))).kind === "ok" && sent < endless;
      empty = 0
    )
      sent += result.n;
    await nextTurn();
  }
  return sent;
}

/** What the socket has encrypted and the transport has not taken. */
function backlogOf(socket: SSLSocket): number {
  return (socket as unknown as { outgoing: { pending: number } }).outgoing.pending;
}
