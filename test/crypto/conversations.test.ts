// Constant time of what only a whole conversation does: both key schedules (the PRF of TLS 1.2 and HKDF), Finished, the binders and
// tickets of sessions and pre-shared keys, records, and the premaster secret of RSA. Both sides run in the shipped module as an
// onlooker sees it (test/audit/instrument.ts); the secrets differ from run to run, and what is seen must not, but where it is listed.
import { createPublicKey } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sharedRealm } from "../../ts/engine/realms.ts";
import { type ClientOptions, init, SSLContext, type SSLSession, type TLSVersion } from "../../ts/ssl/index.ts";
import { instrumented } from "../audit/instrument.ts";
import { differences, Onlooker, type View } from "../audit/onlooker.ts";
import { WasmBinary } from "../audit/wasm-binary.ts";
import { keyNamed, keyUsage, makeRoot, makeServer, today } from "../support/certificate-factory.ts";
import { certs } from "../support/certs.ts";
import {
  attempt,
  deliver,
  disposed,
  handshake,
  identityOf,
  inCase,
  joined,
  type Pair,
  recordsOf,
  recordType,
  thrownBy,
  wrapped,
} from "../support/conversation.ts";
import { noon } from "../support/recording.ts";
import { wasmFile } from "../support/wasm-file.ts";
import { randomBytes } from "./evidence.ts";
import { hello, rsa } from "./listed-differences.ts";
import { premasters } from "./premaster.ts";
import { byteSecrets } from "./secrets.ts";

const binary = WasmBinary.read(wasmFile());
const name = "device 17";
/** For RSA key exchange, which the test certificates do not allow. */
const root = makeRoot("CN=root of the premaster secrets");
const key = keyNamed("premaster", "rsa2048");
const { der } = makeServer(root, "localhost", { key, extensions: { keyUsage: keyUsage(0, 2) } });
const identity = { cert: der, key: key.privateKey.export({ type: "pkcs8", format: "pem" }) };
const clientKeyExchange = 16;
const secrets = byteSecrets(32, "few");
let onlooker: Onlooker;
let drawn = 0;

beforeAll(async () => {
  await init({ wasm: instrumented(binary) });
  Object.defineProperty(crypto, "getRandomValues", { value: draw, configurable: true });
  const realm = sharedRealm();
  inCase("the first conversation", () => void pskConversation("TLSv1.3", "TLS_AES_128_GCM_SHA256", randomBytes(32, 0)));
  onlooker = new Onlooker(binary, realm.exports as unknown as Readonly<Record<string, () => unknown>>, () =>
    realm.view(0, realm.memoryBytes),
  );
});

afterAll(() => void Reflect.deleteProperty(crypto, "getRandomValues"));

const suites: readonly (readonly [TLSVersion, string])[] = [
  ["TLSv1.3", "TLS_AES_128_GCM_SHA256"],
  ["TLSv1.3", "TLS_CHACHA20_POLY1305_SHA256"],
  ["TLSv1.3", "TLS_AES_128_CCM_SHA256"],
  ["TLSv1.2", "TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256"],
  ["TLSv1.2", "TLS_PSK_WITH_AES_128_GCM_SHA256"],
  ["TLSv1.2", "TLS_PSK_WITH_AES_256_GCM_SHA384"],
  ["TLSv1.2", "TLS_PSK_WITH_AES_128_CCM"],
  ["TLSv1.2", "TLS_PSK_WITH_AES_128_CBC_SHA256"],
  ["TLSv1.2", "TLS_ECDHE_PSK_WITH_AES_256_CBC_SHA384"],
];

describe("the same branches and addresses for all pre-shared keys and texts", () => {
  test.each(suites)("%s with %s", (version, suite) => {
    const views = secrets.map((secret) => seen(0, () => pskConversation(version, suite, secret)));
    expect(differences(views)).toEqual([]);
  });
});

describe("the same branches and addresses for all ephemeral keys and other random numbers", () => {
  test.each(suites)("%s with %s", (version, suite) => {
    const views = secrets.map((secret, i) => seen(1000 * i, () => pskConversation(version, suite, secret)));
    expect(differences(views).filter((each) => !(each in hello))).toEqual([]);
  });
});

test("the same branches and addresses for all wrong binders", () => {
  const [version, suite] = suites[0]!;
  const views = secrets.slice(1).map((secret) =>
    seen(0, () => {
      const error = thrownBy(() => pskConversation(version, suite, secret, secrets[0]));
      expect((error as Error).message).toMatch(/the peer sent the alert decrypt_error/);
    }),
  );
  expect(differences(views)).toEqual([]);
});

