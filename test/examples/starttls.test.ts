// Runs the examples of docs/starttls.md, with each other and with Python's standard library.
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it, test } from "vitest";
import { startTlsNames } from "../../ts/cli/starttls/names.ts";
import {
  memoryTransportPair,
  type NonBlockingTransport,
  SSLContext,
  startTls,
  type TLSConnection,
} from "../../ts/index.ts";
import { tcpPair } from "../socket/pairs.ts";
import { certPath, certs } from "../support/certs.ts";
import { dial, listenInTurn } from "../support/dial.ts";
import { Peer, started } from "../support/peers.ts";
import { documentAt } from "./snippets.ts";

const { text, snippet } = documentAt("docs/starttls.md");
const script = fileURLToPath(new URL("../cli/starttls_peer.py", import.meta.url));

const asClient = SSLContext.client({ ca: certs.root.cert });
const asServer = SSLContext.server({ identities: [{ cert: certs.localhost.chain, key: certs.localhost.key }] });
afterAll(() => {
  asClient.dispose();
  asServer.dispose();
});

type Client = (transport: NonBlockingTransport, context: SSLContext, hostname: string) => Promise<TLSConnection>;
type Server = (transport: NonBlockingTransport, context: SSLContext) => Promise<TLSConnection>;

const smtpStartTls: Client = async (...all) =>
  (await snippet<{ smtpStartTls: Client }>("smtp-client.ts")).smtpStartTls(...all);
const postgresStartTls: Client = async (...all) =>
  (await snippet<{ postgresStartTls: Client }>("postgres-client.ts")).postgresStartTls(...all);
const smtpServeTls: Server = async (...all) =>
  (await snippet<{ smtpServeTls: Server }>("smtp-server.ts")).smtpServeTls(...all);

test("docs/starttls.md: client and server of SMTP get to TLS, in memory and over TCP", async () => {
  for (const [ours, theirs] of [memoryTransportPair(), memoryTransportPair({ capacity: 1 }), await tcpPair()]) {
    const [client, server] = await Promise.all([
      smtpStartTls(ours, asClient, "localhost"),
      smtpServeTls(theirs, asServer),
    ]);
    await Promise.all([client.write(bytes("EHLO again\r\n")), expectRead(server, "EHLO again\r\n")]);
    await Promise.all([client.close(), server.close()]);
  }
});

for (const [name, client] of [
  ["smtp", smtpStartTls],
  ["postgres", postgresStartTls],
] as const) {
  test(`docs/starttls.md: the client of ${name} gets to TLS with a server in Python`, async () => {
    await using server = await scripted(name, "plain");
    const tls = await client(await dial(server.port), asClient, "localhost");
    await tls.write(bytes("there and back"));
    await expectRead(tls, "there and back");
    await tls.close();
    expect(await server.exited).toBe(0);
  });

  test(`docs/starttls.md: the client of ${name} refuses plaintext behind the go-ahead`, async () => {
    await using server = await scripted(name, "inject");
    const transport = await dial(server.port);
    const sentence = "Cannot start TLS: plaintext came where TLS must begin";
    await expect(client(transport, asClient, "localhost")).rejects.toThrow(sentence);
    transport.abort();
  });
}

test("docs/starttls.md: the server of SMTP gets to TLS with Python's smtplib", async () => {
  const { port, next, stop } = await listenInTurn();
  await using client = new Peer("python3", [script, "connect", "smtp", String(port), certPath("root", "cert")]);
  const tls = await smtpServeTls(await next(), asServer);
  await expectRead(tls, "hello\n");
  await tls.write(bytes("hello\n"));
  expect(await tls.read(new Uint8Array(1))).toBe(null);
  await tls.close();
  expect(await client.exited).toBe(0);
  stop();
});

const refused: readonly (readonly [client: Client, says: string, sentence: string])[] = [
  [smtpStartTls, "220 a\r\n250 SIZE\r\n", "Cannot start TLS with localhost: it does not offer STARTTLS"],
  [smtpStartTls, "220 a\r\n250 STARTTLS\r\n454 no\r\n", 'Cannot start TLS with localhost: it answered "454 no"'],
  [smtpStartTls, "220-a\r\n".repeat(200), 'Cannot start TLS with localhost: it answered "220-a"'],
  [smtpStartTls, "2".repeat(2000), "Cannot start TLS: the peer does not keep to the protocol"],
  [postgresStartTls, "N", "Cannot start TLS with localhost: it does not offer TLS"],
];
for (const [client, says, sentence] of refused) {
  test(`docs/starttls.md: a client does not go on: ${sentence}`, async () => {
    const [ours, theirs] = memoryTransportPair();
    theirs.send(bytes(says));
    await expect(client(ours, asClient, "localhost")).rejects.toThrow(sentence);
    ours.abort();
  });
}

test("docs/starttls.md: the server of SMTP refuses commands behind the request", async () => {
  const [ours, theirs] = memoryTransportPair();
  theirs.send(bytes("EHLO me\r\nSTARTTLS\r\nMAIL FROM:<evil>\r\n"));
  const sentence = "Cannot start TLS: plaintext came where TLS must begin";
  await expect(smtpServeTls(ours, asServer)).rejects.toThrow(sentence);
  expect(new TextDecoder().decode(theirs.takeRemaining())).not.toContain("220 Go ahead");
  ours.abort();
});

describe("docs/starttls.md: plaintext that reaches TLS ends the handshake", () => {
  for (const [role, options] of [
    ["client", { context: asClient, serverHostname: "localhost" }],
    ["server", { context: asServer }],
  ] as const) {
    it(`of a ${role}, when it is left in the transport`, async () => {
      const [ours, theirs] = memoryTransportPair();
      theirs.send(bytes("250 injected\r\n"));
      await expect(startTls(ours, options)).rejects.toMatchObject({ reason: "WRONG_VERSION_NUMBER" });
      expect(ours.closed).toBe(true);
    });

    it(`of a ${role}, when it is passed on as the head of streams`, async () => {
      const streams = { readable: new ReadableStream<Uint8Array>(), writable: new WritableStream<Uint8Array>() };
      const starting = startTls(streams, { ...options, head: bytes("250 injected\r\n") });
      await expect(starting).rejects.toMatchObject({ reason: "WRONG_VERSION_NUMBER" });
    });
  }
});

test("docs/starttls.md: the table has each protocol of the command", () => {
  const rows = [...text.matchAll(/^\| `(\w+)` /gm)].map(([, name]) => name);
  expect(rows).toEqual([...startTlsNames]);
});

async function scripted(protocol: string, mode: "plain" | "inject"): Promise<Peer> {
  const identity = [certPath("localhost", "chain"), certPath("localhost", "key")];
  return started(new Peer("python3", [script, "serve", protocol, mode, ...identity]));
}

async function expectRead(tls: TLSConnection, expected: string): Promise<void> {
  const into = new Uint8Array(expected.length);
  for (let at = 0; at < into.length;) at += (await tls.read(into.subarray(at))) ?? expect.unreachable("it ended");
  expect(new TextDecoder().decode(into)).toBe(expected);
}

function bytes(words: string): Uint8Array {
  return new TextEncoder().encode(words);
}
