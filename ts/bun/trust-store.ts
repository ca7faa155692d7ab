// Owns finding the certificates that the system trusts, with the means of Bun. Where to look is decided in ts/ssl.
import { readdirSync, readFileSync } from "node:fs";
import { type DefaultVerifyPaths, TrustStore as CoreTrustStore } from "../ssl/index.ts";
import { StoreMemory } from "../ssl/store-memory.ts";
import { defaultVerifyPaths, mozillaTrust, systemTrust, type TrustSources } from "../ssl/system-trust.ts";

const [ofSystem, ofMozilla] = [new StoreMemory(), new StoreMemory()];

/** The `TrustStore` of `wanttls`, which can also be filled with what this system or Mozilla trusts. */
export class TrustStore extends CoreTrustStore {
  /**
   * What the system trusts: the file and the directories that `SSL_CERT_FILE` and `SSL_CERT_DIR` name and nothing else, or
   * the usual places (on macOS and Windows the system's own store); and what `NODE_EXTRA_CA_CERTS` names. It is read at each
   * call, and the store is the same one while what is read is the same: keep it to save the reading.
   *
   * Throws SSLConfigError, which says what was tried.
   *
   * @example
   * const context = createDefaultContext("server-auth", { trust: TrustStore.system() });
   */
  static system(): TrustStore {
    return ofSystem.of(this, systemTrust(sources));
  }

  /** The roots of Mozilla's programme, as they came with Bun; the same on every system. Throws SSLConfigError without any. */
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
  platform: process.platform,
  extraVariable: "NODE_EXTRA_CA_CERTS",
  env: (name) => process.env[name],
  readFile: (path) => readFileSync(path),
  readDirectory: (path) => readdirSync(path),
  systemCertificates: () => tls().getCACertificates("system"),
};

/** Fetched when needed: who brings a store along has no use for Bun's own TLS. */
function tls(): typeof import("node:tls") {
  return process.getBuiltinModule("node:tls");
}
