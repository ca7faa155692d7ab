// Owns what the options of Mbed TLS's ssl_client2 and ssl_server2 are in ours, and which of them we have no counterpart for.
// Knows no sockets.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type ClientOptions, type Identity, type ServerOptions, SSLContext, virtualHosts } from "../../ts/index.ts";
import { cipherSuiteId } from "../../ts/engine/codes.gen.ts";
import {
  defaultCipherSuites,
  groupId,
  type NamedGroup,
  type SignatureScheme,
  signatureSchemeId,
  type TLSVersion,
} from "../../ts/ssl/tables.ts";

/** An option that has no counterpart here; the scenario does not apply. */
export class NotOurs extends Error {
  override readonly name = "NotOurs";
}

type Options = ReadonlyMap<string, string>;
type Common = Pick<
  ClientOptions & ServerOptions,
  | "minVersion"
  | "maxVersion"
  | "cipherSuites"
  | "groups"
  | "signatureAlgorithms"
  | "alpn"
  | "ca"
  | "identities"
  | "verifyMode"
>;

/** How upstream's files are: names in the subject only, hand-made extensions. */
const files = { certProfile: "lenient" } as const;

/** The programs say these of debugging, of how they wait, and of datagrams. */
const withoutMeaning = new Set([
  "allow_legacy",
  "allow_sha1",
  "buffer_size",
  "ca_path",
  "context_crt_cb",
  "cookies",
  "debug_level",
  "event",
  "nbio",
  "new_session_tickets",
  "reco_mode",
  "server_addr",
  "server_port",
]);

const versions: Readonly<Record<string, TLSVersion>> = { tls12: "TLSv1.2", tls13: "TLSv1.3" };

/** What one side does, beside its context. */
export interface Play {
  readonly exchanges: number;
  /** Bytes of a request or response; null for the usual text. */
  readonly size: number | null;
  /** Whether application protocols are spoken of. */
  readonly alpn: boolean;
}

/** What a client does. */
export interface ClientPlay extends Play {
  readonly options: ClientOptions;
  readonly serverName: string;
  readonly reconnect: boolean;
  /** Milliseconds before it connects again. */
  readonly pause: number;
}

/** What a server does. */
export interface ServerPlay extends Play {
  readonly context: SSLContext;
}

/** Throws NotOurs. `data` is the folder of upstream's certificates. */
export function clientPlay(given: Options, data: string): ClientPlay {
  const options = new Reader(given, data);
  const by = authenticationOf(options);
  const { ca, ...common } = commonOf(options, "required");
  const psk = pskOf(options);
  const play = {
    serverName: options.take("server_name", "localhost"),
    reconnect: options.flag("reconnect", false),
    pause: options.count("reco_delay") ?? 0,
    exchanges: options.count("exchanges") ?? 1,
    size: options.count("request_size"),
    alpn: common.alpn !== undefined,
  };
  if (play.serverName === "")
    throw new NotOurs("server_name is empty: a client has a name to ask for, or none on purpose");
  if (!options.flag("tickets", true)) throw new NotOurs("tickets=0: a client always takes tickets");
  const renegotiation = options.take("request_page", "");
  if (renegotiation !== "") throw new NotOurs("request_page: it asks for renegotiation, which TLS 1.3 has not");
  options.end();
  const identities = common.identities ?? identityOf(options, "cli2.crt", "cli2.key");
  const checkHostname = common.verifyMode !== "none";
  return {
    ...play,
    options: {
      ...common,
      ...files,
      ...(by.certificate && ca !== undefined && { ca }), // without a trusted one, certificates are of no use
      identities,
      ...(by.psk && psk),
      ...(checkHostname && { checkHostname, commonNameFallback: true }),
    },
  };
}

