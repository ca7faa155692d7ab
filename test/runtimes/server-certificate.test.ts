// getServerCertificate, over the sockets of the runtime that runs the tests.
import { spawnSync } from "node:child_process";
import net from "node:net";
import { describe, expect, test } from "vitest";
import {
  derCertToPem,
  pemCertToDer,
  spkiPin,
  SSLCertVerificationError,
  SSLConfigError,
  SSLSyscallError,
  SSLTimeoutError,
  TrustStore,
} from "../../ts/index.ts";
import { type CertName, certPath, certs } from "../support/certs.ts";
import { pythonServer } from "../support/peers.ts";
import { thisRuntime } from "../support/this-runtime.ts";

const { getServerCertificate } = await thisRuntime();

describe("getServerCertificate", () => {
  test("answers what Python's answers, whoever issued it", async () => {
    for (const identity of ["localhost", "selfSigned", "expired"] as const) {
      await using server = await pythonServer({
        cert: certPath(identity, "cert"),
        key: certPath(identity, "key"),
      });
      const pem = await getServerCertificate("localhost", server.port);
      expect(pem).toBe(pemOf(identity));
      const script = `import ssl; print(ssl.get_server_certificate(("localhost", ${server.port})), end="")`;
      expect(spawnSync("python3", ["-c", script], { encoding: "utf8" }).stdout).toBe(pem);
    }
  });

  test("verifies chain and name when it is told whom to trust, and takes the options of a client", async () => {
    await using server = await pythonServer({});
    const { port } = server;
    const trust = TrustStore.fromPem(certs.root.cert);
    expect(await getServerCertificate("127.0.0.1", port, { trust })).toBe(pemOf("localhost"));
    expect(await getServerCertificate("localhost", port, { ca: certs.root.cert, maxVersion: "TLSv1.2" })).toBe(
      pemOf("localhost"),
    );
    for (const options of [
      { ca: certs.unknownRoot.cert },
      { trust, serverHostname: "other.example" },
      { pins: [spkiPin(certs.root.cert)] },
    ])
      await expect(getServerCertificate("localhost", port, options)).rejects.toThrow(SSLCertVerificationError);
  });

  test("waits for a hook of the application", async () => {
    await using server = await pythonServer({});
    const later = <T>(value: T): Promise<T> => new Promise((resolve) => setTimeout(() => resolve(value), 5));
    const verify = (): Promise<{ accept: true }> => later({ accept: true });
    const ca = certs.unknownRoot.cert;
    expect(await getServerCertificate("localhost", server.port, { ca, verify })).toBe(pemOf("localhost"));
    const refuse = async (): Promise<never> => {
      throw new Error(await later("not this one"));
    };
    await expect(getServerCertificate("localhost", server.port, { verify: refuse })).rejects.toThrow("not this one");
  });

  test("rejects with what keeps it from connecting, and for options that are wrong", async () => {
    await expect(getServerCertificate("127.0.0.1", await freePort())).rejects.toThrow(SSLSyscallError);
    await expect(getServerCertificate("127.0.0.1", await freePort())).rejects.toMatchObject({ code: "ECONNREFUSED" });
    await using server = await pythonServer({});
    const unknown = { nonsense: 1 } as object;
    await expect(getServerCertificate("localhost", server.port, unknown)).rejects.toThrow(SSLConfigError);
    const nameless = { serverHostname: "" };
    await expect(getServerCertificate("localhost", server.port, nameless)).rejects.toThrow(SSLConfigError);
  });

  test("does not wait longer than it is told for a server that says nothing", async () => {
    const sockets = new Set<net.Socket>();
    const silent = net.createServer((socket) => void sockets.add(socket.on("error", () => {})));
    const port = await listening(silent);
    await expect(getServerCertificate("127.0.0.1", port, { timeoutMs: 100 })).rejects.toThrow(SSLTimeoutError);
    for (const socket of sockets) socket.destroy();
    silent.close();
  });
});

function pemOf(name: CertName): string {
  return derCertToPem(pemCertToDer(certs[name].cert));
}

/** A port that nobody listens on. */
async function freePort(): Promise<number> {
  const server = net.createServer();
  const port = await listening(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function listening(server: net.Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve((server.address() as net.AddressInfo).port));
  });
}
