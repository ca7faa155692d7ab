// @mercuryworkshop/epoxy-tls (rustls in wasm) as the benchmark drives it. Its streams come through a Wisp server, usually behind a
// WebSocket; wisp.ts is one in this process.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { runtime } from "../../support/runtimes.ts";
import type { ClientSide, Dialer, Link } from "../sockets/contender.ts";
import { bulkSuites, certificatesFor, serverName, type Setup } from "../setup.ts";
import { load } from "./load.ts";
import type { Rival } from "./rival.ts";
import { wispTransport } from "./wisp.ts";

interface Epoxy {
  readonly default: () => Promise<void>;
  readonly EpoxyClient: new (
    transport: typeof wispTransport,
    options: Options,
  ) => {
    readonly connect_tls: (url: string) => Promise<Stream>;
  };
  readonly EpoxyClientOptions: new () => Options;
}

interface Options {
  pem_files: readonly string[];
}

/** Web Streams, of which no more is used. */
interface Stream {
  readonly read: { readonly getReader: () => Reader };
  readonly write: WritableStream<Uint8Array>;
}

interface Reader {
  readonly read: () => Promise<{ readonly value?: Uint8Array }>;
  readonly cancel: () => Promise<void>;
}

const packageName = "@mercuryworkshop/epoxy-tls";

export const epoxy: Rival = {
  name: "epoxy-tls",
  about:
    "rustls in wasm, behind a Wisp server in the same process (Deno does not load its import of a data: URL, unless that is loaded before, which is done here)",
  async load() {
    if (runtime === "deno") await loadInlined();
    const module = await load<Epoxy>(packageName);
    await module.default();
    globalThis.Request = BrowserRequest as unknown as typeof Request;
    return sideOf(module);
  },
};

/**
 * It begins with the import of a module in a data: URL. Deno loads no such thing for a package of npm ("Loading unprepared module"),
 * but takes what was loaded before.
 */
async function loadInlined(): Promise<void> {
  const source = readFileSync(fileURLToPath(import.meta.resolve(packageName)), "latin1");
  const inlined = /^import [^']+ from '(data:[^']+)'/.exec(source)?.[1];
  if (inlined !== undefined) await load(inlined);
}

/** It is made for pages, where a Request without an address has that of the page, and makes one of whatever is sent. */
class BrowserRequest extends Request {
  constructor(input: string, init?: RequestInit) {
    super(input === "" ? `https://${serverName}` : input, init);
  }
}

function sideOf(module: Epoxy): ClientSide {
  return { dialer: (setup) => dialerOf(module, setup) };
}

function dialerOf({ EpoxyClient, EpoxyClientOptions }: Epoxy, setup: Setup): Dialer {
  if (!Object.values(bulkSuites).includes(setup.suite)) throw new Error("it is driven with TLS 1.3 only");
  const options = new EpoxyClientOptions();
  options.pem_files = [certificatesFor(setup).ca];
  const client = new EpoxyClient(wispTransport, options);
  const dial = async (port: number): Promise<Link> => {
    const { read, write } = await client.connect_tls(`https://${serverName}:${port}`);
    const link = linkOf(read.getReader(), write.getWriter());
    await link.receive(1);
    return link;
  };
  return { dial };
}

function linkOf(reader: Reader, writer: WritableStreamDefaultWriter<Uint8Array>): Link {
  return {
    resumed: null,
    async receive(count, see) {
      for (let left = count; left > 0;) {
        const { value } = await reader.read();
        if (value === undefined) throw new Error("the server has closed");
        see?.(value);
        left -= value.length;
      }
    },
    send: (bytes) => writer.write(bytes),
    close: () => void Promise.allSettled([writer.close(), reader.cancel()]), // does not settle until the peer closes too
  };
}
