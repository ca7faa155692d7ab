// Owns finding the certificates that the system trusts, with the means of Deno. Where to look is decided in ts/ssl.
import { type DefaultVerifyPaths, TrustStore as CoreTrustStore } from "../ssl/index.ts";
import { StoreMemory } from "../ssl/store-memory.ts";
import { defaultVerifyPaths, mozillaTrust, systemTrust, type TrustSources } from "../ssl/system-trust.ts";

const [ofSystem, ofMozilla] = [new StoreMemory(), new StoreMemory()];

/** The `TrustStore` of `wanttls`, which can also be filled with what this system or Mozilla trusts. */
export class TrustStore extends CoreTrustStore {
  /**
   * What the system trusts: the file and the directories that `SSL_CERT_FILE` and `SSL_CERT_DIR` name and nothing else, or
   * the usual places (on macOS and Windows the system's own store, which needs `--allow-sys`); and what `DENO_CERT` names.
   * Needs `--allow-read`; a variable that `--allow-env` does not cover counts as unset. `DENO_TLS_CA_STORE` says nothing
   * here, as the choice between the two stores is the caller's. It is read at each call, and the
   * store is the same one while what is read is the same: keep it to save the reading.
   *
   * Throws SSLConfigError, which says what was tried.
   *
   * @example
   * const context = createDefaultContext("server-auth", { trust: TrustStore.system() });
   */
  static system(): TrustStore {
    return ofSystem.of(this, systemTrust(sources));
  }

  /**
   * The roots of Mozilla's programme, as they came with Deno; the same on every system. Deno gives them out with
   * `--allow-sys` only. Throws SSLConfigError without any.
   */
  static mozilla(): TrustStore {
    return ofMozilla.of(
      this,
      mozillaTrust(() => tls().rootCertificates),
    );
  }
}

/** Where trusted certificates are looked for, like Python's `get_default_verify_paths`. */
export function getDefaultVerifyPaths(): DefaultVerifyPaths {
  return defaultVerifyPaths(sources);
}

const sources: TrustSources = {
  get platform() {
    return Deno.build.os === "windows" ? "win32" : Deno.build.os;
  },
  extraVariable: "DENO_CERT",
  env(name) {
    try {
      return Deno.env.get(name);
    } catch {
      return undefined;
    }
  },
  readFile: (path) => Deno.readFileSync(path),
  readDirectory: (path) => Array.from(Deno.readDirSync(path), ({ name }) => name),
  systemCertificates: () => tls().getCACertificates("system"),
};

/** Deno gives its roots out only through the module that it has for programs of Node; loading it takes time. */
function tls(): Tls {
  return process.getBuiltinModule("node:tls");
}

interface Tls {
  readonly rootCertificates: readonly string[];
  getCACertificates(store: "system"): readonly string[];
}

declare const process: { getBuiltinModule(name: "node:tls"): Tls };
