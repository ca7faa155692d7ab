// Owns `wanttls serve`: accepting connections, one conversation for each, and when to stop.
import {
  generateSelfSigned,
  type NonBlockingTransport,
  type SelfSigned,
  select,
  type SSLContext,
  type SSLSocket,
} from "../index.ts";
import type { Listening } from "../stream/listener.ts";
import type { ServeArguments } from "./arguments.ts";
import { serverContext } from "./contexts.ts";
import { shakeHands } from "./handshake.ts";
import { pipeStdio } from "./pipe.ts";
import { withProgress } from "./progress.ts";
import { report } from "./report.ts";
import { listenOn, type Runtime } from "./runtime.ts";
import { afterPlaintext, agreeToTls } from "./starttls/index.ts";
import { traceLines } from "./trace/lines.ts";
import { serveFile } from "./www.ts";

/** Serves until the process ends, or one connection with `--once`; that one's failure is thrown. */
export async function serve(args: ServeArguments, runtime: Runtime): Promise<void> {
  const identity = args.cert === null && args.pfx === null ? ownIdentity() : null;
  using context = serverContext(
    args,
    runtime,
    identity,
    args.trace ? traceLines(console.error, !args.once) : undefined,
  );
  let listener: Listening | null = null;
  const first = new Promise<void>((resolve, reject) => {
    let count = 0;
    const accept = (transport: NonBlockingTransport): void => {
      count += 1;
      if (args.once && count > 1) return transport.abort();
      listener?.close();
      const conversation = converse(args, context, transport);
      if (args.once) conversation.then(resolve, reject);
      else conversation.catch(tell(count));
    };
    listenOn(runtime, args.host, args.port, accept).then((opened) => {
      if (args.once) listener = opened;
      console.error(`listening on ${hostText(args.host)}:${opened.port}`);
    }, reject);
  });
  await first;
}

/** Its certificate is told, as nobody could trust it otherwise. */
function ownIdentity(): SelfSigned {
  const identity = generateSelfSigned();
  console.error(`no --cert: made a certificate for localhost, valid for 30 days\n${identity.cert.trim()}`);
  return identity;
}

async function converse(args: ServeArguments, context: SSLContext, transport: NonBlockingTransport): Promise<void> {
  if (args.starttls !== null) await agreeToTls(transport, args.starttls, { timeoutMs: args.timeoutMs });
  using socket = context.wrapSocket(transport);
  await afterPlaintext(args.starttls, "the client", () => shakeHands(socket, args.timeoutMs));
  report(socket, args.report);
  if (args.service === "pipe") await withProgress(args.progress, (traffic) => pipeStdio(socket, traffic));
  else if (args.service === "www") await serveFile(socket, args.www, args.timeoutMs);
  else await echo(socket);
}

/** Sends back what comes. Nothing more is received before all of it is sent, so memory does not grow. */
async function echo(socket: SSLSocket): Promise<void> {
  const received = new Uint8Array(16 * 1024);
  for (;;) {
    const result = socket.tryRecv(received);
    if (result.kind === "eof") return;
    if (result.kind === "ok") await socket.sendAll(received.subarray(0, result.n));
    else if (result.want === "write") await select([], [socket]);
    else await select([socket], []);
  }
}

/** The failure of one connection is no failure of the server. */
function tell(count: number): (error: unknown) => void {
  return (error) =>
    console.error(`wanttls: connection ${count}: ${error instanceof Error ? error.message : String(error)}`);
}

function hostText(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
