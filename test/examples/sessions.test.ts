// Runs the examples of docs/sessions.md.
import { expect, test } from "vitest";
import type { SSLContext, SSLSession } from "../../ts/index.ts";
import { certs } from "../support/certs.ts";
import { disposed, handshake, serverContext, wrapped } from "../support/conversation.ts";
import { documentAt } from "./snippets.ts";

const { snippet } = documentAt("docs/sessions.md");

interface Resume {
  remembering(ca: string): { context: SSLContext; sessionFor: (name: string) => { session?: SSLSession } };
}
interface Psk {
  device(identity: string, key: Uint8Array): SSLContext;
  hub(find: (name: string) => Uint8Array | null): SSLContext;
}

test("docs/sessions.md: a client remembers the latest session with each server", async () => {
  const { remembering } = await snippet<Resume>("resume.ts");
  const { context, sessionFor } = remembering(certs.root.cert);
  disposed(context);
  const server = serverContext({ numTickets: 2 });
  expect(sessionFor("localhost")).toEqual({});
  for (const resumed of [false, true, true]) {
    const wrap = { serverHostname: "localhost", ...sessionFor("localhost") };
    const pair = handshake({ client: wrapped(context, wrap), server: wrapped(server) });
    expect(pair.client.tls.sessionReused).toBe(resumed);
    pair.client.tls.tryRead(new Uint8Array(1));
  }
});

test("docs/sessions.md: a device and its hub know each other by a key", async () => {
  const { device, hub } = await snippet<Psk>("psk.ts");
  const key = crypto.getRandomValues(new Uint8Array(32));
  const client = disposed(device("lamp 3", key));
  const server = disposed(hub((name) => (name === "lamp 3" ? key : null)));
  const pair = handshake({ client: wrapped(client, { serverHostname: "hub" }), server: wrapped(server) });
  expect(pair.server.tls.getPeerCert()).toBe(null);
});
