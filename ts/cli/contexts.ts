// Owns the step from the command line to a context: the files that it names are read, and what is wrong with one of them is
// said with its name.
import { type Identity, SSLConfigError, SSLContext, type TraceListener, type TrustStore } from "../index.ts";
import { type ConnectArguments, type ServeArguments, type TraceArguments, UsageError } from "./arguments.ts";
import { readNamedFile } from "./files.ts";
import type { Runtime } from "./runtime.ts";

/** What is told of the connections goes to `onTrace`. Throws `UsageError` for files that cannot be read or used. */
export function clientContext(
  args: ConnectArguments | TraceArguments,
  runtime: Runtime,
  onTrace?: TraceListener,
): SSLContext {
  const common = { ...commonOptions(args, runtime), ...tracing(onTrace) };
  if (args.insecure) return named(args, () => SSLContext.client({ ...common, verifyMode: "none" }));
  if (args.ca.length === 0) return named(args, () => SSLContext.client({ ...common, trust: defaultTrust(runtime) }));
  const ca = args.ca.map(readNamedFile);
  return named(args, () => SSLContext.client({ ...common, ca }));
}

/** With `ownIdentity` when the command line names none. Throws `UsageError` for files that cannot be read or used. */
export function serverContext(
  args: ServeArguments,
  runtime: Runtime,
  ownIdentity: Identity | null,
  onTrace?: TraceListener,
): SSLContext {
  const common = { ...commonOptions(args, runtime, ownIdentity), ...tracing(onTrace) };
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

/** A handshake is over in a few milliseconds, so its times need parts of them. */
function tracing(onTrace: TraceListener | undefined): { onTrace?: TraceListener; now?: () => number } {
  return onTrace === undefined ? {} : { onTrace, now: () => performance.timeOrigin + performance.now() };
}

type Arguments = ConnectArguments | ServeArguments | TraceArguments;

interface CommonOptions extends Pick<Arguments, "alpn" | "minVersion" | "maxVersion"> {
  readonly onKeyLog: ((line: string) => void) | undefined;
  readonly identities: readonly Identity[];
}

/** As curl does, the command logs keys when SSLKEYLOGFILE names a file. */
function commonOptions(args: Arguments, runtime: Runtime, ownIdentity: Identity | null = null): CommonOptions {
  const { alpn, minVersion, maxVersion } = args;
  const identity = namedIdentity(args) ?? ownIdentity;
  return {
    alpn,
    minVersion,
    maxVersion,
    onKeyLog: runtime.keyLogFile(),
    identities: identity === null ? [] : [identity],
  };
}

function namedIdentity({ cert, key, pfx, password }: Arguments): Identity | null {
  const secret = password === null ? {} : { password };
  if (pfx !== null) return { pfx: readNamedFile(pfx), ...secret };
  if (cert === null || key === null) return null;
  return { cert: readNamedFile(cert), key: readNamedFile(key), ...secret };
}

/** A context's errors name its options; here the files, and the options of the command, that they came from are named. */
function named({ cert, key, pfx, ca }: Arguments, make: () => SSLContext): SSLContext {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof SSLConfigError)) throw error;
    const names: readonly (readonly [string, string | null])[] = [
      ["identities[0].cert", cert],
      ["identities[0].key", key],
      ["identities[0].pfx", pfx],
      ["Cannot use alpn", "Cannot use --alpn"],
      ...ca.map((path, i) => [`ca[${i}]`, path] as const),
    ];
    const message = names.reduce((text, [option, name]) => text.replaceAll(option, name ?? option), error.message);
    throw new UsageError(message, { cause: error });
  }
}
