// KeyUpdate with OpenSSL: its s_server and s_client send one when they read a line with "k", or "K" to ask for ours.
import { expect, test } from "vitest";
import { SSLContext, type SSLSocket } from "../../ts/index.ts";
import { certs } from "../support/certs.ts";
import { dial, listen } from "../support/dial.ts";
import { opensslClient, opensslServer, type Peer } from "../support/peers.ts";
import { line } from "./turns.ts";

test("L1 B39 OpenSSL's server may change keys and ask for ours, and so may we", async () => {
  await using peer = await opensslServer({ version: "TLSv1.3", extra: ["-msg"] });
  using context = SSLContext.client({ ca: certs.root.cert, minVersion: "TLSv1.3" });
  const tls = context.wrapSocket(await dial(peer.port), { serverHostname: "localhost" });
  expect(await converse(tls, peer)).toEqual(["theirs 0\n", "theirs 1\n", "theirs 2\n"]);
  tls.close();
});

test("L1 B39 OpenSSL's client may change keys and ask for ours, and so may we", async () => {
  using context = SSLContext.server({ identities: [{ cert: certs.localhost.chain, key: certs.localhost.key }] });
  const accepted = Promise.withResolvers<SSLSocket>();
  const listening = await listen((transport) => accepted.resolve(context.wrapSocket(transport)));
  await using peer = opensslClient(listening.port, { version: "TLSv1.3", commands: true, extra: ["-msg"] });
  const tls = await accepted.promise;
  expect(await converse(tls, peer)).toEqual(["theirs 0\n", "theirs 1\n", "theirs 2\n"]);
  tls.close();
  listening.stop();
});

async function converse(tls: SSLSocket, peer: Peer): Promise<string[]> {
  const lines: string[] = [];
  for (const [round, command] of ["k", "K", "k"].entries()) {
    await tls.sendAll(new TextEncoder().encode(`ours ${round}\n`));
    await peer.waitFor(new RegExp(`ours ${round}\n`));
    const sent = updates(peer, ">>>");
    peer.write(`${command}\n`);
    await peer.waitFor(repeated(">>>", sent + 1)); // two lines read at once would be one command
    const received = updates(peer, "<<<");
    tls.updateKeys({ request: round > 0 });
    await peer.waitFor(repeated("<<<", received + 1)); // OpenSSL answers with its next write
    peer.write(`theirs ${round}\n`);
    lines.push(await line(tls));
    if (round > 0) await peer.waitFor(repeated(">>>", sent + 2));
    if (command === "K") await peer.waitFor(repeated("<<<", received + 2));
  }
  return lines;
}

function updates(peer: Peer, direction: string): number {
  return peer.stdout.split(new RegExp(`${direction} [^\n]*KeyUpdate`)).length - 1;
}

function repeated(direction: string, count: number): RegExp {
  return new RegExp(`(?:${direction} [^\n]*KeyUpdate[^]*){${count}}`);
}
