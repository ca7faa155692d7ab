// Where systems keep the certificates that they trust, and in which order to look. Owns no file access: a runtime says how
// to read, what its environment is, and which certificates it knows by itself.
import { SSLConfigError } from "../engine/errors.ts";
import type { Bytes } from "./bytes.ts";
import { pemTextOf } from "./pem.ts";

/** What a runtime gives to the search. */
export interface TrustSources {
  /** As Node names it: `"linux"`, `"darwin"`, `"win32"`, ... */
  readonly platform: string;
  /** The runtime's own variable that names a file with more certificates to trust. */
  readonly extraVariable: string;
  env(name: string): string | undefined;
  /** Throws when it cannot be read. */
  readFile(path: string): Bytes;
  /** The names in it. Throws when it cannot be read. */
  readDirectory(path: string): readonly string[];
  /** What the runtime itself finds in the operating system, PEM each; empty or an error when it cannot. */
  systemCertificates(): readonly string[];
}

/** Python's `DefaultVerifyPaths`. */
export interface DefaultVerifyPaths {
  /** The file with trusted certificates: the one that the environment names, or the system's; null when there is none. */
  readonly cafile: string | null;
  /** The directory with trusted certificates, one per file, in the same way. */
  readonly capath: string | null;
  /** The variable that names another file. */
  readonly opensslCafileEnv: "SSL_CERT_FILE";
  /** The file without such a variable, whether or not it exists. */
  readonly opensslCafile: string;
  readonly opensslCapathEnv: "SSL_CERT_DIR";
  readonly opensslCapath: string;
}

/** What the system trusts, as PEM. Throws SSLConfigError, which says where it was looked for. */
export function systemTrust(sources: TrustSources): string {
  const text = namedByEnvironment(sources) ?? ofOperatingSystem(sources);
  const extra = variable(sources, sources.extraVariable);
  return extra === null ? text : `${text}\n${namedFile(sources, sources.extraVariable, extra)}`;
}

/** The roots that came with the runtime, as PEM. Throws SSLConfigError when none did. */
export function mozillaTrust(certificates: () => readonly string[]): string {
  const refuse = (why: string, cause?: unknown): SSLConfigError => {
    const options = { reason: "NO_MOZILLA_TRUST", library: "X509", cause } as const;
    return new SSLConfigError(`Cannot find the certificates that Mozilla trusts: ${why}`, options);
  };
  let text;
  try {
    text = certificates().join("\n"); // Deno's list is made when it is first looked at
  } catch (cause) {
    throw refuse(fileTrouble(cause), cause);
  }
  if (text === "") throw refuse("this runtime was built without them");
  return text;
}

/** Where certificates are looked for by default. */
export function defaultVerifyPaths(sources: TrustSources): DefaultVerifyPaths {
  const isFile = (path: string): boolean => attempt(() => sources.readFile(path)) !== null;
  const isDirectory = (path: string): boolean => attempt(() => sources.readDirectory(path)) !== null;
  const opensslCafile = bundles.find(isFile) ?? bundles[0]!;
  const opensslCapath = directories.find(isDirectory) ?? directories[0]!;
  const cafile = variable(sources, "SSL_CERT_FILE") ?? opensslCafile;
  const capath = variable(sources, "SSL_CERT_DIR") ?? opensslCapath;
  return {
    cafile: isFile(cafile) ? cafile : null,
    capath: isDirectory(capath) ? capath : null,
    opensslCafileEnv: "SSL_CERT_FILE",
    opensslCafile,
    opensslCapathEnv: "SSL_CERT_DIR",
    opensslCapath,
  };
}

/** Debian and Alpine, Fedora, openSUSE, older and newer Red Hat; BSDs and macOS; FreeBSD's package, NetBSD. */
const bundles: readonly string[] = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/pki/tls/cacert.pem",
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
  "/etc/ssl/cert.pem",
  "/usr/local/etc/ssl/cert.pem",
  "/usr/local/share/certs/ca-root-nss.crt",
  "/etc/openssl/certs/ca-certificates.crt",
];

/** The same systems, FreeBSD twice, and Android. */
const directories: readonly string[] = [
  "/etc/ssl/certs",
  "/etc/pki/tls/certs",
  "/usr/share/certs/trusted",
  "/usr/local/share/certs",
  "/etc/openssl/certs",
  "/system/etc/security/cacerts",
];

