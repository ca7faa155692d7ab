// Wireshark as a judge: it records real traffic on loopback, decrypts it with what one side has logged, and finds nothing malformed in
// what either side says, be it a whole conversation of any kind or one that fails.
import { expect, test } from "vitest";
import {
  type BaseOptions,
  type ClientOptions,
  type ServerOptions,
  SSLContext,
  type SSLSession,
  type TLSVersion,
} from "../../ts/index.ts";
import { patiently, recvAll, type Role, roles, shakeHands, type TlsPair, versions } from "../socket/tls.ts";
import { Capture, dissect, type Frame } from "../support/capture.ts";
import { certs } from "../support/certs.ts";
import { dial, listenInTurn, type Turns } from "../support/dial.ts";

type Kind = "ECDSA" | "RSA";

const identities = {
  ECDSA: { identity: certs.localhost, root: certs.root },
  RSA: { identity: certs.localhostRsa, root: certs.rsaRoot },
};
const suites = ["AES_128_GCM_SHA256", "AES_256_GCM_SHA384", "CHACHA20_POLY1305_SHA256"];
const says: Readonly<Record<Role, readonly string[]>> = {
  client: ["What is the answer?", "Take your time."],
  server: ["Forty-two.", "I checked it very thoroughly."],
};
const fields = [
  "tcp.stream",
  "tls.handshake.type",
  "tls.alert_message.desc",
  "_ws.malformed",
  "_ws.expert.severity",
] as const;
/** PI_ERROR in Wireshark's epan/proto.h. */
const expertError = 8 * 2 ** 20;
const finished = "20";
const keyUpdate = "24";
const closeNotify = "0";

for (const role of roles) {
  for (const version of versions) {
    for (const kind of ["ECDSA", "RSA"] as const) {
      test(`S38 Wireshark decrypts ${version} with ${kind} and the key log of the ${role}`, async () => {
        const keyLog: string[] = [];
        const listening = await listenInTurn();
        await using capture = await Capture.start(listening.port);
        for (const suite of suites) {
          const logging = { [role]: { onKeyLog: (line: string) => void keyLog.push(line) } };
          await converse(listening, version, kind, suite, logging);
        }
        listening.stop();
        const { frames, conversations } = await dissect(
          await capture.finish(),
          listening.port,
          keyLog,
          suites.length,
          fields,
        );

        expect(frames.filter((frame) => frame["_ws.malformed"] !== "")).toEqual([]);
        expect(conversations).toHaveLength(suites.length);
        for (const [index, conversation] of conversations.entries()) {
          for (const line of [...says.client, ...says.server]) expect(conversation).toContain(line);
          const here = frames.filter((frame) => frame["tcp.stream"] === String(index));
          const messages = here.flatMap((frame) => frame["tls.handshake.type"].split(","));
          expect(messages.filter((type) => type === finished)).toHaveLength(2);
          expect(messages.filter((type) => type === keyUpdate)).toHaveLength(version === "TLSv1.3" ? 2 : 0);
          const alerts = here.flatMap((frame) => frame["tls.alert_message.desc"].split(","));
          expect(alerts.filter((alert) => alert !== "")).toEqual([closeNotify, closeNotify]);
        }
      });
    }
  }
}

interface Form {
  readonly name: string;
  readonly versions: readonly TLSVersion[];
  readonly client?: ClientOptions;
  readonly server?: Partial<ServerOptions>;
  /** Which messages there are without a session, by their numbers. */
  readonly messages: Readonly<Partial<Record<TLSVersion, readonly number[]>>>;
}

const clientIdentity = { cert: certs.client.chain, key: certs.client.key };
const mutual: Pick<Form, "client" | "server"> = {
  client: { identities: [clientIdentity] },
  server: { verifyMode: "required", ca: certs.root.cert },
};

/** Each is held twice, the second time with the session of the first. */
const forms: readonly Form[] = [
  {
    name: "as usual",
    versions,
    messages: { "TLSv1.2": [1, 2, 11, 12, 14, 16, 4, 20, 20], "TLSv1.3": [1, 2, 8, 11, 15, 20, 20, 4, 4, 24, 24] },
  },
  {
    name: "with a client certificate",
    versions,
    ...mutual,
    messages: {
      "TLSv1.2": [1, 2, 11, 12, 13, 14, 11, 16, 15, 4, 20, 20],
      "TLSv1.3": [1, 2, 8, 13, 11, 15, 20, 11, 15, 20, 4, 4, 24, 24],
    },
  },
  {
    name: "with a HelloRetryRequest",
    versions: ["TLSv1.3"],
    client: { groups: ["secp256r1", "x25519"] },
    server: { groups: ["x25519"] },
    messages: { "TLSv1.3": [1, 2, 1, 2, 8, 11, 15, 20, 20, 4, 4, 24, 24] },
  },
];

/** With a session: no certificates, and no ticket in TLS 1.2, which goes on with the old one. */
const resumed = { "TLSv1.2": [1, 2, 20, 20], "TLSv1.3": [1, 2, 8, 20, 20, 4, 24, 24] };
const retried = [1, 2];

