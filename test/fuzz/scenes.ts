// What both sides of a scene are set up with: the same as in scene.c, so that inputs which the native programs found reach the same
// places here. Refuses to know conversations.
import type { Settings } from "../../ts/engine/settings.ts";
import type { PreSharedKey } from "../../ts/engine/decision.ts";
import { certs, type Identity } from "../support/certs.ts";

type SettingsInput = ConstructorParameters<typeof Settings>[1];

/** The bits of the first byte of an input (side.h). */
const bit = { server: 1, tls13: 2, moreVersions: 4, clientCertificate: 8, psk: 16, retry: 64, listening: 128 } as const;

export const psk: PreSharedKey = { identity: text("device 17"), key: text("0123456789abcdef0123456789abcdef") };
export const sealKey: Uint8Array = text("name of the key.the secret of the key, 32 bytes.");
export const sealExtra: Uint8Array = text("extra");

const signatureAlgorithms = [0x0403, 0x0503, 0x0603, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601];
const suites = {
  modern: [0x1301, 0x1303, 0x1302, 0xc02b, 0xcca9, 0xc02f],
  old: [0xc009, 0x009c, 0x003c, 0xc023, 0xc027, 0xc0ac],
  psk: [0x1301, 0x1303, 0xccac, 0xc037, 0x00a8, 0x00ae],
} as const;

/** A scene by its number. */
export class Scene {
  readonly #bits: number;

  constructor(bits: number) {
    this.#bits = bits;
  }

  /** Whether the server is put to the test. */
  get server(): boolean {
    return this.#has("server");
  }

  get old(): boolean {
    return this.#has("tls13") && this.#has("moreVersions");
  }

  get tls13(): boolean {
    return !this.old && (this.#has("tls13") || this.#has("moreVersions"));
  }

  get psk(): boolean {
    return this.#has("psk");
  }

  /** The configuration of one of its sides. */
  settings(server: boolean): SettingsInput {
    return {
      server,
      minVersion: this.tls13 && !this.#has("moreVersions") ? 0x304 : 0x303,
      maxVersion: this.tls13 ? 0x304 : 0x303,
      cipherSuites: this.psk ? suites.psk : this.old ? suites.old : suites.modern,
      groups: this.#groups(server),
      signatureAlgorithms,
      alpn: this.#has("listening") ? [text("h2"), text("http/1.1")] : [],
      identities: this.#identities(server),
      requestCertificate: !server || this.#has("clientCertificate"),
      requireExtendedMasterSecret: false,
      honorCipherOrder: true,
      logKeys: this.#has("listening"),
      trace: this.#has("listening"),
      psk: this.psk ? (server ? "asked" : psk) : null,
    };
  }

  #groups(server: boolean): number[] {
    if (!this.#has("retry")) return [0x001d, 0x0017, 0x0018];
    return server ? [0x001d] : [0x0017, 0x001d];
  }

  #identities(server: boolean): SettingsInput["identities"] {
    if (server)
      return this.old ? [identity(certs.localhost), identity(certs.localhostRsa)] : [identity(certs.localhost)];
    return this.#has("clientCertificate") ? [identity(certs.client)] : [];
  }

  #has(name: keyof typeof bit): boolean {
    return (this.#bits & bit[name]) !== 0;
  }
}

function identity({ cert, key }: Identity): SettingsInput["identities"][number] {
  return { chain: [der(cert)], key: der(key) };
}

/** The bytes in the only block of a PEM text. */
export function der(pem: string): Uint8Array {
  return Uint8Array.from(atob(pem.replace(/-----[^-]+-----|\s/g, "")), (letter) => letter.charCodeAt(0));
}

function text(letters: string): Uint8Array {
  return new TextEncoder().encode(letters);
}
