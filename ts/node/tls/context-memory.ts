// Owns the contexts of clients that are given certificates time and again, as an Agent does for each of its connections: one is made
// for all that are given the same. Refuses to know what the options mean.
import { nodeUtil } from "../builtin.ts";
import { defaults } from "./defaults.ts";
import type { SecureContextOptions } from "./options.ts";
import type { SecureContext } from "./secure-context.ts";

interface Remembered {
  readonly asked: unknown;
  readonly context: SecureContext;
}

/** How many contexts are remembered; the one that was not asked for the longest is forgotten first. */
const most = 16;

/** All that a context is made of: the compiler sees to it that none is missing. */
const names = Object.keys({
  ALPNCallback: 0,
  allowPartialTrustChain: 0,
  ca: 0,
  cert: 0,
  certificateCompression: 0,
  ciphers: 0,
  clientCertEngine: 0,
  crl: 0,
  dhparam: 0,
  ecdhCurve: 0,
  honorCipherOrder: 0,
  key: 0,
  maxVersion: 0,
  minVersion: 0,
  passphrase: 0,
  pfx: 0,
  privateKeyEngine: 0,
  privateKeyIdentifier: 0,
  secureOptions: 0,
  secureProtocol: 0,
  sessionIdContext: 0,
  sessionTimeout: 0,
  sigalgs: 0,
  ticketKeys: 0,
} satisfies Record<keyof SecureContextOptions, 0>) as (keyof SecureContextOptions)[];

/** What counts where the options say nothing. */
const settings = ["DEFAULT_CIPHERS", "DEFAULT_ECDH_CURVE", "DEFAULT_MAX_VERSION", "DEFAULT_MIN_VERSION"] as const;

/** Of these no copy is kept. */
const secrets = ["key", "passphrase", "pfx", "ticketKeys"] as const;

export class ContextMemory {
  #remembered: readonly Remembered[] = [];

  /** The context that was made for the same, or else what `make` makes; compared are contents, as buffers can be changed. */
  find(options: SecureContextOptions, make: () => SecureContext): SecureContext {
    if (secrets.some((name) => options[name] !== undefined)) return make();
    const asked = [...names.map((name) => copyOf(options[name])), ...settings.map((name) => defaults[name])];
    const known = this.#remembered.find((one) => nodeUtil().isDeepStrictEqual(one.asked, asked));
    const latest = known ?? { asked, context: make() };
    this.#remembered = [latest, ...this.#remembered.filter((one) => one !== known)].slice(0, most);
    return latest.context;
  }
}

function copyOf(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) return Buffer.from(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  return Array.isArray(value) ? value.map(copyOf) : value;
}
