// Counts the handshakes of a context and what came of the sessions in them, like Python's `session_stats`.
import type { ClientHello } from "../engine/client-hello.ts";
import { versionId } from "./tables.ts";

/** How often the connections of a context shook hands, and what came of the sessions that were offered. */
export interface SessionStats {
  /** Clients: handshakes that were begun. */
  readonly connect: number;
  /** Clients: handshakes that came to their end. */
  readonly connectGood: number;
  /** Servers: handshakes that were begun. */
  readonly accept: number;
  /** Servers: handshakes that came to their end. */
  readonly acceptGood: number;
  /** Handshakes that resumed a session. */
  readonly hits: number;
  /** Handshakes in which the client offered a session and none was resumed. */
  readonly misses: number;
}

/** Where the connections of one context count. */
export class HandshakeCounter {
  readonly #server: boolean;
  #begun = 0;
  #done = 0;
  #hits = 0;
  #misses = 0;

  constructor(server: boolean) {
    this.#server = server;
  }

  begin(): void {
    this.#begun++;
  }

  end(session: "resumed" | "refused" | "none"): void {
    this.#done++;
    if (session === "resumed") this.#hits++;
    else if (session === "refused") this.#misses++;
  }

  stats(): SessionStats {
    const [begun, done, server] = [this.#begun, this.#done, this.#server];
    return {
      connect: server ? 0 : begun,
      connectGood: server ? 0 : done,
      accept: server ? begun : 0,
      acceptGood: server ? done : 0,
      hits: this.#hits,
      misses: this.#misses,
    };
  }
}

/** Whether a client asks for a session; in TLS 1.3 the id is a decoy (RFC 8446, appendix D.4). */
export function namesSession(hello: ClientHello | null): boolean {
  if (hello === null) return false;
  if (hello.pskIdentities.length > 0 || (hello.sessionTicket?.length ?? 0) > 0) return true;
  return hello.sessionId.length > 0 && !hello.versions.includes(versionId["TLSv1.3"]);
}
