// nginx as it is started for a test: a server of https, and one of http that asks a server of https for what it is asked for.
// Owns its configuration; knows nothing of wanttls.
import { type CertName, certPath } from "../support/certs.ts";
import { Peer } from "../support/peers.ts";
import { Folder, type Listening, startOn } from "./programs.ts";

/** A running nginx. */
export class Nginx implements AsyncDisposable {
  readonly ports: readonly number[];
  readonly #folder: Folder;
  readonly #program: Peer;

  constructor({ ports, program }: Listening, folder: Folder) {
    this.ports = ports;
    this.#folder = folder;
    this.#program = program;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program.stop();
    this.#folder[Symbol.dispose]();
  }
}

/** Starts nginx with one `server` for each of the blocks, on a port of its own. `files` lie in its root. */
export async function startNginx(
  blocks: readonly ((port: number) => string)[],
  files: Readonly<Record<string, string>> = {},
): Promise<Nginx> {
  const folder = new Folder();
  for (const [name, content] of Object.entries(files)) folder.file(name, content);
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((kind) => `${kind}_temp_path ${folder.path}/${kind};`)
    .join(" ");
  const config = (ports: readonly number[]): string => {
    const servers = blocks.map((block, i) => `server { root ${folder.path}; ${block(ports[i]!)} }`).join("\n");
    return `daemon off; master_process off; pid ${folder.path}/pid; error_log stderr; events {}
    http { access_log off; ${temporary}
    ${servers} }`;
  };
  const start = (ports: readonly number[]): Peer =>
    new Peer("nginx", ["-p", folder.path, "-c", folder.file("nginx.conf", config(ports)), "-e", "stderr"]);
  try {
    return new Nginx(await startOn(blocks.length, start), folder);
  } catch (error) {
    folder[Symbol.dispose]();
    throw error;
  }
}

/** A server of https; `verify` is what nginx does with the certificates of clients. Its answers say what it has seen. */
export function httpsServer(identity: CertName, verify: "off" | "optional" | "on"): (port: number) => string {
  return (port) => `listen 127.0.0.1:${port} ssl;
    ssl_certificate ${certPath(identity, "chain")}; ssl_certificate_key ${certPath(identity, "key")};
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_verify_client ${verify}; ssl_client_certificate ${certPath("root", "cert")};
    location = / { return 200 "$ssl_protocol $ssl_client_verify $ssl_client_s_dn"; }`;
}

/** A server of http in front of one of https, to which it presents a certificate and whose own it verifies. */
export function proxyTo(target: number, identity: CertName): (port: number) => string {
  return (port) => `listen 127.0.0.1:${port};
    location / { proxy_pass https://127.0.0.1:${target};
    proxy_ssl_verify on; proxy_ssl_trusted_certificate ${certPath("root", "cert")}; proxy_ssl_protocols TLSv1.2 TLSv1.3;
    proxy_ssl_name localhost; proxy_ssl_server_name on;
    proxy_ssl_certificate ${certPath(identity, "chain")}; proxy_ssl_certificate_key ${certPath(identity, "key")}; }`;
}
