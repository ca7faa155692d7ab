// Owns fetching the certificate of a server, over whatever a runtime connects with. Refuses to know runtimes.
import { type ClientOptions, derCertToPem, SSLError } from "../ssl/index.ts";
import { Deadline } from "./event-loop.ts";
import { finishHandshake } from "./finish-handshake.ts";
import { SSLContext } from "./ssl-context.ts";
import type { SSLSocket } from "./ssl-socket.ts";
import { openedBefore, TimeLimit } from "./time-limit.ts";
import type { NonBlockingTransport } from "./transport.ts";

/** Options of `getServerCertificate`; those of a client context, and these. */
export interface ServerCertificateOptions extends ClientOptions {
  /** The name to ask for and to verify, when it is not the host. */
  readonly serverHostname?: string;
  /** For connecting and the handshake together, in milliseconds. Default 30 seconds. */
  readonly timeoutMs?: number;
}

/** The server's own certificate as PEM. Nothing is verified unless the options say whom to trust. */
export async function fetchServerCertificate(
  host: string,
  connect: () => NonBlockingTransport | Promise<NonBlockingTransport>,
  options: ServerCertificateOptions,
): Promise<string> {
  const { serverHostname = host, timeoutMs = 30_000, ...given } = options;
  const deadline = new Deadline(timeoutMs);
  const verifyMode = given.ca === undefined && given.trust === undefined ? "none" : "required";
  using context = SSLContext.client({ verifyMode, ...given });
  using limit = new TimeLimit(timeoutMs, `Cannot connect to ${host}: no answer for ${timeoutMs / 1000} seconds`);
  using socket = wrap(context, await openedBefore(connect(), limit.signal), serverHostname);
  await finishHandshake(socket, deadline.left);
  const [certificate] = socket.getUnverifiedChain();
  if (certificate === undefined) throw new SSLError("Cannot get the certificate of the server: it did not send any");
  return derCertToPem(certificate);
}

/** A name that cannot be used leaves no connection behind. */
function wrap(context: SSLContext, transport: NonBlockingTransport, serverHostname: string): SSLSocket {
  try {
    return context.wrapSocket(transport, { serverHostname });
  } catch (error) {
    transport.abort();
    throw error;
  }
}
