// Runs the README: each code block that names a file is written out and executed, on whichever runtime this is, and every
// make target and option that the README mentions must exist.
import { readFileSync } from "node:fs";
import process from "node:process";
import { expect, test } from "vitest";
import {
  type Certificate,
  createDefaultContext,
  EVENT_READ,
  type Identity,
  memoryTransportPair,
  Selector,
  SSLContext,
  type SSLSocket,
  startTls,
  type TLSConnection,
} from "../../ts/index.ts";
import { run, wanttls } from "../cli/command.ts";
import { runtime } from "../socket/pairs.ts";
import { certPath, certs } from "../support/certs.ts";
import { pythonServer } from "../support/peers.ts";
import { documentAt } from "./snippets.ts";

const { text: readme, snippet } = documentAt("README.md");

interface Client {
  connect(context: SSLContext, hostname: string, port: number): Promise<SSLSocket>;
}
interface Exchange {
  exchange(tls: SSLSocket, request: string): Promise<string>;
}

test("README: the handshake loop connects over this runtime's own socket, and data goes both ways", async () => {
  await using peer = await pythonServer({ count: 1 });
  const { connect } = await snippet<Client>(`client.${runtime}.ts`);
  const { exchange } = await snippet<Exchange>("exchange.ts");
  using context = createDefaultContext("server-auth", { ca: certs.root.cert });
  const tls = await connect(context, "localhost", peer.port);
  expect(tls.version()).toBe("TLSv1.3");
  const request = "what the README sends ".repeat(1000);
  expect(await exchange(tls, request)).toBe(request);
  tls.close();
});

test("README: a certificate of an unknown authority ends the handshake loop with the error that says so", async () => {
  await using peer = await pythonServer({ count: 1 });
  const { connect } = await snippet<Client>(`client.${runtime}.ts`);
  using context = createDefaultContext("server-auth", { ca: certs.unknownRoot.cert });
  await expect(connect(context, "localhost", peer.port)).rejects.toThrow("Cannot trust the certificate of the peer");
});

test("README: with promises, a server echoes what comes over a pair of streams", async () => {
  const { upgrade } = await snippet<{
    upgrade(
      streams: { readable: ReadableStream<Uint8Array>; writable: WritableStream<Uint8Array> },
      context: SSLContext,
    ): Promise<TLSConnection>;
  }>("promises.ts");
  const there = new TransformStream<Uint8Array, Uint8Array>();
  const back = new TransformStream<Uint8Array, Uint8Array>();
  using client = SSLContext.client({ ca: certs.root.cert });
  using server = SSLContext.server({ identities: [{ cert: certs.localhost.chain, key: certs.localhost.key }] });
  const [ours, theirs] = await Promise.all([
    upgrade({ readable: back.readable, writable: there.writable }, client),
    startTls({ readable: there.readable, writable: back.writable }, { context: server }),
  ]);
  const echoing = theirs.readable.pipeTo(theirs.writable);
  await ours.write(new TextEncoder().encode("hello"));
  await ours.closeWrite();
  let answer = "";
  for await (const chunk of ours.readable) answer += new TextDecoder().decode(chunk);
  expect(answer).toBe("hello");
  await echoing;
  await Promise.all([ours.close(), theirs.close()]);
});

test("README: a context trusts what the system trusts, what Mozilla trusts, or one file", async () => {
  const make =
    await snippet<Record<"asTheSystem" | "asMozilla" | "ownOnly" | "pinned", (path: string) => SSLContext>>("trust.ts");
  process.env["SSL_CERT_FILE"] ??= certPath("rsaRoot", "cert"); // a machine that trusts nobody is no excuse
  using system = make.asTheSystem("");
  using mozilla = make.asMozilla("");
  using own = make.ownOnly(certPath("root", "cert"));
  expect(system.getCaCerts().length).toBeGreaterThan(0);
  expect(mozilla.getCaCerts().length).toBeGreaterThan(50);
  expect(own.getCaCerts()).toHaveLength(1);

  using pinned = make.pinned(certPath("root", "cert"));
  using server = SSLContext.server({ identities: [{ cert: certs.localhost.chain, key: certs.localhost.key }] });
  const [ours, theirs] = memoryTransportPair();
  const { handshake } = await snippet<{ handshake(tls: SSLSocket): Promise<SSLSocket> }>("handshake.ts");
  const ends = [pinned.wrapSocket(ours, { serverHostname: "localhost" }), server.wrapSocket(theirs)];
  for (const tls of await Promise.all(ends.map(handshake))) tls.close();
});

