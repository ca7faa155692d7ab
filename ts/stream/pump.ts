// The pump: the only place of this layer where "want" becomes waiting.
//
// A call of an SSLSocket answers at once: done, the end of the stream, or what it wants. It never waits, never takes bytes in
// a call that wants something, and what it has produced for the peer is in the socket's queue, in the order in which it left
// the engine, which the socket empties by itself as the transport takes it. So the pump has little to do, and that is its
// law: make the call; when it wants something, wait until the socket says that this may be there; make the same call again.
//
// Four things keep it honest.
//
// No lost wake-up. `waitUntil` begins to listen before it looks at the level for the first time, and nothing runs between a call
// that wants and that look but synchronous code.
//
// No busy loop. What is waited for is a level that the call itself has used up: a call that wants to read has taken all that the
// transport had, one that wants to write has left the queue above the mark that `writable` is measured against. A wake-up
// that was for somebody else costs one look, not a turn of the loop.
//
// Full duplex. A reading and a writing pump may run on one socket at the same time: neither holds anything while it waits. A
// read that must write (an alert, a key update) only queues; a write that must read (the handshake) reads itself. Two pumps in the
// same direction would tear the bytes apart, so TLSConnection lets writes take turns and refuses a second read.
//
// An end to each wait. The only await is `waitUntil`, which a signal ends, and a time limit is a signal too (TimeLimit). A wait
// that was ended has moved nothing: the next call goes on where this one would have. And when our side closes the socket, the
// call is made once more, and throws what a closed socket throws.
import { waitUntil } from "../socket/event-loop.ts";
import type { SSLSocket } from "../socket/ssl-socket.ts";
import type { IoResult } from "../ssl/index.ts";

/** What the call comes to, once it wants nothing any more: a count, or null for the end of the stream. */
export async function pump(socket: SSLSocket, call: () => IoResult, signal?: AbortSignal): Promise<number | null> {
  for (;;) {
    signal?.throwIfAborted();
    const result = call();
    if (result.kind === "ok") return result.n;
    if (result.kind === "eof") return null;
    const { want } = result;
    // An answer that a hook owes is reported as readable.
    await waitUntil(socket, () => socket.closed || (want === "write" ? socket.writable : socket.readable), signal);
  }
}
