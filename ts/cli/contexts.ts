// Owns the step from the command line to a context: the files that it names are read, and what is wrong with one of them is
// said with its name.
import { type Bytes, SSLConfigError, SSLContext, type TrustStore } from "../index.ts";
import { type ConnectArguments, type ServeArguments, UsageError } from "./arguments.ts";
import { readNamedFile } from "./files.ts";
import type { Runtime } from "./runtime.ts";

/** Throws `UsageError` for files that cannot be read or used. */
export function clientContext(args: ConnectArguments, runtime: Runtime): SSLContext {
  const common = commonOptions(args, runtime);
  if (args.insecure) return named(args, () => SSLContext.client({ ...common, verifyMode: "none" }));
  if (args.ca.length === 0) return named(args, () => SSLContext.client({ ...common, trust: defaultTrust(runtime) }));
  const ca = args.ca.map(readNamedFile);
  return named(args, () => SSLContext.client({ ...common, ca }));
}

/** Throws `UsageError` for files that cannot be read or used. */
export function serverContext(args: ServeArguments, runtime: Runtime): SSLContext {
  const common = commonOptions(args, runtime);
  if (args.ca.length === 0) return named(args, () => SSLContext.server(common));
  const ca = args.ca.map(readNamedFile);
  return named(args, () => SSLContext.server({ ...common, ca, verifyMode: "required" }));
}

/** A small container has no certificates of its own; those of the runtime are as good there. */
function defaultTrust({ trust }: Runtime): TrustStore {
  try {
    return trust.system();
  } catch (error) {
    if (error instanceof SSLConfigError && error.reason === "NO_SYSTEM_TRUST") return trust.mozilla();
    throw error;
  }
}

type Arguments = ConnectArguments | ServeArguments;

interface CommonOptions extends Pick<Arguments, "alpn" | "minVersion" | "maxVersion"> {
  readonly onKeyLog: ((line: string) => void) | undefined;
  readonly identities: { readonly cert: Bytes; readonly key: Bytes; readonly password?: string }[];
}

/** As curl does, the command logs keys when SSLKEYLOGFILE names a file. */
function commonOptions(args: Arguments, runtime: Runtime): CommonOptions {
  const { alpn, minVersion, maxVersion, cert, key, password } = args;
  const common = { alpn, minVersion, maxVersion, onKeyLog: runtime.keyLogFile() };
  if (cert === null || key === null) return { ...common, identities: [] };
  const files = { cert: readNamedFile(cert), key: readNamedFile(key) };
  return { ...common, identities: [password === null ? files : { ...files, password }] };
}

/** A context's errors name its options; here the files, and the options of the command, that they came from are named. */
function named({ cert, key, ca }: Arguments, make: () => SSLContext): SSLContext {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof SSLConfigError)) throw error;
    const names: readonly (readonly [string, string | null])[] = [
      ["identities[0].cert", cert],
      ["identities[0].key", key],
      ["Cannot use alpn", "Cannot use --alpn"],
      ...ca.map((path, i) => [`ca[${i}]`, path] as const),
    ];
    const message = names.reduce((text, [option, name]) => text.replaceAll(option, name ?? option), error.message);
    throw new UsageError(message, { cause: error });
  }
}
