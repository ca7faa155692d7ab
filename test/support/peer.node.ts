// A TLS peer over loopback with node:tls, run by the pinned Node whatever runtime the tests are on. Same arguments,
// events and byte pattern as peer.py, without its rude modes; knows nothing of wanttls.
import { constants, createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import type {
  ConnectionOptions,
  PeerCertificate,
  SecureContextOptions,
  SecureVersion,
  Server,
  TlsOptions,
  TLSSocket,
} from "node:tls";
import { connect, createServer } from "node:tls";
import { parseArgs } from "node:util";

const BLOCK = Buffer.from(Array.from({ length: 65_536 }, (_, i) => (i * 167 + (i >>> 8) * 13) & 0xff));

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    mode: { type: "string", default: "echo" },
    port: { type: "string", default: "0" },
    bytes: { type: "string", default: "0" },
    count: { type: "string", default: "0" },
    version: { type: "string" },
    cert: { type: "string" },
    key: { type: "string" },
    ca: { type: "string" },
    name: { type: "string" },
    alpn: { type: "string", multiple: true },
    verify: { type: "boolean", default: false },
    "psk-identity": { type: "string" },
    "psk-key": { type: "string" },
    "no-tickets": { type: "boolean", default: false },
    connections: { type: "string", default: "1" },
  },
});

if (positionals[0] === "server") serve();
else join(Number(options.connections));

function serve(): void {
  let left = Number(options.count) || Infinity;
  const given = { ...secure(), ...pskServer(), requestCert: options.verify, allowHalfOpen: true };
  const server = createServer(given, (socket) => {
    introduce(socket);
    socket.on("error", (error: Error) => fail(error));
    if (options.mode === "send") sendAndRead(socket, 0);
    else answer(socket);
  });
  if (options["no-tickets"]) keepSessions(server);
  server.on("tlsClientError", (error) => fail(error));
  server.on("connection", () => {
    left -= 1;
    if (left === 0) server.close();
  });
  server.listen(Number(options.port), "127.0.0.1", () => say("ready", (server.address() as AddressInfo).port));
}

function keepSessions(server: Server): void {
  const sessions = new Map<string, Buffer>();
  server.on("newSession", (id: Buffer, session: Buffer, done: () => void) => {
    sessions.set(id.toString("hex"), session);
    done();
  });
  server.on("resumeSession", (id: Buffer, done: (error: Error | null, session: Buffer | null) => void) => {
    done(null, sessions.get(id.toString("hex")) ?? null);
  });
}

function answer(socket: TLSSocket): void {
  const digest = createHash("sha256");
  let received = 0;
  socket.on("data", (data: Buffer) => {
    digest.update(data);
    received += data.length;
    if (options.mode === "echo" && !socket.write(data)) pauseUntilDrained(socket);
  });
  socket.on("end", () => socket.end());
  socket.on("close", () => say("done", { received, sha256: digest.digest("hex") }));
}

function pauseUntilDrained(socket: TLSSocket): void {
  socket.pause();
  socket.once("drain", () => socket.resume());
}

/** Connects so often; every connection but the first offers the last session of the one before. */
function join(connections: number, session?: Buffer): void {
  const name = options.name === undefined ? {} : { servername: options.name };
  const offer = session === undefined ? {} : { session };
  const given = { ...secure(), ...pskClient(), ...name, ...offer, rejectUnauthorized: options.verify };
  const socket = connect(Number(options.port), "127.0.0.1", given, () => {
    introduce(socket);
    sendAndRead(socket, options.mode === "echo" ? Number(options.bytes) : 0);
  });
  let latest = session;
  socket.on("session", (come: Buffer) => {
    latest = come;
  });
  socket.on("close", () => {
    if (connections > 1 && process.exitCode === undefined) join(connections - 1, latest);
  });
  socket.on("error", (error: Error) => {
    fail(error);
    process.exitCode = 1;
  });
}

function sendAndRead(socket: TLSSocket, expected: number): void {
  const count = Number(options.bytes);
  const digest = createHash("sha256");
  let received = 0;
  socket.on("data", (data: Buffer) => {
    digest.update(data);
    received += data.length;
    if (received >= expected) socket.end();
  });
  socket.on("end", () => socket.end());
  socket.on("close", () => say("done", { sent: count, received, sha256: digest.digest("hex") }));
  socket.write(pattern(count));
  if (expected === 0) socket.end();
}

function secure(): SecureContextOptions & { ALPNProtocols?: string[] } {
  const version = (options.version ?? null) as SecureVersion | null;
  return {
    minVersion: version ?? "TLSv1.2",
    maxVersion: version ?? "TLSv1.3",
    ...(options.cert === undefined ? {} : { cert: readFileSync(options.cert) }),
    ...(options.key === undefined ? {} : { key: readFileSync(options.key) }),
    ...(options.ca === undefined ? {} : { ca: readFileSync(options.ca) }),
    ...(options.alpn === undefined ? {} : { ALPNProtocols: options.alpn }),
    ...(options["psk-key"] === undefined ? {} : { ciphers: "TLS_AES_128_GCM_SHA256:ECDHE-PSK-CHACHA20-POLY1305" }),
    ...(options["no-tickets"] ? { secureOptions: constants.SSL_OP_NO_TICKET } : {}),
  };
}

function pskServer(): TlsOptions {
  const { "psk-identity": known, "psk-key": key } = options;
  if (key === undefined) return {};
  return { pskCallback: (_socket, identity) => (identity === known ? Buffer.from(key, "hex") : null) };
}

function pskClient(): ConnectionOptions {
  const { "psk-identity": identity, "psk-key": key } = options;
  if (identity === undefined || key === undefined) return {};
  return { pskCallback: () => ({ identity, psk: Buffer.from(key, "hex") }), checkServerIdentity: () => undefined };
}

function introduce(socket: TLSSocket): void {
  const certificate = socket.getPeerCertificate() as Partial<PeerCertificate> | null;
  say("connected", {
    version: socket.getProtocol(),
    cipher: socket.getCipher().name,
    alpn: socket.alpnProtocol === false ? null : socket.alpnProtocol,
    peer: certificate?.subject?.CN ?? null,
    resumed: socket.isSessionReused(),
  });
}

function pattern(count: number): Buffer {
  return Buffer.concat(Array.from({ length: Math.floor(count / BLOCK.length) + 1 }, () => BLOCK)).subarray(0, count);
}

function fail(error: NodeJS.ErrnoException & { reason?: string }): void {
  say("failed", { type: error.code ?? error.name, reason: error.reason ?? null, text: error.message });
}

function say(event: string, value: unknown): void {
  process.stdout.write(JSON.stringify({ [event]: value }) + "\n");
}
