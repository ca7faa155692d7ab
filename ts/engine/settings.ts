// A TLS configuration inside a realm: checked values in, one counted C object out. Refuses to know where they came from.
import type { Realm } from "../wasm/realm.ts";
import type { SettingsPointer } from "../wasm/exports.gen.ts";
import * as code from "./error-codes.gen.ts";
import { SSLConfigError, SSLMemoryError, textOf } from "./errors.ts";
import { shortage, withoutMemory } from "./shortages.ts";

export interface IdentityInput {
  /** The chain, DER, the own certificate first. */
  readonly chain: readonly Uint8Array[];
  /** DER, not encrypted. */
  readonly key: Uint8Array;
}

export interface SettingsInput {
  readonly server: boolean;
  readonly minVersion: number;
  readonly maxVersion: number;
  readonly cipherSuites: readonly number[];
  readonly groups: readonly number[];
  readonly signatureAlgorithms: readonly number[];
  readonly alpn: readonly Uint8Array[];
  readonly identities: readonly IdentityInput[];
  readonly requestCertificate: boolean;
  readonly requireExtendedMasterSecret: boolean;
  readonly honorCipherOrder: boolean;
  /** Whether connections keep their secrets for `takeKeyLog`. */
  readonly logKeys?: boolean;
  /** Whether connections keep what happens for `takeTrace`. */
  readonly trace?: boolean;
  /** Client: its pre-shared key. Server, `"asked"`: connections ask for the key of an identity. */
  readonly psk?: { readonly identity: Uint8Array; readonly key: Uint8Array } | "asked" | null;
  /** Records after which this side takes new keys (TLS 1.3). */
  readonly recordsPerKey?: number;
}

/** Whether the same configuration comes of both, keys and certificates being the same objects. */
export function isSameInput(a: SettingsInput, b: SettingsInput): boolean {
  const rest = ({ identities: _, psk: __, alpn, ...others }: SettingsInput): string =>
    JSON.stringify({ ...others, alpn: alpn.map(String) });
  return a.identities === b.identities && a.psk === b.psk && rest(a) === rest(b);
}

/** The configuration as C sees it. Dispose of it when no more connections are to be made; living ones retain it. */
export class Settings {
  readonly realm: Realm;
  readonly server: boolean;
  readonly maxVersion: number;
  readonly trace: boolean;
  readonly #pointer: SettingsPointer;
  #references = 1;
  #disposed = false;

