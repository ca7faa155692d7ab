// The other stacks among themselves: a peer that does not resume must not look like a wanttls that does not.
import { expect, test } from "vitest";
import { versions } from "../socket/tls.ts";
import { bun, deno, gnutls, go, java, node, openssl, python, type Stack } from "./stacks.ts";

const pairs: readonly { readonly server: Stack; readonly client: Stack }[] = [
  { server: openssl, client: openssl },
  ...[gnutls, java, node, bun].flatMap((stack) => [
    { server: stack, client: python },
    { server: python, client: stack },
  ]),
  { server: go, client: go },
  { server: deno, client: python },
];

for (const { server, client } of pairs) {
  for (const version of versions) {
    test(`${client.name}'s client resumes with ${server.name}'s server over ${version}`, async () => {
      await using listening = await server.server({ version });
      expect(await client.client(listening.port, { version })).toEqual([false, true]);
      const expected = server === deno ? [null, null] : [false, true];
      expect([await listening.resumed(0), await listening.resumed(1)]).toEqual(expected);
    });
  }
}

for (const stack of [openssl, gnutls, node]) {
  for (const version of versions) {
    test(`${stack.name}'s server shares a key with its own client and with OpenSSL's over ${version}`, async () => {
      const psk = { identity: "someone", key: "00112233445566778899aabbccddeeff" };
      await using server = await stack.server({ version, psk });
      for (const client of new Set([openssl, stack])) {
        await client.client(server.port, { version, psk, connections: 1 });
        const wrong = client.client(server.port, { version, psk: { ...psk, key: "00" }, connections: 1 });
        await expect(wrong).rejects.toThrow();
      }
    });
  }
}
