// Runs the examples of docs/promises.md.
import { afterAll, expect, test } from "vitest";
import { type ListenOptions, SSLContext, SSLError, type TLSConnection, type TLSListener } from "../../ts/index.ts";
import { connect as connectOnBun, listen as listenOnBun } from "../../ts/bun/stream.ts";
import { connect as connectOnDeno, listen as listenOnDeno } from "../../ts/deno/stream.ts";
import { connect as connectOnNode, listen as listenOnNode } from "../../ts/node/stream.ts";
import { certs } from "../support/certs.ts";
import { runtime } from "../socket/pairs.ts";
import { documentAt } from "./snippets.ts";

const connect = { node: connectOnNode, deno: connectOnDeno, bun: connectOnBun }[runtime];
const listen = { node: listenOnNode, deno: listenOnDeno, bun: listenOnBun }[runtime];
const { snippet } = documentAt("docs/promises.md");

const { chain: cert, key } = certs.localhost;
const server = SSLContext.server({ identities: [{ cert, key }] });
const client = SSLContext.client({ ca: certs.root.cert });
const stranger = SSLContext.client({ ca: certs.unknownRoot.cert });
afterAll(() => [server, client, stranger].forEach((context) => context.dispose()));

type Start = (
  listening: (options: ListenOptions) => Promise<TLSListener>,
  context: SSLContext,
  log: (line: string) => void,
) => Promise<TLSListener>;

test("docs/promises.md: a question is answered by the server, which outlives a client that does not trust it", async () => {
  const { ask } = await snippet<{ ask(tls: TLSConnection, question: string): Promise<string> }>("ask.ts");
  const { start } = await snippet<{ start: Start }>("serve.ts");
  const lines: string[] = [];
  await using listener = await start(listen, server, (line) => lines.push(line));
  const to = { hostname: "127.0.0.1", port: listener.port, serverHostname: "localhost" };
  await expect(connect({ ...to, context: stranger })).rejects.toThrow(SSLError);
  const question = "who is there? ".repeat(5000);
  expect(await ask(await connect({ ...to, context: client }), question)).toBe(question);
  await expect.poll(() => lines).toEqual([expect.stringMatching(/^127\.0\.0\.1: SSL/)]);
});
