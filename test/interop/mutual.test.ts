// Client certificates with OpenSSL and Python on the other side: both ways to ask for one, against each way to answer.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join as joinPath } from "node:path";
import { afterAll, expect, test } from "vitest";
import {
  type ClientOptions,
  generateSelfSigned,
  SSLAlertError,
  SSLContext,
  SSLError,
  type SSLSocket,
} from "../../ts/index.ts";
import { patiently, versions } from "../socket/tls.ts";
import { type CertName, certs } from "../support/certs.ts";
import { dial, listenInTurn } from "../support/dial.ts";
import { opensslClient, opensslServer, type Peer, pythonClient, pythonServer } from "../support/peers.ts";
import { join, turn } from "./turns.ts";

const folder = mkdtempSync(joinPath(tmpdir(), "wanttls-mutual-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Of a client that was trusted once. */
const expired = generateSelfSigned({ names: ["expired.example"], now: () => Date.UTC(2021, 0) });
const caPath = file("ca.pem", certs.root.cert + expired.cert);

interface Identity {
  readonly cert: string;
  readonly key: string;
}

interface Case {
  readonly name: string;
  readonly given: Identity | null;
  /** What a verifying side that requires a certificate says, as OpenSSL's number and as its alert; null when all is well. */
  readonly refused: { readonly verifyCode?: number; readonly alert: (version: string) => number } | null;
}

const cases: readonly Case[] = [
  { name: "a good certificate", given: identity("client"), refused: null },
  { name: "an untrusted certificate", given: identity("clientUnknown"), refused: { verifyCode: 20, alert: () => 48 } },
  { name: "an expired certificate", given: expired, refused: { verifyCode: 10, alert: () => 45 } },
  { name: "no certificate", given: null, refused: { alert: (version) => (version === "TLSv1.2" ? 40 : 116) } },
];
const modes = ["optional", "required"] as const;

for (const version of versions) {
  for (const mode of modes) {
    for (const { name, given, refused } of cases) {
      const refusal = given === null && mode === "optional" ? null : refused;
      const outcome = refusal === null ? "is accepted" : "is refused";
      const title = `${name} ${outcome} (${mode}, ${version})`;

      test(`S28 B24 B25 OpenSSL's and Python's client: ${title}`, async () => {
        using context = SSLContext.server({
          identities: [identity("localhost")],
          ca: [certs.root.cert, expired.cert],
          verifyMode: mode,
        });
        const files = given === null ? {} : { cert: file("own.crt", given.cert), key: file("own.key", given.key) };
        const [openssl, alert] = await served(
          context,
          (port) => opensslClient(port, { version, ...files }),
          async (peer) => {
            const told = refusal === null ? /Verify return code: (0)/ : /SSL alert number (\d+)/;
            return Number((await peer.waitFor(told))[1]);
          },
        );
        expect(alert).toBe(refusal?.alert(version) ?? 0);
        const [python, reason] = await served(
          context,
          (port) => pythonClient(port, { version, bytes: 5, ...files }),
          async (peer) =>
            refusal === null ? (await peer.event("done")).received : (await peer.event("failed")).reason,
        );
        if (refusal === null) expect(reason).toBe(5);
        else expect(reason).toMatch(reasons[refusal.alert(version)]!);
        for (const seen of [openssl, python]) {
          if (refusal === null) expect(seen).toBe(given === null ? null : "wanttls test client");
          else if (given === null) expect(seen).toMatchObject({ reason: "PEER_DID_NOT_RETURN_A_CERTIFICATE" });
          else expect(seen).toMatchObject({ name: "SSLCertVerificationError", verifyCode: refusal.verifyCode });
        }
      });

      test(`S28 B24 B25 OpenSSL's and Python's server: ${title}`, async () => {
        const identities = given === null ? [] : [given];
        const only = { minVersion: version, maxVersion: version };
        using context = SSLContext.client({ ca: certs.root.cert, identities, ...only });
        for (const start of [opensslServer, pythonServer]) {
          await using peer = await start({ version, verify: mode === "optional" ? "optional" : true, ca: caPath });
          const error = await conversation(context, peer, refusal === null ? "speak" : "listen");
          if (refusal === null) {
            expect(error).toBe(undefined);
            continue;
          }
          expect(error).toBeInstanceOf(SSLAlertError);
          expect(error).toMatchObject({ alert: refusal.alert(version), sent: false });
          // In TLS 1.3 the client was finished before the server looked at its certificate.
          expect((error as Error).message).toMatch(
            version === "TLSv1.2" ? /^Cannot finish the handshake/ : /^Cannot read/,
          );
        }
      });
    }
  }

  test(`B23 a server that is not trusted gets an alert and no certificate (${version})`, async () => {
    await using peer = await opensslServer({ version, verify: "optional", extra: ["-msg"] });
    const options: ClientOptions = { ca: certs.unknownRoot.cert, identities: [identity("client")] };
    using context = SSLContext.client(options);
    await expect(join(context, peer.port, {}, (tls) => turn(tls, 0))).rejects.toMatchObject({
      name: "SSLCertVerificationError",
    });
    await peer.waitFor(/<<< [^\n]*Alert[^\n]*fatal unknown_ca/);
    expect(peer.stdout).toMatch(/>>> [^\n]*CertificateRequest/);
    expect(peer.stdout).toMatch(/<<< [^\n]*ClientHello/);
    expect(peer.stdout).not.toMatch(/<<< [^\n]*(Certificate|ClientKeyExchange|Finished)/);
  });
}

/** Python's names for the alerts. */
const reasons: Readonly<Record<number, RegExp>> = {
  40: /ALERT_HANDSHAKE_FAILURE/,
  45: /ALERT_CERTIFICATE_EXPIRED/,
  48: /ALERT_UNKNOWN_CA/,
  116: /ALERT_CERTIFICATE_REQUIRED/,
};

/** Serves one client; the name in its certificate, null without one, or the error that the handshake ended with, and what the client saw. */
async function served<T>(
  context: SSLContext,
  start: (port: number) => Peer,
  look: (peer: Peer) => Promise<T>,
): Promise<readonly [seen: unknown, byPeer: T]> {
  const listening = await listenInTurn();
  await using peer = start(listening.port);
  using tls = context.wrapSocket(await listening.next());
  listening.stop();
  let result: unknown;
  try {
    await patiently(tls, () => tls.doHandshake());
    const subject = tls.getPeerCert()?.subject.flat() ?? [];
    result = subject.find(([name]) => name === "commonName")?.[1] ?? null;
    peer.endInput();
    for (let heard = await next(tls); heard.length > 0; heard = await next(tls)) await tls.sendAll(heard);
    tls.close();
  } catch (error) {
    if (!(error instanceof SSLError)) throw error;
    result = error;
  }
  return [result, await look(peer)];
}

function next(tls: SSLSocket): Promise<Uint8Array> {
  return patiently(tls, () => tls.recv());
}

/** The error of a conversation, undefined when there was none. Who has been refused should not speak: the end comes first. */
async function conversation(context: SSLContext, peer: Peer, how: "speak" | "listen"): Promise<unknown> {
  using tls = context.wrapSocket(await dial(peer.port), { serverHostname: "localhost" });
  try {
    await patiently(tls, () => tls.doHandshake());
    if (how === "speak") await tls.sendAll(new TextEncoder().encode("hello\n"));
    if (how === "listen" || peer.stdout.startsWith("{")) await patiently(tls, () => tls.recv());
    else await peer.waitFor(/hello/);
    return undefined;
  } catch (error) {
    return error;
  }
}

function file(name: string, content: string): string {
  const path = joinPath(folder, name);
  writeFileSync(path, content);
  return path;
}

function identity(name: CertName): Identity {
  return { cert: certs[name].chain, key: certs[name].key };
}
