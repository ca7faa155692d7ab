// Owns `wanttls trace`: from the command line to a picture of one handshake, also of one that fails.
import { writeFileSync } from "node:fs";
import { select, type SSLContext, SSLEOFError, type SSLSocket, SSLSyscallError, type TraceEvent } from "../../index.ts";
import { shakeHands } from "../handshake.ts";
import { fileTrouble } from "../../ssl/system-trust.ts";
import { type TraceArguments, UsageError } from "../arguments.ts";
import { reach } from "../connect.ts";
import { clientContext } from "../contexts.ts";
import { report } from "../report.ts";
import type { Runtime } from "../runtime.ts";
import { afterPlaintext } from "../starttls/index.ts";
import { StandardOutput } from "../stdio.ts";
import { htmlOf } from "./html.ts";
import { traceLines } from "./lines.ts";
import type { Story } from "./rows.ts";
import { svgOf } from "./svg.ts";

/** How long a server may take to close, and to send tickets before: some never do. */
const CLOSING_MS = 1000;

/** Resolves when the picture is written; throws what the handshake ended with after that. */
export async function trace(args: TraceArguments, runtime: Runtime): Promise<void> {
  const events: TraceEvent[] = [];
  const print = args.trace ? traceLines(console.error, false) : undefined;
  using context = clientContext(args, runtime, (event, connection) => {
    events.push(event);
    print?.(event, connection);
  });
  const failure = await converse(args, context, runtime);
  const server = args.host.includes(":") ? `[${args.host}]:${args.port}` : `${args.host}:${args.port}`;
  await write(args, { server, events, failure: failure?.message ?? null });
  if (failure !== null) throw failure;
}

/** The error with which the connection ended, null when all went well. Throws when there is no connection at all. */
async function converse(args: TraceArguments, context: SSLContext, runtime: Runtime): Promise<Error | null> {
  const transport = await reach(args, runtime);
  using socket = context.wrapSocket(transport, { serverHostname: args.servername });
  try {
    await afterPlaintext(args.starttls, args.host, () => shakeHands(socket, args.timeoutMs));
    report(socket, args.report);
    await close(socket);
    return null;
  } catch (error) {
    return error as Error;
  }
}

/** A server that refuses the client's certificate in TLS 1.3 says so only now. How it goes away is of no interest. */
async function close(socket: SSLSocket): Promise<void> {
  socket.shutdownWrite();
  const received = new Uint8Array(16 * 1024);
  const end = performance.now() + CLOSING_MS;
  try {
    for (let left = CLOSING_MS; left > 0; left = end - performance.now()) {
      const result = socket.tryRecv(received);
      if (result.kind === "eof") return;
      if (result.kind === "want") await select([socket], result.want === "write" ? [socket] : [], [], left);
    }
  } catch (error) {
    if (!(error instanceof SSLEOFError || error instanceof SSLSyscallError)) throw error;
  }
}

async function write({ form, output }: TraceArguments, story: Story): Promise<void> {
  const text = form === "html" ? htmlOf(story) : svgOf(story);
  if (output === null) {
    const stdout = new StandardOutput();
    stdout.write(new TextEncoder().encode(text));
    return stdout.flush();
  }
  try {
    writeFileSync(output, text);
  } catch (error) {
    throw new UsageError(`Cannot write ${output}: ${fileTrouble(error)}`);
  }
}
