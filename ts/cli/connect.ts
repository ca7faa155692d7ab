// Owns `wanttls connect`: from the command line to a connection that is joined with stdin and stdout.
import type { ConnectArguments } from "./arguments.ts";
import { clientContext } from "./contexts.ts";
import { finishHandshake } from "../socket/finish-handshake.ts";
import { pipeStdio } from "./pipe.ts";
import { report } from "./report.ts";
import { connectTo, type Runtime } from "./runtime.ts";
import { traceLines } from "./trace/lines.ts";

/** Resolves when the connection is over and all went well. */
export async function connect(args: ConnectArguments, runtime: Runtime): Promise<void> {
  using context = clientContext(args, runtime, args.trace ? traceLines(console.error, false) : undefined);
  const transport = await connectTo(runtime, args.host, args.port, args.timeoutMs);
  using socket = context.wrapSocket(transport, { serverHostname: args.servername });
  await finishHandshake(socket, args.timeoutMs);
  report(socket, args.report);
  await pipeStdio(socket);
}