for (const version of versions) {
  for (const form of forms.filter((one) => one.versions.includes(version))) {
    test(`Wireshark finds nothing malformed in ${version} ${form.name}, and then with the session`, async () => {
      const keyLog: string[] = [];
      const only = { minVersion: version, maxVersion: version };
      const onKeyLog = (line: string): void => void keyLog.push(line);
      using client = SSLContext.client({ ...only, ca: certs.root.cert, onKeyLog, ...form.client });
      const identity = { cert: certs.localhost.chain, key: certs.localhost.key };
      using server = SSLContext.server({ ...only, identities: [identity], ...form.server });
      const listening = await listenInTurn();
      await using capture = await Capture.start(listening.port);
      const first = await talk(await connect(listening, client, server), version);
      const second = await talk(await connect(listening, client, server, first.session), version);
      expect([first.reused, second.reused]).toEqual([false, true]);
      listening.stop();
      const { frames } = await dissect(await capture.finish(), listening.port, keyLog, 2, fields);
      expectSound(frames);
      const full = form.messages[version]!;
      expect(messagesIn(frames, 0)).toEqual(full.toSorted(byNumber));
      const again = form.client?.groups === undefined ? [] : retried;
      expect(messagesIn(frames, 1)).toEqual([...resumed[version], ...again].toSorted(byNumber));
    });
  }

  test(`Wireshark finds nothing malformed in ${version} when either side refuses the other`, async () => {
    const keyLog: string[] = [];
    const only = { minVersion: version, maxVersion: version, onKeyLog: (line: string) => void keyLog.push(line) };
    const identity = { cert: certs.localhost.chain, key: certs.localhost.key };
    const listening = await listenInTurn();
    await using capture = await Capture.start(listening.port);
    for (const [trusted, trustedByServer] of [
      [certs.unknownRoot.cert, certs.root.cert],
      [certs.root.cert, certs.unknownRoot.cert],
    ] as const) {
      using client = SSLContext.client({ ...only, ...mutual.client, ca: trusted });
      using server = SSLContext.server({ ...only, ...mutual.server, identities: [identity], ca: trustedByServer });
      const pair = await connect(listening, client, server);
      const read = (socket: TlsPair["client"]): Promise<unknown> => patiently(socket, () => socket.recv());
      const [ofClient, ofServer] = await Promise.allSettled([read(pair.client), read(pair.server)]);
      expect([ofClient.status, ofServer.status]).toEqual(["rejected", "rejected"]);
      for (const socket of [pair.client, pair.server]) socket.close();
    }
    listening.stop();
    const { frames } = await dissect(await capture.finish(), listening.port, keyLog, 2, fields);
    expectSound(frames);
    const unknownCa = "48";
    for (const stream of ["0", "1"]) {
      const alerts = frames
        .filter((frame) => frame["tcp.stream"] === stream)
        .map((frame) => frame["tls.alert_message.desc"]);
      expect(alerts.filter((alert) => alert !== "")).toEqual([unknownCa]);
    }
  });
}

type Seen = Frame<(typeof fields)[number]>;

function expectSound(frames: readonly Seen[]): void {
  expect(frames.length).toBeGreaterThan(0);
  expect(frames.filter((frame) => frame["_ws.malformed"] !== "")).toEqual([]);
  const severities = frames.flatMap((frame) => frame["_ws.expert.severity"].split(",").map(Number));
  expect(severities.filter((severity) => severity >= expertError)).toEqual([]);
}

function messagesIn(frames: readonly Seen[], stream: number): number[] {
  const types = frames
    .filter((frame) => frame["tcp.stream"] === String(stream))
    .flatMap((frame) => frame["tls.handshake.type"].split(","))
    .filter((type) => type !== "");
  return types.map(Number).toSorted(byNumber);
}

function byNumber(a: number, b: number): number {
  return a - b;
}

async function converse(
  listening: Turns,
  version: TLSVersion,
  kind: Kind,
  suite: string,
  options: { readonly client?: BaseOptions; readonly server?: BaseOptions },
): Promise<void> {
  const { identity, root } = identities[kind];
  const common = { cipherSuites: [version === "TLSv1.3" ? `TLS_${suite}` : `TLS_ECDHE_${kind}_WITH_${suite}`] };
  using client = SSLContext.client({ ...common, ...options.client, ca: root.cert });
  const identityOfServer = { cert: identity.chain, key: identity.key };
  using server = SSLContext.server({ ...common, ...options.server, identities: [identityOfServer] });
  await talk(await connect(listening, client, server), version);
}

async function connect(
  listening: Turns,
  client: SSLContext,
  server: SSLContext,
  session: SSLSession | null = null,
): Promise<TlsPair> {
  const accepted = listening.next();
  const offer = session === null ? {} : { session };
  return {
    client: client.wrapSocket(await dial(listening.port), { serverHostname: "localhost", ...offer }),
    server: server.wrapSocket(await accepted),
  };
}

/** From the first to the last byte; answers the session that is there at the end, and whether it began with one. */
async function talk(
  pair: TlsPair,
  version: TLSVersion,
): Promise<{ readonly session: SSLSession | null; readonly reused: boolean | null }> {
  await shakeHands(pair);
  for (const round of [0, 1]) {
    for (const [speaker, hearer] of [
      ["client", "server"],
      ["server", "client"],
    ] as const) {
      const line = says[speaker][round]!;
      await pair[speaker].sendAll(new TextEncoder().encode(line));
      expect(new TextDecoder().decode(await recvAll(pair[hearer], line.length))).toBe(line);
      if (round === 0 && version === "TLSv1.3") pair[speaker].updateKeys();
    }
  }
  const { session, sessionReused: reused } = pair.client;
  pair.client.shutdownWrite();
  await recvAll(pair.server);
  pair.server.close();
  await recvAll(pair.client);
  pair.client.close();
  return { session, reused };
}
