// nginx in both of its roles: it serves our client, and it is the client of a server of ours.
import { afterAll, beforeAll, expect } from "vitest";
import { SSLCertVerificationError } from "../../ts/index.ts";
import { certs } from "../support/certs.ts";
import { identityOf, versions } from "../support/conversation.ts";
import { interop, type Row, versionOf } from "./matrix.ts";
import { httpsServer, type Nginx, proxyTo, startNginx } from "./nginx.ts";
import { clientOf, getPage, givePage, readUntil, serverOf, serveWith } from "./ours.ts";

const program = { program: "nginx", version: versionOf("nginx", ["-v"]) };
const large = "x".repeat(99).concat("\n").repeat(20_000);

let nginx: Nginx;
beforeAll(async () => {
  const blocks = [
    httpsServer("localhost", "optional"),
    httpsServer("localhost", "on"),
    httpsServer("unknownCa", "off"),
  ];
  nginx = await startNginx(blocks, { large });
});
afterAll(() => nginx[Symbol.asyncDispose]());

for (const tls of versions) {
  const server: Row = { ...program, role: "server", tls };
  const client: Row = { ...program, role: "client", tls };

  interop(server, "gives its pages to a client with and without a certificate", async () => {
    expect(await getPage(nginx.ports[0]!, clientOf(tls))).toContain(`\r\n\r\n${tls} NONE `);
    const known = clientOf(tls, { identities: [identityOf("client")] });
    expect(await getPage(nginx.ports[0]!, known)).toContain(`\r\n\r\n${tls} SUCCESS CN=wanttls test client`);
    expect(await getPage(nginx.ports[1]!, known)).toContain(`\r\n\r\n${tls} SUCCESS CN=wanttls test client`);
  });

  interop(server, "gives a file of two megabytes", async () => {
    const answer = await getPage(nginx.ports[0]!, clientOf(tls), "/large");
    expect(answer.slice(answer.indexOf("\r\n\r\n") + 4) === large).toBe(true);
  });

  interop(server, "gives nothing to a client without a certificate that it trusts", async () => {
    const stranger = clientOf(tls, { identities: [identityOf("clientUnknown")] });
    expect(await getPage(nginx.ports[1]!, stranger)).toMatch(/^HTTP\/1.1 400 [^]*SSL certificate error/);
    expect(await getPage(nginx.ports[1]!, clientOf(tls))).toMatch(/^HTTP\/1.1 400 [^]*No required SSL certificate/);
  });

  interop(server, "is not trusted with an unknown certificate", async () => {
    await expect(getPage(nginx.ports[2]!, clientOf(tls))).rejects.toThrow(SSLCertVerificationError);
  });

  interop(client, "hands on our page, and shows its certificate", async () => {
    await using ours = await serveWith(serverOf(tls, { ca: certs.root.cert, verifyMode: "required" }), givePage);
    await using proxy = await startNginx([proxyTo(ours.port, "client")]);
    const answer = await fetch(`http://127.0.0.1:${proxy.ports[0]}/page`);
    expect(await answer.text()).toContain(`<p>GET /page by wanttls test client over ${tls}</p>`);
  });

  // It looks at the certificate behind the handshake, and goes without a word.
  interop(client, "asks nothing of a server with an unknown certificate", async () => {
    let asked: Promise<string> | undefined;
    await using ours = await serveWith(serverOf(tls, {}, "unknownCa"), async (connection) => {
      asked = readUntil(connection, "GET");
      await asked;
    });
    await using proxy = await startNginx([proxyTo(ours.port, "client")]);
    expect(await statusOf(proxy)).toBe(502);
    expect(await ours.next()).toBeNull();
    await expect(asked).rejects.toThrow(/there is no more|without a close_notify/);
  });

  interop(client, "is refused with an unknown certificate", async () => {
    await using ours = await serveWith(serverOf(tls, { ca: certs.root.cert, verifyMode: "required" }), givePage);
    await using proxy = await startNginx([proxyTo(ours.port, "clientUnknown")]);
    expect(await statusOf(proxy)).toBe(502);
    expect(await ours.next()).toBeInstanceOf(SSLCertVerificationError);
  });
}

async function statusOf(proxy: Nginx): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${proxy.ports[0]}/`);
  await answer.text();
  return answer.status;
}
