// Runs the example of docs/trace.md, and looks at its picture.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { SSLContext } from "../../ts/index.ts";
import { certs } from "../support/certs.ts";
import { disposed, handshake, serverContext, wrapped } from "../support/conversation.ts";
import { documentAt } from "./snippets.ts";

const { snippet, text } = documentAt("docs/trace.md");

test("docs/trace.md: a client prints what its handshakes say", async () => {
  const { watching } = await snippet<{ watching(ca: string, print: (line: string) => void): SSLContext }>("watch.ts");
  const lines: string[] = [];
  const client = wrapped(disposed(watching(certs.root.cert, (line) => lines.push(line))), {
    serverHostname: "localhost",
  });
  handshake({ client, server: wrapped(serverContext()) });
  expect(lines[0]).toMatch(/^\d+ ms -> ClientHello legacy_version: TLSv1\.2 .* server_name: localhost /);
  expect(lines[1]).toMatch(/^\d+ ms <- ServerHello .* supported_versions: TLSv1\.3 /);
  expect(lines.at(-1)).toMatch(/^\d+ ms -> Finished verify_data: 32 bytes$/);
});

test("docs/trace.md: the picture is what the commands make", () => {
  const picture = readFileSync(`${import.meta.dirname}/../../docs/trace.svg`, "utf8");
  for (const part of [" h2", "--cert client.chain.pem", "localhost:4433"]) expect(text).toContain(part);
  for (const part of ["CertificateRequest", "CN=wanttls test client", "TLSv1.3", "localhost:4433", ">h2<"])
    expect(picture).toContain(part);
});
