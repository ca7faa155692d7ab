// Owns the sessions that a server keeps outside: Node's events "newSession" and "resumeSession" as a cache of the library.
// Refuses to know what is in a session.
import type { Server } from "node:net";
import type { SessionCache } from "../../index.ts";

/** Null when nobody listens. */
export function sessionCacheOf(server: Server): SessionCache | null {
  if (server.listenerCount("newSession") === 0 && server.listenerCount("resumeSession") === 0) return null;
  return {
    set: (id, session) => void server.emit("newSession", Buffer.from(id), Buffer.from(session), () => {}),
    get: (id) => (server.listenerCount("resumeSession") === 0 ? null : ask(server, id)),
  };
}

function ask(server: Server, id: Uint8Array): Promise<Uint8Array<ArrayBuffer> | null> {
  return new Promise((resolve, reject) => {
    server.emit(
      "resumeSession",
      Buffer.from(id),
      (error: Error | null | undefined, session?: Uint8Array | false | null) => {
        if (error !== null && error !== undefined) reject(error);
        else resolve(session instanceof Uint8Array ? (session as Uint8Array<ArrayBuffer>) : null);
      },
    );
  });
}
