// Owns `wanttls connect`: from the command line to a connection that is joined with stdin and stdout.
import type { ConnectArguments } from "./arguments.ts";
import { clientContext } from "./contexts.ts";
import { finishHandshake } from "../socket/finish-handshake.ts";
import { pipeStdio } from "./pipe.ts";
import { withProgress } from "./progress.ts";
import { report } from "./report.ts";
import { connectTo, type Runtime } from "./runtime.ts";
import { afterPlaintext, askForTls } from "./starttls/index.ts";
import { traceLines } from "./trace/lines.ts";

/** Resolves when the connection is over and all went well. */
export async function connect(args: ConnectArguments, runtime: Runtime): Promise<void> {
  const { host, starttls, timeoutMs } = args;
  using context = clientContext(args, runtime, args.trace ? traceLines(console.error, false) : undefined);
  const transport = await connectTo(runtime, host, args.port, timeoutMs);
  if (starttls !== null) await askForTls(transport, starttls, { host, domain: args.servername, timeoutMs });
  using socket = context.wrapSocket(transport, { serverHostname: args.servername });
  await afterPlaintext(starttls, host, () => finishHandshake(socket, timeoutMs));
  report(socket, args.report);
  await withProgress(args.progress, (traffic) => pipeStdio(socket, traffic));
}