  constructor(realm: Realm, input: SettingsInput) {
    this.realm = realm;
    this.server = input.server;
    this.maxVersion = input.maxVersion;
    this.trace = input.trace === true;
    this.#pointer = realm.exports.wt_settings_new(Number(input.server));
    if (this.#pointer === 0) throw new SSLMemoryError("Cannot make a context: the wasm memory is full");
    try {
      this.#fill(input);
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  get pointer(): SettingsPointer {
    return this.#pointer;
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.release();
  }

  /** One more needs it; `release` is due for each. */
  retain(): void {
    this.#references++;
  }

  release(): void {
    if (--this.#references === 0 && !this.realm.poisoned) this.realm.exports.wt_settings_release(this.#pointer);
  }

  #fill(input: SettingsInput): void {
    const { exports } = this.realm;
    exports.wt_settings_set_versions(this.#pointer, input.minVersion, input.maxVersion);
    exports.wt_settings_set_flags(
      this.#pointer,
      Number(input.requestCertificate),
      Number(input.requireExtendedMasterSecret),
      Number(!input.honorCipherOrder),
    );
    if (input.logKeys === true) exports.wt_settings_log_keys(this.#pointer);
    if (this.trace) exports.wt_settings_trace(this.#pointer);
    if (input.recordsPerKey !== undefined) exports.wt_settings_set_records_per_key(this.#pointer, input.recordsPerKey);
    this.#psk(input.psk ?? null);
    this.#list("cipherSuites", input.cipherSuites, exports.wt_settings_set_ciphersuites);
    this.#list("groups", input.groups, exports.wt_settings_set_groups);
    this.#list("signatureAlgorithms", input.signatureAlgorithms, exports.wt_settings_set_signature_algorithms);
    this.#alpn(input.alpn);
    input.identities.forEach((identity, i) => this.#identity(`identities[${i}]`, identity));
  }

  #list(
    name: string,
    ids: readonly number[],
    set: (settings: SettingsPointer, at: number, count: number) => number,
  ): void {
    const bytes = new Uint8Array(Uint16Array.from(ids).buffer);
    this.realm.lend(bytes, (at) => this.#check(set(this.#pointer, at, ids.length), `use ${name}`));
  }

  #alpn(names: readonly Uint8Array[]): void {
    if (names.length === 0) return;
    const bytes = Uint8Array.from(names.flatMap((name) => [...name, 0]));
    this.realm.lend(bytes, (at, length) =>
      this.#check(this.realm.exports.wt_settings_set_alpn(this.#pointer, at, length), "use alpn"),
    );
  }

  #psk(psk: SettingsInput["psk"]): void {
    if (psk === null || psk === undefined) return;
    const { identity, key } = psk === "asked" ? { identity: new Uint8Array(0), key: new Uint8Array(0) } : psk;
    const result = this.realm.lend(identity, (name, nameSize) =>
      this.realm.lend(key, (at, size) =>
        this.realm.exports.wt_settings_set_psk(this.#pointer, name, nameSize, at, size),
      ),
    );
    this.#check(result, "use psk");
  }

  #identity(name: string, identity: IdentityInput): void {
    const { exports } = this.realm;
    this.#check(exports.wt_settings_add_identity(this.#pointer), `use ${name}`);
    identity.chain.forEach((der, i) =>
      this.#certificate(`${name}.cert[${i}]`, der, exports.wt_settings_identity_certificate),
    );
    this.realm.forgetRandomFailure();
    const result = this.realm.lend(identity.key, (key, size) =>
      exports.wt_settings_identity_key(this.#pointer, key, size),
    );
    this.#checkKey(result, `${name}.key`);
  }

  #certificate(
    name: string,
    der: Uint8Array,
    add: (settings: SettingsPointer, at: number, size: number) => number,
  ): void {
    const result = this.realm.lend(der, (at, size) => add(this.#pointer, at, size));
    this.#checkMemory(result, `use ${name} as a certificate`);
    if (isOneOf(result, unknownKeyAlgorithm)) {
      throw new SSLConfigError(
        `Cannot use ${name}: its key is of a kind that is not supported (supported: RSA, P-256, P-384, P-521)`,
        {
          reason: "UNSUPPORTED_KEY_TYPE",
          library: "X509",
          errno: result,
        },
      );
    }
    this.#check(result, `use ${name} as a certificate`, "X509");
  }

  #checkKey(result: number, name: string): void {
    if (result === 0) return;
    const failure = shortage(this.realm, result, `use ${name}`);
    if (failure !== null) throw failure.error;
    const fail = (why: string, reason: string): never => {
      throw new SSLConfigError(`Cannot use ${name}: ${why}`, { reason, library: "PK", errno: result });
    };
    if (result === code.ERR_KEY_MISMATCH) fail("it does not fit the certificate", "KEY_VALUES_MISMATCH");
    if (isOneOf(result, unknownKeyAlgorithm)) {
      fail("its kind is not supported (supported: RSA, P-256, P-384, P-521)", "UNSUPPORTED_KEY_TYPE");
    }
    fail(`it cannot be parsed: ${textOf(result)}`, "BAD_KEY");
  }

  #check(result: number, doing: string, library: "SSL" | "X509" = "SSL"): void {
    if (result === 0) return;
    this.#checkMemory(result, doing);
    throw new SSLConfigError(`Cannot ${doing}: ${textOf(result)}`, { reason: "BAD_CONFIG", library, errno: result });
  }

  #checkMemory(result: number, doing: string): void {
    const failure = result === 0 ? null : withoutMemory(this.realm, result, doing);
    if (failure !== null) throw failure.error;
  }
}

const unknownKeyAlgorithm: readonly number[] = [
  code.PK_UNKNOWN_PK_ALG,
  code.PK_UNKNOWN_NAMED_CURVE,
  code.PK_INVALID_ALG,
];

/** Mbed TLS adds a low-level error, smaller than 128, to these. */
function isOneOf(result: number, codes: readonly number[]): boolean {
  return codes.some((known) => result <= known && result > known - 128);
}
