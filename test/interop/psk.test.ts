// Pre-shared keys with other stacks, in both roles: the right key, a wrong one, and an identity that nobody knows.
import { expect, test } from "vitest";
import { SSLContext, SSLError } from "../../ts/index.ts";
import { versions } from "../socket/tls.ts";
import { gnutls, node, openssl } from "./stacks.ts";
import { join, serve, turn } from "./turns.ts";

const psk = { identity: "someone", key: "00112233445566778899aabbccddeeff" };
const key = Uint8Array.from(Buffer.from(psk.key, "hex"));
const wrongKey = Uint8Array.of(1, 2, 3);

for (const stack of [openssl, gnutls, node]) {
  for (const version of versions) {
    const only = { minVersion: version, maxVersion: version };

    test(`we share a key with ${stack.name}'s server over ${version}`, async () => {
      await using server = await stack.server({ version, psk });
      using context = SSLContext.client({ ...only, psk: { identity: psk.identity, key } });
      await join(context, server.port, {}, async (tls) => {
        await turn(tls, 0);
        expect([tls.version(), tls.getPeerCert(), tls.sessionReused]).toEqual([version, null, false]);
      });
      const wrong = [
        { identity: psk.identity, key: wrongKey },
        // To a client of TLS 1.2 whose identity it does not know, s_server speaks all the same.
        ...(stack === openssl && version === "TLSv1.2" ? [] : [{ identity: "nobody", key }]),
      ];
      for (const other of wrong) {
        using stranger = SSLContext.client({ ...only, psk: other });
        const trial = join(stranger, server.port, {}, (tls) => turn(tls, 0));
        await expect(trial).rejects.toThrow(SSLError);
      }
    });

    test(`${stack.name}'s client shares a key with us over ${version}`, async () => {
      const asked: string[] = [];
      using context = SSLContext.server({
        ...only,
        psk: (identity) => {
          asked.push(new TextDecoder().decode(identity));
          return Promise.resolve(asked.at(-1) === psk.identity ? key : null);
        },
      });
      const { port, seen } = await serve([context], (tls) => [tls.version(), tls.getPeerCert(), tls.sessionReused]);
      await stack.client(port, { version, psk, connections: 1 });
      expect(await seen).toEqual([[version, null, false]]);
      for (const other of [
        { ...psk, key: "010203" },
        { ...psk, identity: "nobody" },
      ]) {
        const again = await serve([context], () => null);
        const trial = stack.client(again.port, { version, psk: other, connections: 1 });
        const [refused, refusal] = await Promise.allSettled([trial, again.seen]);
        expect([refused.status, refusal.status]).toEqual(["rejected", "rejected"]);
      }
      expect(asked).toEqual(["someone", "someone", "nobody"]);
    });
  }
}