/** Null when the environment names nothing. What it names is all that counts, so that it can also take trust away. */
function namedByEnvironment(sources: TrustSources): string | null {
  const [file, directory] = [variable(sources, "SSL_CERT_FILE"), variable(sources, "SSL_CERT_DIR")];
  if (file === null && directory === null) return null;
  const texts = file === null ? [] : [namedFile(sources, "SSL_CERT_FILE", file)];
  const separator = sources.platform === "win32" ? ";" : ":";
  for (const path of directory?.split(separator) ?? []) texts.push(attempt(() => inDirectory(sources, path)) ?? "");
  const text = texts.join("\n");
  if (hasCertificate(text)) return text;
  throw unusable(`the directory ${directory} that SSL_CERT_DIR names holds no certificate`);
}

function namedFile(sources: TrustSources, name: string, path: string): string {
  let text;
  try {
    text = textOf(sources, path);
  } catch (cause) {
    throw unusable(`the file ${path} that ${name} names cannot be read: ${fileTrouble(cause)}`, cause);
  }
  if (hasCertificate(text)) return text;
  throw unusable(`the file ${path} that ${name} names has no CERTIFICATE block`);
}

/** macOS and Windows keep certificates where only system calls reach; elsewhere files are the usual place. */
function ofOperatingSystem(sources: TrustSources): string {
  const { platform } = sources;
  const tried: string[] = [];
  const places = platform === "win32" ? [] : placesIn(sources);
  const byRuntime: Place = ["the operating system through this runtime", () => sources.systemCertificates().join("\n")];
  const filesFirst = platform !== "darwin" && platform !== "win32";
  for (const [name, read] of filesFirst ? [...places, byRuntime] : [byRuntime, ...places]) {
    try {
      const text = read();
      if (hasCertificate(text)) return text;
      tried.push(`${name} (no certificate)`);
    } catch (error) {
      tried.push(`${name} (${fileTrouble(error)})`);
    }
  }
  const message = `Cannot find the certificates that the system trusts: tried ${tried.join(", ")}`;
  throw new SSLConfigError(`${message}; SSL_CERT_FILE may name a file`, { reason: "NO_SYSTEM_TRUST", library: "X509" });
}

type Place = readonly [name: string, read: () => string];

function placesIn(sources: TrustSources): Place[] {
  return [
    ...bundles.map((path): Place => [path, () => textOf(sources, path)]),
    ...directories.map((path): Place => [path, () => inDirectory(sources, path)]),
  ];
}

/**
 * The files of a directory in OpenSSL's form: those named by the hash of a subject, which `openssl rehash` makes, are all
 * that counts when there is one; else any file.
 */
function inDirectory(sources: TrustSources, path: string): string {
  const names = sources.readDirectory(path);
  const hashed = names.filter((name) => /^[0-9a-f]{8}\.\d+$/.test(name));
  const read = (name: string): string => attempt(() => textOf(sources, `${path}/${name}`)) ?? "";
  return (hashed.length > 0 ? hashed : names).map(read).join("\n");
}

function textOf(sources: TrustSources, path: string): string {
  return pemTextOf(sources.readFile(path), path);
}

/** A variable that is empty is as good as none. */
function variable(sources: TrustSources, name: string): string | null {
  const value = sources.env(name) ?? "";
  return value === "" ? null : value;
}

function hasCertificate(text: string): boolean {
  return text.includes("-----BEGIN CERTIFICATE-----") || text.includes("-----BEGIN X509 CERTIFICATE-----");
}

function unusable(why: string, cause?: unknown): SSLConfigError {
  const options = { reason: "BAD_SYSTEM_TRUST", library: "X509", cause } as const;
  return new SSLConfigError(`Cannot use the certificates that the system trusts: ${why}`, options);
}

function attempt<T>(act: () => T): T | null {
  try {
    return act();
  } catch {
    return null;
  }
}

/** Why a file or a directory cannot be used, in the same words on every runtime. */
export function fileTrouble(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const permission = /run again with the (--allow-\w+) flag/.exec(error.message)?.[1];
  if (permission !== undefined) return `Deno needs ${permission} for it`;
  return troubles[(error as Error & { code?: string }).code ?? ""] ?? error.message;
}

const troubles: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  ENOTDIR: "it is no directory",
  EISDIR: "it is a directory",
  EACCES: "permission denied",
  EROFS: "the file system cannot be written",
};
