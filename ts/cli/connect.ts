// Owns `wanttls connect`: from the command line to a connection that is joined with stdin and stdout.
import type { NonBlockingTransport } from "../index.ts";
import { toHostName } from "../ssl/names.ts";
import type { ConnectArguments } from "./arguments.ts";
import { clientContext } from "./contexts.ts";
import { shakeHands } from "./handshake.ts";
import { pipeStdio } from "./pipe.ts";
import { withProgress } from "./progress.ts";
import { report } from "./report.ts";
import { connectTo, type Runtime } from "./runtime.ts";
import { afterPlaintext, askForTls } from "./starttls/index.ts";
import { traceLines } from "./trace/lines.ts";

/** Resolves when the connection is over and all went well. */
export async function connect(args: ConnectArguments, runtime: Runtime): Promise<void> {
  using context = clientContext(args, runtime, args.trace ? traceLines(console.error, false) : undefined);
  const transport = await reach(args, runtime);
  using socket = context.wrapSocket(transport, { serverHostname: args.servername });
  await afterPlaintext(args.starttls, args.host, () => shakeHands(socket, args.timeoutMs));
  report(socket, args.report);
  await withProgress(args.progress, (traffic) => pipeStdio(socket, traffic));
}

/** A connection to the server, on which the handshake can begin. None is made for a name that TLS cannot ask for. */
export async function reach(
  { host, port, servername, starttls, timeoutMs }: Omit<ConnectArguments, "command">,
  runtime: Runtime,
): Promise<NonBlockingTransport> {
  toHostName(servername, "--servername");
  const transport = await connectTo(runtime, host, port, timeoutMs);
  if (starttls !== null) await askForTls(transport, starttls, { host, domain: servername, timeoutMs });
  return transport;
}
