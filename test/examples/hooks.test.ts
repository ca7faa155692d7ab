// Runs the examples of docs/hooks.md.
import { expect, test } from "vitest";
import { type Identity, pemCertToDer, spkiPin, type SSLContext } from "../../ts/ssl/index.ts";
import { type CertName, certs } from "../support/certs.ts";
import {
  attemptPatiently,
  clientContext,
  disposed,
  handshake,
  identityOf,
  serverContext,
  wrapped,
} from "../support/conversation.ts";
import { documentAt } from "./snippets.ts";

const { snippet } = documentAt("docs/hooks.md");

test("S33 S40 docs/hooks.md: hosts get their certificates, and new ones while the server runs", async () => {
  type Use = (contexts: Readonly<Record<string, SSLContext>>) => void;
  const { hosting } = await snippet<{ hosting(otherwise: Identity): { context: SSLContext; use: Use } }>("hosts.ts");
  const { context, use } = hosting(identityOf("otherHost"));
  disposed(context);
  const client = clientContext({ verifyMode: "none" });
  const presented = (serverHostname: string): unknown => {
    const pair = handshake({ client: wrapped(client, { serverHostname }), server: wrapped(context) });
    return pair.client.tls.getPeerCert({ binary: true });
  };
  const der = (name: CertName): Uint8Array => pemCertToDer(certs[name].cert);
  const hosts = { "www.example.org": serverContext(), "*.example.org": serverContext({}, "wildcard") };
  expect(presented("www.example.org")).toEqual(der("otherHost"));
  use(hosts);
  expect(presented("www.example.org")).toEqual(der("localhost"));
  expect(presented("other.example.org")).toEqual(der("wildcard"));
  use({ ...hosts, "www.example.org": serverContext({}, "localhostRsa") });
  expect(presented("www.example.org")).toEqual(der("localhostRsa"));
  expect(presented("elsewhere.test")).toEqual(der("otherHost"));
});

test("S33 docs/hooks.md: a service is asked about the key of the server", async () => {
  const { checking } = await snippet<{ checking(ca: string, revoked: (pin: string) => Promise<boolean>): SSLContext }>(
    "verify.ts",
  );
  const asked: string[] = [];
  for (const stolen of [false, true]) {
    const revoked = (pin: string): Promise<boolean> => {
      asked.push(pin);
      return Promise.resolve(stolen);
    };
    const context = disposed(checking(certs.root.cert, revoked));
    const pair = { client: wrapped(context, { serverHostname: "localhost" }), server: wrapped(serverContext()) };
    const { client, server } = await attemptPatiently(pair);
    expect(client).toEqual(stolen ? expect.objectContaining({ verifyCode: 50 }) : undefined);
    expect(server).toEqual(stolen ? expect.objectContaining({ alertName: "certificate_revoked" }) : undefined);

    const stranger = { ...pair, server: wrapped(serverContext({}, "unknownCa")) };
    stranger.client = wrapped(context, { serverHostname: "localhost" });
    expect((await attemptPatiently(stranger)).client).toMatchObject({ verifyCode: 20 });
  }
  expect(asked).toEqual(Array(2).fill(spkiPin(certs.localhost.cert)));
});
