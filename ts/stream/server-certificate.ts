// Owns fetching the certificate of a server, over whatever a runtime connects with. Refuses to know runtimes.
import { SSLContext } from "../socket/ssl-context.ts";
import type { NonBlockingTransport } from "../socket/transport.ts";
import { type ClientOptions, derCertToPem, SSLError } from "../ssl/index.ts";
import { connectOver } from "./connect.ts";

/** Options of `getServerCertificate`; those of a client context, and these. */
export interface ServerCertificateOptions extends ClientOptions {
  /** The name to ask for and to verify, when it is not the host. */
  readonly serverHostname?: string;
  /** For connecting and the handshake together, in milliseconds. Default 30 seconds. */
  readonly timeoutMs?: number;
}

/** The server's own certificate as PEM. Nothing is verified unless the options say whom to trust. */
export async function fetchServerCertificate(
  hostname: string,
  port: number,
  open: (signal: AbortSignal) => Promise<NonBlockingTransport>,
  { serverHostname = hostname, timeoutMs = 30_000, ...given }: ServerCertificateOptions,
): Promise<string> {
  const verifyMode = given.ca === undefined && given.trust === undefined ? "none" : "required";
  using context = SSLContext.client({ verifyMode, ...given });
  const where = { hostname, port, serverHostname, context, handshakeTimeout: timeoutMs };
  await using tls = await connectOver(open, where);
  const [certificate] = tls.socket.getUnverifiedChain();
  if (certificate === undefined) throw new SSLError("Cannot get the certificate of the server: it did not send any");
  return derCertToPem(certificate);
}
