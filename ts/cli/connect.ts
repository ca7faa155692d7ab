// Owns `wanttls connect`: from the command line to a connection that is joined with stdin and stdout.
import { type Bytes, SSLContext, wrapSocket } from "../index.ts";
import type { ConnectArguments } from "./arguments.ts";
import { readNamedFile, systemCertificates } from "./files.ts";
import { finishHandshake } from "./handshake.ts";
import { pipeStdio } from "./pipe.ts";
import { report } from "./report.ts";
import { connectTo, type Runtime } from "./runtime.ts";

/** Resolves when the connection is over and all went well. */
export async function connect(args: ConnectArguments, runtime: Runtime): Promise<void> {
  using context = await contextOf(args);
  const transport = await connectTo(runtime, args.host, args.port, args.timeoutMs);
  using socket = wrapSocket(context, transport, { serverHostname: args.servername });
  await finishHandshake(socket, args.timeoutMs);
  report(socket, args.report);
  await pipeStdio(socket);
}

async function contextOf(args: ConnectArguments): Promise<SSLContext> {
  const { cert, key, password, alpn, minVersion, maxVersion } = args;
  const identity = cert !== null && key !== null ? identityOf(cert, key, password) : [];
  const common = { alpn, minVersion, maxVersion, identities: identity };
  if (args.insecure) return SSLContext.client({ ...common, verifyMode: "none" });
  const ca = args.ca.length > 0 ? args.ca.map(readNamedFile) : await systemCertificates();
  return SSLContext.client({ ...common, ca });
}

/** What a context takes as `identities`, from files. */
export function identityOf(
  cert: string,
  key: string,
  password: string | null,
): { cert: Bytes; key: Bytes; password?: string }[] {
  const files = { cert: readNamedFile(cert), key: readNamedFile(key) };
  return [password === null ? files : { ...files, password }];
}
