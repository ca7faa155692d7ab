// Keying material as OpenSSL computes it.
import { expect, test } from "vitest";
import { isWant, select, SSLContext } from "../../ts/index.ts";
import { certs } from "../support/certs.ts";
import { dial } from "../support/dial.ts";
import { opensslServer } from "../support/peers.ts";

test("S36 OpenSSL exports the same keying material", async () => {
  for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
    const extra = ["-keymatexport", "EXPORTER-wanttls", "-keymatexportlen", "40"];
    await using peer = await opensslServer({ version, extra });
    using context = SSLContext.client({ ca: certs.root.cert });
    const tls = context.wrapSocket(await dial(peer.port), { serverHostname: "localhost" });
    for (let done = false; !done;) {
      try {
        tls.doHandshake();
        done = true;
      } catch (error) {
        if (!isWant(error)) throw error;
        await select([tls], [], []);
      }
    }
    await tls.sendAll(new TextEncoder().encode("hello\n")); // s_server introduces the connection when something comes
    const [, printed] = await peer.waitFor(/Keying material: ([0-9A-F]{80})/);
    const ours = tls.exportKeyingMaterial(40, "EXPORTER-wanttls");
    expect(Array.from(ours, (byte) => byte.toString(16).padStart(2, "0").toUpperCase()).join("")).toBe(printed);
    tls.close();
  }
});
