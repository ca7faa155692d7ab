// Owns the contexts of the library that the connections of one SecureContext have in common: each connection gets a variant
// with its own hooks, so that keys and certificates are read once. Refuses to know what is in them.
import type { ClientOptions, ServerOptions, SSLContext } from "../../index.ts";

/** The context of one connection. */
export interface Opened {
  readonly context: SSLContext;
  /** Frees what was made for the connection. */
  readonly dispose: () => void;
}

/** What a variant cannot have otherwise than its family without reading keys again. */
export type Shape = Pick<ClientOptions & ServerOptions, "alpn" | "verifyMode" | "onKeyLog" | "psk">;

interface Family {
  readonly base: SSLContext;
  connections: number;
  idle: NodeJS.Timeout | undefined;
}

/** How long a family is kept without connections, in milliseconds: for programs that connect again and again. */
const patience = 50;

export class Families {
  readonly #families = new Map<string, Family>();

  /** A variant with these options; `make` makes the context that it is a variant of, when there is none. */
  open(side: "client" | "server", more: ClientOptions & ServerOptions, make: (shape: Shape) => SSLContext): Opened {
    const { alpn, verifyMode, onKeyLog, psk } = more;
    const key = JSON.stringify([side, alpn, verifyMode, onKeyLog !== undefined, typeof psk]);
    const family = this.#families.get(key) ?? this.#found(key, make(shapeOf(more)));
    clearTimeout(family.idle);
    family.connections++;
    try {
      const context = family.base.with(more);
      return { context, dispose: () => this.#leave(key, family, context) };
    } catch (error) {
      this.#leave(key, family, null);
      throw error;
    }
  }

  #found(key: string, base: SSLContext): Family {
    const family = { base, connections: 0, idle: undefined };
    this.#families.set(key, family);
    return family;
  }

  #leave(key: string, family: Family, context: SSLContext | null): void {
    context?.dispose();
    if (--family.connections > 0) return;
    family.idle = setTimeout(() => {
      this.#families.delete(key);
      family.base.dispose();
    }, patience);
    family.idle.unref();
  }
}

/** Without the hooks of the connection that happens to be the first. */
function shapeOf({ alpn, verifyMode, onKeyLog, psk }: Shape): Shape {
  return {
    ...(alpn === undefined ? {} : { alpn }),
    ...(verifyMode === undefined ? {} : { verifyMode }),
    ...(onKeyLog === undefined ? {} : { onKeyLog: () => {} }),
    ...(typeof psk === "function" ? { psk: () => null } : {}),
  };
}
