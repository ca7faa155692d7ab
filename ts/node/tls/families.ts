// Owns the contexts of the library that the connections of one SecureContext have in common, so that keys and certificates are
// read once. Refuses to know what is in them, and what their connections decide for themselves.
import type { SSLContext, TrustStore, VerifyMode } from "../../index.ts";

/** A context, for as long as a connection needs it. */
export interface Lease {
  readonly context: SSLContext;
  readonly release: () => void;
}

/** What a connection needs a context of its own for, unless another one is the same in it. */
export interface Shape {
  readonly side: "client" | "server";
  readonly alpn: readonly string[] | null;
  readonly verifyMode: VerifyMode;
  readonly logsKeys: boolean;
  /** Server: whether it asks for the keys of its clients. */
  readonly asksForPsk: boolean;
}

interface Family {
  readonly context: SSLContext;
  readonly trust: TrustStore;
  connections: number;
  idle: NodeJS.Timeout | undefined;
}

/** How long a family is kept without connections, in milliseconds: for programs that connect again and again. */
const patience = 50;

export class Families {
  readonly #families = new Map<string, Family>();

  /** A context of this shape with this trust; `make` makes it when there is none. */
  lease(shape: Shape, trust: TrustStore, make: () => SSLContext): Lease {
    const { side, alpn, verifyMode, logsKeys, asksForPsk } = shape;
    const key = JSON.stringify([side, alpn, verifyMode, logsKeys, asksForPsk]);
    const known = this.#families.get(key);
    const family = known?.trust === trust ? known : this.#found(key, { context: make(), trust });
    clearTimeout(family.idle);
    family.connections++;
    return { context: family.context, release: () => this.#leave(key, family) };
  }

  #found(key: string, parts: Pick<Family, "context" | "trust">): Family {
    const family = { ...parts, connections: 0, idle: undefined };
    this.#families.set(key, family);
    return family;
  }

  #leave(key: string, family: Family): void {
    if (--family.connections > 0) return;
    family.idle = setTimeout(() => {
      if (this.#families.get(key) === family) this.#families.delete(key);
      family.context.dispose();
    }, patience);
    family.idle.unref();
  }
}
