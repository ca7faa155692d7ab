// Owns fetching the certificate of a server over a socket of Bun.
import { fetchServerCertificate, type ServerCertificateOptions } from "../stream/server-certificate.ts";
import { dial } from "./tcp.ts";

/**
 * The certificate of a server as PEM, like Python's `ssl.get_server_certificate`. It is not verified unless `ca` or `trust`
 * say whom to trust; then the name is verified too.
 *
 * Rejects with SSLSyscallError when the host cannot be reached, SSLTimeoutError after `timeoutMs`, and what a handshake throws.
 *
 * @example
 * const pem = await getServerCertificate("example.org", 443, { trust: TrustStore.system() });
 */
export function getServerCertificate(
  host: string,
  port: number,
  options: ServerCertificateOptions = {},
): Promise<string> {
  return fetchServerCertificate(host, port, (signal) => dial(host, port, signal), options);
}
