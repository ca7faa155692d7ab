// A TLS peer over loopback with Deno's own TLS: listenTls as a server that echoes, fetch as a client, as connectTls shares
// no sessions. Same arguments and events as peer.py in test/support; Deno does not say what was resumed. The client asks
// for a page, which must come with "Connection: close". Knows nothing of wanttls.
import { parseArgs } from "node:util";

const { values: options, positionals } = parseArgs({
  args: Deno.args,
  allowPositionals: true,
  options: {
    mode: { type: "string", default: "echo" },
    port: { type: "string", default: "0" },
    bytes: { type: "string" },
    count: { type: "string", default: "0" },
    connections: { type: "string", default: "1" },
    version: { type: "string" },
    cert: { type: "string" },
    key: { type: "string" },
    ca: { type: "string" },
    name: { type: "string", default: "localhost" },
    verify: { type: "boolean", default: false },
  },
});

try {
  await (positionals[0] === "server" ? serve() : join());
} catch (error) {
  fail(error);
  Deno.exit(1);
}

async function serve(): Promise<void> {
  const [cert, key] = [Deno.readTextFileSync(options.cert ?? ""), Deno.readTextFileSync(options.key ?? "")];
  using listener = Deno.listenTls({ hostname: "127.0.0.1", port: Number(options.port), cert, key });
  say("ready", listener.addr.port);
  let left = Number(options.count) || Infinity;
  for await (const connection of listener) {
    await answer(connection).catch(fail);
    left -= 1;
    if (left === 0) break;
  }
}

async function answer(connection: Deno.TlsConn): Promise<void> {
  const { alpnProtocol: alpn } = await connection.handshake();
  say("connected", { version: null, cipher: null, alpn, peer: null, resumed: null });
  let received = 0;
  const buffer = new Uint8Array(16384);
  for (let length; (length = await connection.read(buffer)) !== null; received += length) {
    for (let sent = 0; sent < length;) sent += await connection.write(buffer.subarray(sent, length));
  }
  connection.close();
  say("done", { received });
}

async function join(): Promise<void> {
  const caCerts = options.ca === undefined ? [] : [Deno.readTextFileSync(options.ca)];
  using client = Deno.createHttpClient({ caCerts, poolMaxIdlePerHost: 0 });
  const by: RequestInit & { readonly client: Deno.HttpClient } = { client };
  for (let left = Number(options.connections); left > 0; left--) {
    const response = await fetch(`https://${options.name}:${options.port}/`, by);
    const { length } = await response.bytes();
    say("connected", { version: null, cipher: null, alpn: null, peer: null, resumed: null });
    say("done", { received: length });
  }
}

function fail(error: unknown): void {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  say("failed", { type: name, reason: null, text: message });
}

function say(event: string, value: unknown): void {
  Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify({ [event]: value }) + "\n"));
}
