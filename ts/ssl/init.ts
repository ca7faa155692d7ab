// Getting ready ahead of the first connection: the module is loaded, and on request everything that a handshake runs has run once.
import { type GivenModule, prepareRealm } from "../engine/realms.ts";
import { checkOptionNames } from "./bytes.ts";
import { generateSelfSigned } from "./identity/self-signed.ts";
import { MemoryBIO } from "./memory-bio.ts";
import { SSLContext } from "./ssl-context.ts";

export interface InitOptions {
  /**
   * The wasm module to run instead of the embedded one, for the whole process: compiled, its bytes, a URL or a Response of
   * `wanttls/wanttls.wasm`. Needed where a runtime refuses to compile from bytes. It is trusted with every secret there is.
   */
  readonly wasm?: GivenModule;
  /**
   * Runs a handshake in memory, so that the first real one finds code that is compiled. It takes as long as that saves,
   * without a pause, and is for programs that have the time before they listen or while they wait. Default false.
   */
  readonly warmUp?: boolean;
}

/**
 * Gets ready ahead of the first connection: compiles the wasm module without blocking, or takes another one than the embedded.
 *
 * Nobody has to call it on Node, Deno and Bun, where the first use compiles what is embedded. Called again it resolves at once; the
 * module is settled by the first call or the first use, whichever comes first.
 *
 * Throws SSLConfigError when the module cannot be loaded, compiled or used, or for a wrong option, and SSLStateError when another
 * module is in use or on its way. Whoever uses wanttls while a given module still loads gets an SSLStateError, too.
 *
 * @example
 * await init(); // compiles beside other work
 * await init({ wasm: fetch(new URL("wanttls.wasm", import.meta.url)) });
 */
export async function init(options: InitOptions = {}): Promise<void> {
  checkOptionNames(options, ["wasm", "warmUp"], "init()");
  await prepareRealm(options.wasm);
  if (options.warmUp === true) warmUp();
}

/** One connection over TLS 1.3 with itself, from the key to the end. */
function warmUp(): void {
  const identity = generateSelfSigned({ names: [peer] });
  const clients = SSLContext.client({ ca: identity.cert });
  const servers = SSLContext.server({ identities: [identity] });
  const [toServer, toClient] = [new MemoryBIO(), new MemoryBIO()];
  const client = clients.wrapBio(toClient, toServer, { serverHostname: peer });
  const server = servers.wrapBio(toServer, toClient);
  try {
    while (![client, server].map((end) => end.tryHandshake().kind).every((kind) => kind === "ok"));
    client.write(new Uint8Array(record));
    server.readInto(new Uint8Array(record));
  } finally {
    for (const one of [client, server, clients, servers]) one.dispose();
  }
}

const peer = "localhost";
const record = 16_384;