/** Throws NotOurs. */
export function serverPlay(given: Options, data: string): ServerPlay {
  const options = new Reader(given, data);
  const by = authenticationOf(options);
  const common = commonOf(options, "none");
  const psk = serverPskOf(options);
  const tickets = options.count("tickets") ?? 1;
  const cache = options.count("cache_max") ?? 50;
  const stored = new Map<string, Uint8Array>();
  const own: ServerOptions = {
    ...common,
    ...files,
    ...(by.psk && psk),
    identities: !by.certificate
      ? []
      : (common.identities ?? [
          ...identityOf(options, "server2-sha256.crt", "server2.key"),
          ...identityOf(options, "server5.crt", "server5.key"),
        ]),
    numTickets: tickets,
    ...lifetimeOf(options),
    ...(cache > 0 && {
      sessionCache: {
        get: (id: Uint8Array) => stored.get(String(id)) ?? null,
        set: (id: Uint8Array, session: Uint8Array) => stored.set(String(id), session),
      },
    }),
  };
  const hosts = hostsOf(options, own);
  const play = {
    exchanges: options.count("exchanges") ?? 1,
    size: options.count("response_size"),
    alpn: common.alpn !== undefined,
  };
  options.end();
  return { ...play, context: SSLContext.server({ ...own, ...(hosts && { selectContext: virtualHosts(hosts) }) }) };
}

/** The options one by one; what nobody took is not ours. */
class Reader {
  readonly #left: Map<string, string>;
  readonly #data: string;

  constructor(given: Options, data: string) {
    this.#left = new Map([...given].filter(([name]) => !withoutMeaning.has(name)));
    this.#data = data;
  }

  take(name: string, otherwise: string): string {
    const value = this.#left.get(name) ?? otherwise;
    this.#left.delete(name);
    return value;
  }

  has(name: string): boolean {
    return this.#left.has(name);
  }

  count(name: string): number | null {
    const value = this.take(name, "");
    return value === "" || value === "-1" ? null : Number(value);
  }

  flag(name: string, otherwise: boolean): boolean {
    return this.take(name, otherwise ? "1" : "0") !== "0";
  }