test("S33 README: a host has its own context, and who is let in is found out while the handshake waits", async () => {
  const { gate } = await snippet<{
    gate(
      identity: Identity,
      ca: string,
      hosts: Readonly<Record<string, SSLContext>>,
      admits: (client: Certificate) => Promise<boolean>,
    ): SSLContext;
  }>("decide.ts");
  const { handshake } = await snippet<{ handshake(tls: SSLSocket): Promise<SSLSocket> }>("handshake.ts");
  const identity = { cert: certs.localhost.chain, key: certs.localhost.key };
  const asked: string[] = [];
  const admits = async ({ serialNumber }: Certificate): Promise<boolean> => {
    await new Promise((resolve) => setTimeout(resolve, 1));
    return asked.push(serialNumber) === 1;
  };
  using open = SSLContext.server({ identities: [identity] });
  using server = gate(identity, certs.root.cert, { "*.example.org": open }, admits);
  using client = SSLContext.client({
    ca: certs.root.cert,
    maxVersion: "TLSv1.2", // in TLS 1.3 a client learns of a refusal when it reads
    identities: [{ cert: certs.client.chain, key: certs.client.key }],
  });
  const meet = async (serverHostname: string): Promise<string[]> => {
    const [ours, theirs] = memoryTransportPair();
    const ends = [client.wrapSocket(ours, { serverHostname, verifyName: "localhost" }), server.wrapSocket(theirs)];
    const outcome = await Promise.allSettled(ends.map(handshake));
    for (const tls of ends) tls.close();
    return outcome.map(({ status }) => status);
  };
  expect(await meet("localhost")).toEqual(["fulfilled", "fulfilled"]);
  expect(await meet("localhost")).toEqual(["rejected", "rejected"]);
  expect(await meet("www.example.org")).toEqual(["fulfilled", "fulfilled"]);
  expect(asked).toHaveLength(2);
});

test("README: the echo server serves a hundred connections from one loop and survives a bad handshake", async () => {
  const { serve } = await snippet<{ serve(selector: Selector<Uint8Array[]>, stopped: () => boolean): Promise<void> }>(
    "echo-server.ts",
  );
  const { handshake } = await snippet<{ handshake(tls: SSLSocket): Promise<void> }>("handshake.ts");
  const { exchange } = await snippet<Exchange>("exchange.ts");
  using server = SSLContext.server({ identities: [{ cert: certs.localhost.chain, key: certs.localhost.key }] });
  using client = SSLContext.client({ ca: certs.root.cert });
  using suspicious = SSLContext.client({ ca: certs.unknownRoot.cert });
  const selector = new Selector<Uint8Array[]>();
  let stop = false;
  const served = serve(selector, () => stop);

  const open = (context: SSLContext): SSLSocket => {
    const [ours, theirs] = memoryTransportPair();
    selector.register(server.wrapSocket(theirs), EVENT_READ, []);
    return context.wrapSocket(ours, { serverHostname: "localhost" });
  };
  await expect(handshake(open(suspicious))).rejects.toThrow("Cannot trust the certificate of the peer");
  const answers = Array.from({ length: 100 }, async (_, i) => {
    const tls = open(client);
    await handshake(tls);
    expect(await exchange(tls, `connection ${i} `.repeat(500))).toBe(`connection ${i} `.repeat(500));
    tls.close();
  });
  await Promise.all(answers);
  stop = true;
  await served;
  selector.close();
});

test("README: TLS between two byte queues", async () => {
  const { talk } = await snippet<{ talk(): string }>("memory.ts");
  expect(talk()).toBe("TLSv1.3: hello through two queues");
});

test("README: the two commands talk to each other", async () => {
  const [serve, connect] = [...readme.matchAll(/^.*node dist\/cli\/main\.js (.*)$/gm)].map(([, args]) =>
    args!.split(" "),
  );
  const files: Readonly<Record<string, string>> = {
    "server.pem": certPath("localhost", "chain"),
    "server.key": certPath("localhost", "key"),
    "ca.pem": certPath("root", "cert"),
    "4433": "0",
  };
  await using server = wanttls(...serve!.map((argument) => files[argument] ?? argument));
  const [, port] = await server.waitFor(/listening on 127\.0\.0\.1:(\d+)/);
  const client = wanttls(...connect!.map((argument) => files[argument] ?? argument.replace("4433", port!)));
  const { status, stdout, stderr } = await run(client, "hello\n");
  expect([status, stdout]).toEqual([0, "hello\n"]);
  expect(stderr).toContain("TLSv1.3");
});

test("README: every make target that it names exists, and every document", () => {
  const makefile = readFileSync(`${import.meta.dirname}/../../Makefile`, "utf8");
  const targets = [...readme.matchAll(/`?make ([a-z]+)/g)].map(([, target]) => target!);
  expect(targets.length).toBeGreaterThan(3);
  for (const target of targets) expect(makefile).toMatch(new RegExp(`^${target}:`, "m"));
  for (const [, path] of readme.matchAll(/\]\(([^)#:]+)\)/g)) {
    expect(readFileSync(`${import.meta.dirname}/../../${path}`, "utf8").length).toBeGreaterThan(100);
  }
});
