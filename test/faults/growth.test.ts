// The module's memory grows in the middle of a call, at every single allocation: each view that JavaScript had of it is empty from then
// on. Nobody notices, in any stretch of a conversation.
import { expect, test } from "vitest";
import { sharedRealm } from "../../ts/engine/realms.ts";
import { certs } from "../support/certs.ts";
import { contextsOf, expectAlive, pairIn } from "../support/contexts.ts";
import {
  available,
  deliver,
  handshake,
  identityOf,
  joined,
  type Pair,
  pattern,
  sides,
  roles,
  versions,
} from "../support/conversation.ts";
import { withFault } from "../engine/faulty-module.ts";

const page = 65_536;

test.each(versions)("a memory that grows at every allocation changes nothing, %s", (version) => {
  const before = sharedRealm().memoryBytes;
  const allocations = withFault("grow memory", 1, () => {
    const contexts = contextsOf(
      version,
      { identities: [identityOf("client")], alpn: ["h2"], onKeyLog: () => {}, onTrace: () => {} },
      { verifyMode: "required", ca: certs.root.cert, alpn: ["h2"], numTickets: 1 },
    );
    const first = handshake(pairIn(contexts));
    converse(first);
    const again = handshake(pairIn(contexts, first.client.tls.session));
    expect([again.client.tls.sessionReused, again.server.tls.sessionReused]).toEqual([true, true]);
    converse(again);
    for (const context of [contexts.client, contexts.server]) context.dispose();
  });
  expect(allocations).toBeGreaterThan(100);
  expect(sharedRealm().memoryBytes - before).toBeGreaterThanOrEqual(allocations * page);
  expect(sharedRealm().poisoned).toBe(false);
});

/** Everything that an open connection does. */
function converse(pair: Pair): void {
  available(pair.client); // tickets
  for (const role of roles) {
    const [writer, reader] = sides(pair, role);
    writer.tls.write(pattern(40_000));
    deliver(writer, reader);
    expect(joined(available(reader))).toEqual(pattern(40_000));
  }
  if (pair.client.tls.version() === "TLSv1.3") pair.client.tls.updateKeys({ request: true });
  expectAlive(pair);
  const [ours, theirs] = [pair.client, pair.server].map(({ tls }) => tls.exportKeyingMaterial(32, "EXPORTER-test"));
  expect(ours).toEqual(theirs);
  for (const role of roles) {
    const [own, peer] = sides(pair, role);
    own.tls.shutdownWrite();
    deliver(own, peer);
    expect(peer.tls.tryRead(new Uint8Array(1))).toEqual({ kind: "eof" });
  }
}
