// Owns one connection's object in the module: the settings that it is made of, its making and its end, and who is told of a trap.
// Refuses to know what the object is entered for.
import type { ConnectionPointer } from "../wasm/exports.gen.ts";
import type { Realm, Tenant } from "../wasm/realm.ts";
import { SSLMemoryError, SSLStateError } from "./errors.ts";
import type { Settings } from "./settings.ts";

const encoder = new TextEncoder();

export class Handle {
  readonly settings: Settings;
  /** That of the settings. */
  readonly realm: Realm;
  #pointer: ConnectionPointer | undefined;
  #freed = false;
  #tenant: WeakRef<Tenant> | null = null;

  /** A client's object is made at once, with the server name to send; a server has none, and costs little, until `make`. */
  constructor(settings: Settings, serverName: string | null) {
    this.settings = settings;
    this.realm = settings.realm;
    if (!settings.server) this.#pointer = this.#made(serverName);
    settings.retain();
  }

  get made(): boolean {
    return this.#pointer !== undefined;
  }

  get freed(): boolean {
    return this.#freed;
  }

  /** What the module calls it. Throws SSLStateError when it is not there yet, or no more. */
  live(): ConnectionPointer {
    if (this.#freed) throw new SSLStateError("Cannot use this connection: it was disposed of");
    if (this.#pointer === undefined) throw new SSLStateError("Cannot use this connection: its handshake has not begun");
    return this.#pointer;
  }

  /** As `live`, and undefined when the module must not be entered with it, which is so after a trap too. */
  tryLive(): ConnectionPointer | undefined {
    return this.#freed || this.realm.poisoned ? undefined : this.#pointer;
  }

  /** Server: throws SSLMemoryError when there is no memory for it. */
  make(): void {
    this.#pointer = this.#made(null);
  }

  /** Has `tenant` told when the realm traps. */
  tellOfTrap(tenant: WeakRef<Tenant>): void {
    this.#tenant = tenant;
    this.realm.enter(tenant);
  }

  /** Server, before `make`: gives this one up for one with other settings, perhaps in another realm. */
  exchange(settings: Settings): Handle {
    const other = new Handle(settings, null);
    if (this.#tenant !== null) other.tellOfTrap(this.#tenant);
    this.free();
    return other;
  }

  free(): void {
    if (this.#freed) return;
    const pointer = this.tryLive();
    this.#freed = true;
    if (pointer !== undefined) this.realm.exports.wt_connection_free(pointer);
    if (this.#tenant !== null) this.realm.leave(this.#tenant);
    this.settings.release();
  }

  #made(serverName: string | null): ConnectionPointer {
    const make = (name: number): ConnectionPointer => this.realm.exports.wt_connection_new(this.settings.pointer, name);
    const pointer = serverName === null ? make(0) : this.realm.lend(encoder.encode(`${serverName}\0`), make);
    if (pointer === 0) throw new SSLMemoryError("Cannot make a connection: the wasm memory is full");
    return pointer;
  }
}