  /** The file that upstream's test names, or one of its own: PEM or DER. */
  file(path: string): string | Uint8Array {
    const bytes = readFileSync(join(this.#data, path.split("data_files/").at(-1)!));
    return bytes.includes("-----BEGIN") ? bytes.toString() : bytes;
  }

  end(): void {
    const [first] = this.#left;
    if (first !== undefined) throw new NotOurs(`${first[0]}=${first[1].slice(0, 20)}`);
  }
}

/** What may prove who a side is, in a key exchange with forward secrecy. */
function authenticationOf(options: Reader): { readonly psk: boolean; readonly certificate: boolean } {
  const modes = options.take("tls13_kex_modes", "ephemeral_all");
  if (!["ephemeral", "psk_ephemeral", "ephemeral_all"].includes(modes))
    throw new NotOurs("tls13_kex_modes: a key exchange without forward secrecy is not offered");
  return { psk: modes !== "ephemeral", certificate: modes !== "psk_ephemeral" };
}

function commonOf(options: Reader, verifyMode: "required" | "none"): Common {
  const forced = options.take("force_version", "");
  const minimum = options.take("min_version", forced);
  const maximum = options.take("max_version", forced);
  if (options.flag("renegotiation", false)) throw new NotOurs("renegotiation: it is refused");
  return {
    ...(minimum !== "" && { minVersion: versionOf(minimum) }),
    ...(maximum !== "" && { maxVersion: versionOf(maximum) }),
    ...suitesOf(options),
    ...namesOf<NamedGroup>(options, "groups", groupId),
    ...namesOf<SignatureScheme>(options, "sig_algs", signatureSchemeId, "signatureAlgorithms"),
    ...(options.has("alpn") && { alpn: options.take("alpn", "").split(",") }),
    ...authoritiesOf(options),
    ...identitiesOf(options),
    verifyMode: options.take("auth_mode", verifyMode) as "required" | "none" | "optional",
  };
}

function versionOf(name: string): TLSVersion {
  const version = versions[name];
  if (version === undefined) throw new NotOurs(`version ${name}`);
  return version;
}

/** All that there are, as upstream's programs have it, unless one is named; Mbed TLS's names have hyphens, and TLS1-3 for TLS. */
function suitesOf(options: Reader): Common {
  const name = options.take("force_ciphersuite", "");
  if (name === "") return { cipherSuites: [...new Set([...defaultCipherSuites, ...Object.keys(cipherSuiteId)])] };
  const standard = name.replace(/^TLS1-3/, "TLS").replaceAll("-", "_");
  if (!(standard in cipherSuiteId)) throw new NotOurs(`force_ciphersuite=${name}`);
  return { cipherSuites: [standard] };
}

function namesOf<T extends string>(
  options: Reader,
  name: string,
  known: object,
  ours = name,
): Partial<Record<string, T[]>> {
  const text = options.take(name, "");
  if (text === "") return {};
  const names = text.split(",");
  const strange = names.find((one) => !(one in known));
  if (strange !== undefined) throw new NotOurs(`${name}=${strange}`);
  return { [ours]: names as T[] };
}

function authoritiesOf(options: Reader): Common {
  const file = options.take("ca_file", "test-ca_cat12.crt");
  return file === "none" ? {} : { ca: options.file(file) };
}

/** None when nothing is said of them, which leaves the usual ones; an empty list for `none`. */
function identitiesOf(options: Reader): Common {
  const said = ["", "2"].map((which) => ({
    cert: options.take(`crt_file${which}`, ""),
    key: options.take(`key_file${which}`, ""),
    password: options.take(`key_pwd${which}`, ""),
  }));
  if (said.every(({ cert, key }) => cert === "" && key === "")) return {};
  const identities = said
    .filter(({ cert }) => cert !== "" && cert !== "none")
    .map(({ cert, key, password }) => ({
      ...{ cert: options.file(cert), key: options.file(key) },
      ...(password !== "" && { password }),
    }));
  return { identities };
}

function identityOf(options: Reader, cert: string, key: string): readonly Identity[] {
  return [{ cert: options.file(cert), key: options.file(key) }];
}

function pskOf(options: Reader): { psk?: { identity: string; key: Uint8Array } } {
  const identity = options.take("psk_identity", "Client_identity");
  const key = options.take("psk", "");
  return key === "" ? {} : { psk: { identity, key: Uint8Array.from(Buffer.from(key, "hex")) } };
}

/** One key, or instead of it a list of names and keys in turns. */
function serverPskOf(options: Reader): Pick<ServerOptions, "psk"> {
  const { psk } = pskOf(options);
  const list = options.take("psk_list", "").split(",");
  if (list.length === 1) return psk === undefined ? {} : { psk };
  const keys = new Map<string, Uint8Array>();
  for (let i = 0; i + 1 < list.length; i += 2) keys.set(list[i]!, Uint8Array.from(Buffer.from(list[i + 1]!, "hex")));
  return { psk: (identity) => keys.get(new TextDecoder().decode(identity)) ?? null };
}

/** For tickets and for the cache. */
function lifetimeOf(options: Reader): Pick<ServerOptions, "sessionTimeout"> {
  const seconds = options.count("ticket_timeout") ?? options.count("cache_timeout");
  if (seconds === null) return {};
  if (seconds < 1 || seconds > 604_800) throw new NotOurs(`a session for ${seconds} seconds`);
  return { sessionTimeout: seconds };
}

/** Name, certificate, key, authorities, revocation list and mode, over and over; a hyphen for none. */
function hostsOf(options: Reader, own: ServerOptions): Record<string, SSLContext> | null {
  const fields = options.take("sni", "").split(",");
  if (fields.length === 1) return null;
  const hosts: Record<string, SSLContext> = {};
  for (let i = 0; i < fields.length; i += 6) {
    const [name, cert, key, ca, crl, mode] = fields.slice(i, i + 6) as [string, string, string, string, string, string];
    hosts[name] = SSLContext.server({
      ...own,
      identities: identityOf(options, cert, key),
      ...(ca !== "-" && { ca: options.file(ca) }),
      ...(crl !== "-" && { crls: options.file(crl) }),
      ...(mode !== "-" && { verifyMode: mode as "none" }),
    });
  }
  return hosts;
}
