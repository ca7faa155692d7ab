// Owns reading the files that the command line names, and finding the certificates that the system trusts.
import { existsSync, readFileSync } from "node:fs";
import process from "node:process";
import { TrustStore } from "../index.ts";
import { UsageError } from "./arguments.ts";

/** The content of a file that the command line names. Throws `UsageError`. */
export function readNamedFile(path: string): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(readFileSync(path));
  } catch (error) {
    throw new UsageError(`Cannot read ${path}: ${reasonOf(error as NodeJS.ErrnoException)}`);
  }
}

/** The certificates to trust when the command line names none; odd ones among them do no harm. */
export async function systemTrust(): Promise<TrustStore> {
  const named = process.env["SSL_CERT_FILE"];
  if (named !== undefined && named !== "") return TrustStore.fromPem(readNamedFile(named));
  const bundle = bundles.find((path) => existsSync(path));
  if (bundle !== undefined) return TrustStore.fromPem(readNamedFile(bundle));
  const { rootCertificates } = await import("node:tls");
  if (rootCertificates.length > 0) return TrustStore.fromPem(rootCertificates.join("\n"));
  throw new UsageError("Cannot verify the server: this system has no certificates to trust; name some with --ca");
}

/** Where the usual systems keep them: Debian, Fedora, openSUSE, Alpine and macOS, FreeBSD. */
const bundles: readonly string[] = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/ssl/cert.pem",
  "/usr/local/share/certs/ca-root-nss.crt",
];

function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  return code === undefined ? message : (reasons[code] ?? message);
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EISDIR: "it is a directory",
  EACCES: "permission denied",
};
