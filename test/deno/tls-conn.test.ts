// Programs that know Deno's own TLS connections, run over one of Deno and over one of wanttls.
import process from "node:process";
import { afterAll, describe, expect, it } from "vitest";
import { connect, listen, toTlsConn } from "../../ts/deno/index.ts";
import { SSLContext, SSLEOFError, SSLStateError, startTls } from "../../ts/index.ts";
import { memoryTransportPair } from "../../ts/socket/memory-transport.ts";
import { certs } from "../support/certs.ts";
import { pattern } from "../support/conversation.ts";
import { concat } from "../socket/moving.ts";
import { run } from "../cli/command.ts";
import { Peer } from "../support/peers.ts";

const { chain: cert, key } = certs.localhost;
const server = SSLContext.server({ identities: [{ cert, key }], numTickets: 0, alpn: ["echo/1"] });
const client = SSLContext.client({ ca: certs.root.cert, alpn: ["echo/1"] });
afterAll(() => [server, client].forEach((context) => context.dispose()));

type Ends = [Deno.TlsConn, Deno.TlsConn];

/** Client and server end: one of Deno's own, and the other of wanttls. */
const ends: Readonly<Record<string, () => Promise<Ends>>> = {
  async "wanttls connects to Deno"() {
    using listener = Deno.listenTls({ hostname: "127.0.0.1", port: 0, cert, key, alpnProtocols: ["echo/1"] });
    const { port } = listener.addr;
    const accepted = listener.accept();
    const ours = connect({ hostname: "127.0.0.1", port, context: client, serverHostname: "localhost" });
    const theirs = await accepted;
    await theirs.handshake();
    return [toTlsConn(await ours), theirs];
  },
  async "Deno connects to wanttls"() {
    await using listener = await listen({ port: 0, context: server });
    const options = {
      hostname: "127.0.0.1",
      port: listener.port,
      caCerts: [certs.root.cert],
      alpnProtocols: ["echo/1"],
    };
    const theirs = await Deno.connectTls(options);
    await theirs.handshake();
    return [theirs, toTlsConn((await listener.accept())!)];
  },
};

for (const [name, open] of Object.entries(ends)) {
  describe(`Deno.TlsConn: ${name}`, () => {
    it("reads and writes both ways at once, and ends each direction on its own", async () => {
      const conns = await open();
      const bytes = [pattern(300_000), pattern(200_000)] as const;
      const [atServer, atClient] = await Promise.all([
        readAll(conns[1]),
        readAll(conns[0]),
        writeAll(conns[0], bytes[0]).then(() => conns[0].closeWrite()),
        writeAll(conns[1], bytes[1]).then(() => conns[1].closeWrite()),
      ]);
      expect(atServer).toEqual(bytes[0]);
      expect(atClient).toEqual(bytes[1]);
      for (const conn of conns) conn.close();
    });

    it("carries streams", async () => {
      const [there, here] = await open();
      const echoing = here.readable.pipeTo(here.writable);
      const bytes = pattern(100_000);
      const sending = new Blob([bytes]).stream().pipeTo(there.writable, { preventClose: true });
      const parts: Uint8Array[] = [];
      let missing = bytes.length;
      for await (const part of there.readable) {
        parts.push(part);
        missing -= part.length;
        if (missing === 0) break; // to close its writable stream closes both directions of a connection of Deno
      }
      expect(concat(parts)).toEqual(bytes);
      await sending;
      there[Symbol.dispose]();
      await Promise.allSettled([echoing]);
      here[Symbol.dispose]();
    });

    it("tells its addresses and the protocol that was agreed on", async () => {
      const [left, right] = await open();
      expect([left.localAddr, left.remoteAddr]).toEqual([right.remoteAddr, right.localAddr]);
      expect(left.localAddr).toEqual({ transport: "tcp", hostname: "127.0.0.1", port: left.localAddr.port });
      for (const conn of [left, right]) {
        expect(await conn.handshake()).toMatchObject({ alpnProtocol: "echo/1" });
        conn.close();
        expect(() => conn[Symbol.dispose]()).not.toThrow();
      }
    });
  });
}

it("B45 a connection that was cut rejects the read with the error of wanttls", async () => {
  const [left, right] = memoryTransportPair();
  const [ours, theirs] = await Promise.all([
    startTls(left, { context: client, serverHostname: "localhost" }),
    startTls(right, { context: server }),
  ]);
  const conn = toTlsConn(ours);
  expect(() => conn.localAddr).toThrow(SSLStateError);
  right.shutdownWrite();
  await expect(conn.read(new Uint8Array(1))).rejects.toThrow(SSLEOFError);
  conn.close();
  theirs.abort();
});

it("lets the program end after unref, and keeps it running after ref", async () => {
  await using listener = await listen({ port: 0, context: server });
  const accepted = listener.accept();
  const script = `
    import { connect, toTlsConn } from "${new URL("../../ts/deno/index.ts", import.meta.url).href}";
    import { SSLContext } from "${new URL("../../ts/index.ts", import.meta.url).href}";
    const context = SSLContext.client({ ca: ${JSON.stringify(certs.root.cert)} });
    const options = { hostname: "127.0.0.1", port: ${listener.port}, context, serverHostname: "localhost" };
    const conn = toTlsConn(await connect(options));
    void conn.read(new Uint8Array(1)).then(() => (console.log("read"), conn.close()));
    conn.unref();
    if (Deno.args[0] === "ref") conn.ref();`;
  const start = (how: string): Peer =>
    new Peer(process.execPath, [
      "run",
      "-A",
      "--no-lock",
      "--ext=ts",
      `data:text/typescript,${encodeURIComponent(script)}`,
      how,
    ]);
  expect(await run(start("unref"))).toMatchObject({ status: 0, stdout: "" });
  (await accepted)!.abort();
  const kept = start("ref");
  const tls = (await listener.accept())!;
  await tls.write(Uint8Array.of(1));
  await tls.close();
  expect(await run(kept)).toMatchObject({ status: 0, stdout: "read\n" });
});

async function readAll(conn: Deno.Conn): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  const into = new Uint8Array(20_000);
  for (let size: number | null; (size = await conn.read(into)) !== null;) parts.push(into.slice(0, size));
  return concat(parts);
}

async function writeAll(conn: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) done += await conn.write(bytes.subarray(done));
}
