// Constant time of what only a whole conversation does: both key schedules (the PRF of TLS 1.2 and HKDF), Finished, the binders and
// tickets of sessions and pre-shared keys, records, and the premaster secret of RSA. Both sides run in the shipped module as an
// onlooker sees it (test/audit/instrument.ts); the secrets differ from run to run, and what is seen must not, but where it is listed.
import { X509Certificate } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { init, sharedRealm } from "../../ts/engine/realms.ts";
import { type ClientOptions, SSLContext, type SSLSession, type TLSVersion } from "../../ts/ssl/index.ts";
import { instrumented } from "../audit/instrument.ts";
import { differences, Onlooker, type View } from "../audit/onlooker.ts";
import { WasmBinary } from "../audit/wasm-binary.ts";
import { certs } from "../support/certs.ts";
import {
  attempt,
  deliver,
  disposed,
  handshake,
  identityOf,
  inCase,
  type Pair,
  wrapped,
} from "../support/conversation.ts";
import { noon } from "../support/recording.ts";
import { randomBytes } from "./evidence.ts";
import { byteSecrets } from "./secrets.ts";

const binary = WasmBinary.read("build/wanttls.wasm");
const identity = "device 17";
let onlooker: Onlooker;
let drawn = 0;

beforeAll(async () => {
  await init(instrumented(binary, ["entries", "branches", "addresses"]));
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

describe("the same branches and addresses for all pre-shared keys, ephemeral keys and texts", () => {
  test.each(suites)("%s with %s", (version, suite) => {
    const views = byteSecrets(32, "few").map((secret) => seen(() => pskConversation(version, suite, secret), secret));
    expect(differences(views)).toEqual([]);
  });
});

describe("the same branches and addresses for all sessions that are resumed", () => {
  const resumed = [["TLSv1.3", "TLS_AES_128_GCM_SHA256"], ["TLSv1.3", "TLS_AES_256_GCM_SHA384"], ["TLSv1.2", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"]] as const; // prettier-ignore
  test.each(resumed)("%s with %s", (version, suite) => {
    const views = byteSecrets(32, "few").map((secret) => {
      const contexts: SSLContext[] = [];
      let session: SSLSession | null = null;
      drawn = secret[0]! * 1000;
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

/** What an onlooker sees; the randomness of both sides depends on the secret too. */
function seen(work: () => void, secret: Uint8Array): View {
  drawn = secret[0]! * 1000;
  return onlooker.watch(() => inCase("conversation", work));
}

function draw(into: Uint8Array): Uint8Array {
  into.set(randomBytes(into.length, drawn++));
  return into;
}

/** A handshake and a text in each direction. */
function pskConversation(version: TLSVersion, suite: string, key: Uint8Array): void {
  const options = { ...only(version, suite), psk: { identity, key } };
  const client = disposed(SSLContext.client(options));
  const server = disposed(SSLContext.server({ ...options, numTickets: 1 }));
  talk(client, server, key);
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
void attempt;
void X509Certificate;
