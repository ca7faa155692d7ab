// Self-signed identities as other stacks see them: openssl and Python verify them strictly, in both roles.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join as joinPath } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { generateSelfSigned, type SelfSigned, type SelfSignedKey, SSLContext } from "../../ts/index.ts";
import { versions } from "../socket/tls.ts";
import { opensslClient, opensslServer, pythonClient, pythonServer } from "../support/peers.ts";
import { join, serve, turn } from "./turns.ts";

const kinds: readonly SelfSignedKey[] = ["P-256", "P-384", "P-521", "RSA-2048"];
const made = new Map<SelfSignedKey, SelfSigned & { readonly certPath: string; readonly keyPath: string }>();
const folder = mkdtempSync(joinPath(tmpdir(), "wanttls-self-signed-"));

beforeAll(() => {
  for (const kind of kinds) {
    const [certPath, keyPath] = [joinPath(folder, `${kind}.crt`), joinPath(folder, `${kind}.key`)];
    const identity = generateSelfSigned({ key: kind });
    writeFileSync(certPath, identity.cert);
    writeFileSync(keyPath, identity.key);
    made.set(kind, { ...identity, certPath, keyPath });
  }
});

afterAll(() => rmSync(folder, { recursive: true }));

for (const kind of kinds) {
  test(`openssl finds the certificate and the key as they should be: ${kind}`, () => {
    const { certPath, keyPath } = made.get(kind)!;
    const openssl = (...args: readonly string[]): string => String(execFileSync("openssl", args));
    for (const purpose of ["sslserver", "sslclient"]) {
      const verified = openssl("verify", "-x509_strict", "-purpose", purpose, "-CAfile", certPath, certPath);
      expect(verified).toContain("OK");
    }
    expect(openssl("pkey", "-in", keyPath, "-check", "-noout")).toContain("Key is valid");
    const publicKey = openssl("x509", "-in", certPath, "-noout", "-pubkey");
    expect(openssl("pkey", "-in", keyPath, "-pubout")).toBe(publicKey);
  });

  for (const version of versions) {
    test(`openssl and Python trust it as a server and as a client: ${kind} over ${version}`, async () => {
      const { cert, key, certPath, keyPath } = made.get(kind)!;
      const files = { version, cert: certPath, key: keyPath, ca: certPath, verify: true };
      using server = SSLContext.server({ identities: [{ cert, key }], ca: cert, verifyMode: "required" });
      const serving = await serve([server, server], (tls) => tls.getPeerCert()!.subjectAltName.length);
      await using python = pythonClient(serving.port, { ...files, bytes: 100 });
      expect(await python.event("done")).toMatchObject({ received: 100 });
      await using openssl = opensslClient(serving.port, files);
      await openssl.waitFor(/Verify return code: 0 \(ok\)/);
      openssl.endInput();
      expect(await serving.seen).toEqual([3, 3]);

      using client = SSLContext.client({ identities: [{ cert, key }], ca: cert });
      await using pythonEnd = await pythonServer(files);
      await join(client, pythonEnd.port, {}, (tls) => turn(tls, 0));
      await using opensslEnd = await opensslServer(files);
      await join(client, opensslEnd.port, {}, (tls) => tls.sendAll(new TextEncoder().encode("hello\n")));
      await opensslEnd.waitFor(/hello/);
    });
  }
}
