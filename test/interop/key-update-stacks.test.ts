// KeyUpdate with other stacks, and Wireshark as the witness of who has said what.
import { expect, test } from "vitest";
import { SSLContext } from "../../ts/index.ts";
import { Capture, dissect } from "../support/capture.ts";
import { certs } from "../support/certs.ts";
import { bun, deno, gnutls, go, java, node, python } from "./stacks.ts";
import { join, serve, turn } from "./turns.ts";

const version = "TLSv1.3";
const asks = "1";
const answers = "0";

for (const stack of [gnutls, java]) {
  test(`B39 ${stack.name}'s server may change keys and ask for ours`, async () => {
    await using server = await stack.server({ version, extra: ["--rekey"] });
    const updates = await witnessed(server.port, async (onKeyLog) => {
      using context = SSLContext.client({ ca: certs.root.cert, onKeyLog });
      await join(context, server.port, {}, async (tls) => {
        await turn(tls, 0);
        await turn(tls, 1);
      });
    });
    expect(updates).toEqual({ client: [answers, answers], server: [asks, asks] });
  });

  test(`B39 ${stack.name}'s client may change keys and ask for ours`, async () => {
    const keyLog: string[] = [];
    const identities = [{ cert: certs.localhost.chain, key: certs.localhost.key }];
    using context = SSLContext.server({ identities, onKeyLog: (line) => keyLog.push(line) });
    const { port, seen } = await serve([context, context], (tls) => tls.version());
    const updates = await witnessed(port, async (onKeyLog) => {
      await Promise.all([stack.client(port, { version, extra: ["--rekey"] }), seen]);
      keyLog.forEach(onKeyLog);
    });
    expect(updates).toEqual({ client: [asks, asks], server: [answers, answers] });
  });
}

for (const stack of [gnutls, java, go, python, node, deno, bun]) {
  test(`B39 ${stack.name}'s server takes our new keys and answers with its own`, async () => {
    await using server = await stack.server({ version });
    const updates = await witnessed(server.port, async (onKeyLog) => {
      using context = SSLContext.client({ ca: certs.root.cert, minVersion: version, onKeyLog });
      await join(context, server.port, {}, async (tls) => {
        for (const nth of [0, 1, 2]) {
          await turn(tls, nth);
          tls.updateKeys({ request: nth < 2 });
        }
        await turn(tls, 3);
      });
    });
    expect(updates).toEqual({ client: [asks, asks, answers], server: [answers, answers] });
  });
}

/** Who asked for new keys, and who only changed its own, in their order. */
async function witnessed(
  port: number,
  talk: (onKeyLog: (line: string) => void) => Promise<void>,
): Promise<Record<"client" | "server", string[]>> {
  const keyLog: string[] = [];
  await using capture = await Capture.start(port);
  await talk((line) => void keyLog.push(line));
  const fields = ["tcp.srcport", "tls.handshake.key_update.request_update", "_ws.malformed"] as const;
  const { frames } = await dissect(await capture.finish(), port, keyLog, 0, fields);
  expect(frames.filter((frame) => frame["_ws.malformed"] !== "")).toEqual([]);
  const updates = (mine: boolean): string[] =>
    frames
      .filter((frame) => (frame["tcp.srcport"] === String(port)) === mine)
      .flatMap((frame) => frame["tls.handshake.key_update.request_update"].split(","))
      .filter((update) => update !== "");
  return { client: updates(false), server: updates(true) };
}
