// The key log, judged by Wireshark: it records real traffic on loopback and decrypts it with what one side has logged.
import { expect, test } from "vitest";
import { type BaseOptions, SSLContext, type TLSVersion } from "../../ts/index.ts";
import { recvAll, type Role, roles, shakeHands, type TlsPair, versions } from "../socket/tls.ts";
import { Capture, dissect } from "../support/capture.ts";
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
const fields = ["tcp.stream", "tls.handshake.type", "tls.alert_message.desc", "_ws.malformed"] as const;
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
  const accepted = listening.next();
  const pair: TlsPair = {
    client: client.wrapSocket(await dial(listening.port), { serverHostname: "localhost" }),
    server: server.wrapSocket(await accepted),
  };
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
  pair.client.shutdownWrite();
  await recvAll(pair.server);
  pair.server.close();
  await recvAll(pair.client);
  pair.client.close();
}
