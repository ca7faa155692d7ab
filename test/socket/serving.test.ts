// A server that meets good and bad clients, over loopback TCP.
import { describe, expect, test } from "vitest";
import { sharedRealm } from "../../ts/engine/realms.ts";
import { MemoryBIO, select, SSLContext, type SSLSocket } from "../../ts/index.ts";
import { certs } from "../support/certs.ts";
import { dial, listen } from "../support/dial.ts";
import { recvAll, versions } from "./tls.ts";

const identityOf = (name: "localhost" | "localhostRsa" | "otherHost"): { cert: string; key: string } => ({
  cert: certs[name].chain,
  key: certs[name].key,
});

describe.each(versions)("S40 a server of %s", (version) => {
  const only = { minVersion: version, maxVersion: version };

  test("has one error with its reason for each failed handshake, and serves the next client", async () => {
    using context = SSLContext.server({ ...only, identities: [identityOf("localhost")] });
    using trusting = SSLContext.client({ ...only, ca: certs.root.cert });
    using distrusting = SSLContext.client({ ...only, ca: certs.unknownRoot.cert });
    const ends: unknown[] = [];
    const listening = await listen(
      (transport) => void greet(context.wrapSocket(transport)).then((end) => ends.push(end)),
    );
    const wrong = { serverHostname: "example.org" };

    const refusing = async (client: SSLContext, options: { serverHostname: string }): Promise<void> => {
      const tls = client.wrapSocket(await dial(listening.port), options);
      await expect(tls.sendAll(new Uint8Array(1))).rejects.toMatchObject({ name: "SSLCertVerificationError" });
      tls.close();
    };
    await refusing(distrusting, { serverHostname: "localhost" });
    await refusing(trusting, wrong);
    const stranger = await dial(listening.port);
    await select([], [stranger], []);
    stranger.send(new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n"));
    await expect.poll(() => ends.length).toBe(3);
    stranger.close();
    expect(await greeting(trusting, listening.port)).toBe("welcome");
    await expect.poll(() => ends.length).toBe(4);
    expect(ends).toEqual([
      expect.objectContaining({ name: "SSLAlertError", alertName: "unknown_ca" }),
      expect.objectContaining({ name: "SSLAlertError", alertName: "bad_certificate" }),
      expect.objectContaining({ name: "SSLError", reason: "HTTP_REQUEST" }),
      undefined,
    ]);
    listening.stop();
  });

  test("changes its certificate for new connections only", async () => {
    using first = SSLContext.server({ ...only, identities: [identityOf("localhost")] });
    using second = first.with({ identities: [identityOf("localhostRsa")] });
    using client = SSLContext.client({ ...only, ca: [certs.root.cert, certs.rsaRoot.cert] });
    let current = first;
    const listening = await listen((transport) => void greet(current.wrapSocket(transport)));
    const before = client.wrapSocket(await dial(listening.port), { serverHostname: "localhost" });
    await before.sendAll(new Uint8Array(1));
    current = second;
    const after = client.wrapSocket(await dial(listening.port), { serverHostname: "localhost" });
    await after.sendAll(new Uint8Array(1));
    for (const tls of [before, after]) expect(new TextDecoder().decode(await recvAll(tls))).toBe("welcome");
    const [old, fresh] = [before, after].map((tls) => tls.getPeerCert({ binary: true }));
    expect(old).not.toEqual(fresh);
    for (const tls of [before, after]) tls.close();
    listening.stop();
  });
});

test("S20 clients that go in every phase leave nothing behind, and the next one is served", async () => {
  const before = sharedRealm().liveObjects();
  {
    using context = SSLContext.server({ identities: [identityOf("localhost")] });
    using client = SSLContext.client({ ca: certs.root.cert });
    let served = 0;
    const listening = await listen((transport) => void greet(context.wrapSocket(transport)).then(() => served++));
    const hello = new MemoryBIO();
    const speaker = client.wrapBio(new MemoryBIO(), hello, { serverHostname: "localhost" });
    speaker.tryHandshake();
    speaker.dispose();
    const half = hello.read(100);
    const clients = 300;
    for (let i = 0; i < clients; i++) {
      const transport = await dial(listening.port);
      await select([], [transport], []);
      if (i % 3 === 1) transport.send(half);
      if (i % 3 === 2) {
        const tls = client.wrapSocket(transport, { serverHostname: "localhost" });
        await tls.sendAll(new Uint8Array(1));
        tls.abort();
      } else if (i % 2 === 0) transport.abort();
      else transport.close();
    }
    await expect.poll(() => served).toBe(clients);
    expect(await greeting(client, listening.port)).toBe("welcome");
    listening.stop();
    await expect.poll(() => served).toBe(clients + 1);
  }
  await expect.poll(() => sharedRealm().liveObjects()).toBe(before);
});

/** Waits for the first byte, answers, and closes; what went wrong, or undefined. */
async function greet(tls: SSLSocket): Promise<unknown> {
  try {
    await recvAll(tls, 1);
    await tls.sendAll(new TextEncoder().encode("welcome"));
    return undefined;
  } catch (error) {
    return error;
  } finally {
    tls.close();
  }
}

async function greeting(context: SSLContext, port: number): Promise<string> {
  const tls = context.wrapSocket(await dial(port), { serverHostname: "localhost" });
  await tls.sendAll(new Uint8Array(1));
  const bytes = await recvAll(tls);
  tls.close();
  return new TextDecoder().decode(bytes);
}