test("the same branches and addresses for all premaster secrets that a client may encrypt, right or wrong", () => {
  const views = premasters(createPublicKey(key.privateKey)).map((encrypted) =>
    seen(0, () => rsaConversation(encrypted)),
  );
  expect(differences(views).filter((each) => !(each in rsa))).toEqual([]);
});

describe("the same branches and addresses for all sessions that are resumed", () => {
  const resumed = [["TLSv1.3", "TLS_AES_128_GCM_SHA256"], ["TLSv1.3", "TLS_AES_256_GCM_SHA384"], ["TLSv1.2", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"]] as const; // prettier-ignore
  test.each(resumed)("%s with %s", (version, suite) => {
    const views = secrets.map((secret, i) => {
      const contexts: SSLContext[] = [];
      let session: SSLSession | null = null;
      drawn = 1000 * i;
      return onlooker.watch(
        () => {
          inCase("second", () => {
            const [client, server] = contexts;
            expect(talk(client!, server!, secret, session).client.tls.sessionReused).toBe(true);
          });
          for (const context of contexts) context.dispose();
        },
        () => {
          contexts.push(
            SSLContext.client({ ...only(version, suite), ca: certs.root.cert }),
            SSLContext.server({ ...only(version, suite), identities: [identityOf("localhost")] }),
          );
          inCase("first", () => void ({ session } = talk(contexts[0]!, contexts[1]!, secret).client.tls));
        },
      );
    });
    expect(differences(views)).toEqual([]);
  });
});

/** What an onlooker sees when the random numbers of both sides are those from there on. */
function seen(from: number, work: () => void): View {
  drawn = from;
  return onlooker.watch(() => inCase("conversation", work));
}

function draw(into: Uint8Array): Uint8Array {
  into.set(randomBytes(into.length, drawn++));
  return into;
}

/** A handshake and a text in each direction. */
function pskConversation(version: TLSVersion, suite: string, psk: Uint8Array, serverPsk = psk): void {
  const options = { ...only(version, suite), psk: { identity: name, key: psk } };
  const client = disposed(SSLContext.client(options));
  const server = disposed(SSLContext.server({ ...options, psk: { identity: name, key: serverPsk }, numTickets: 1 }));
  talk(client, server, psk);
}

/** RSA key exchange whose client sends what is given for its premaster secret; so it ends with a Finished that does not fit. */
function rsaConversation(encrypted: Uint8Array): void {
  const options = { ...only("TLSv1.2", "TLS_RSA_WITH_AES_128_GCM_SHA256"), now: () => today };
  const pair = {
    client: wrapped(disposed(SSLContext.client({ ...options, ca: root.der })), {
      serverHostname: "localhost",
    }),
    server: wrapped(disposed(SSLContext.server({ ...options, identities: [identity] }))),
  };
  const { server } = attempt(pair, Infinity, (from, bytes) =>
    from === "client" ? withPremaster(bytes, encrypted) : bytes,
  );
  expect(server).toMatchObject({ reason: "DECRYPTION_FAILED_OR_BAD_RECORD_MAC" });
}

/** The client's flight with another premaster secret in its ClientKeyExchange (RFC 5246, 7.4.7). */
function withPremaster(flight: Uint8Array, encrypted: Uint8Array): Uint8Array {
  const records = recordsOf(flight).map((record) => {
    if (record[0] !== recordType.handshake || record[5] !== clientKeyExchange) return record;
    return Uint8Array.of(...record.subarray(0, -encrypted.length), ...encrypted);
  });
  return joined(records);
}

function only(version: TLSVersion, suite: string): ClientOptions {
  return { minVersion: version, maxVersion: version, cipherSuites: [suite], now: () => noon };
}

function talk(client: SSLContext, server: SSLContext, text: Uint8Array, session: SSLSession | null = null): Pair {
  const offer = session === null ? {} : { session };
  const pair = { client: wrapped(client, { serverHostname: "localhost", ...offer }), server: wrapped(server) };
  handshake(pair);
  for (const [from, to] of [
    [pair.client, pair.server],
    [pair.server, pair.client],
  ] as const) {
    // prettier-ignore
    from.tls.write(text);
    deliver(from, to);
    expect(to.tls.read()).toEqual(text);
  }
  return pair;
}
