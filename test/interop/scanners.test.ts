// What scanners say of servers of ours: testssl.sh and sslscan, which look for known weaknesses, and Nmap, which grades what is
// offered. What our side sends while it is scanned is read by Wireshark too.
//
// They speak TLS 1.2 without the extended master secret, which servers of ours refuse unless told: so they scan one that does
// without it as well, as they would see nothing of TLS 1.2 otherwise.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type ServerOptions, SSLContext } from "../../ts/index.ts";
import { Capture, dissect } from "../support/capture.ts";
import { certPath } from "../support/certs.ts";
import { disposed, identityOf } from "../support/conversation.ts";
import { Peer } from "../support/peers.ts";
import { givePage, type OurServer, serveWith } from "./ours.ts";
import { Folder } from "./programs.ts";

/**
 * What testssl.sh calls bad and is no matter of a TLS server: the certificates of the tests are valid until 2120, so that the
 * tests do not end earlier, and their authority publishes no revocations.
 */
const noMatterOfTls = new Set(["cert_validityPeriod", "cert_revocation"]);

/** WARN is what it could not look at: it resumes TLS 1.3 with a session that it has not always waited for. */
const harmless = new Set(["OK", "INFO", "WARN"]);

interface Finding {
  readonly id: string;
  readonly severity: string;
  readonly finding: string;
}

/** Servers with both kinds of certificates and nothing else told, but `options`. */
function serve(options: Partial<ServerOptions> = {}): Promise<OurServer> {
  const identities = [identityOf("localhost"), identityOf("localhostRsa")];
  return serveWith(disposed(SSLContext.server({ identities, ...options })), givePage);
}

async function outputOf(command: string, args: readonly string[]): Promise<string> {
  await using scanner = new Peer(command, args);
  expect(await scanner.exited, `${scanner.stdout}\n${scanner.stderr}`).toBe(0);
  return scanner.stdout;
}

/** The attributes of each element of that name. */
function elements(xml: string, name: string): Readonly<Record<string, string>>[] {
  return Array.from(xml.matchAll(new RegExp(`<${name} ([^>]*?)/?>`, "g")), ([, attributes]) =>
    Object.fromEntries(Array.from(attributes!.matchAll(/(\w+)="([^"]*)"/g), ([, key, value]) => [key!, value!])),
  );
}

test(
  "testssl.sh finds nothing above info in our default server, nor in one without that demand",
  { timeout: 300_000 },
  async () => {
    const [strict, lax] = await Promise.all([scan({}), scan({ requireExtendedMasterSecret: false })]);
    expect(strict.get("TLS1_2")?.finding).toBe("not offered");
    expect(lax.get("TLS1_2")?.finding).toBe("offered");
    for (const findings of [strict, lax]) {
      expect([...findings.values()].filter(({ severity }) => !harmless.has(severity))).toEqual([]);
      expect(findings.get("TLS1_3")?.finding).toContain("offered");
      for (const weakness of ["heartbleed", "CCS", "ROBOT", "secure_client_renego", "LUCKY13", "DROWN", "POODLE_SSL"])
        expect(findings.get(weakness)?.finding, weakness).toContain("not vulnerable");
    }
  },
);

/** What testssl.sh finds, by its names for it. */
async function scan(options: Partial<ServerOptions>): Promise<ReadonlyMap<string, Finding>> {
  await using server = await serve(options);
  using folder = new Folder();
  const report = join(folder.path, "report.json");
  const sections = ["--protocols", "--std", "--server-preference", "--server-defaults", "--pfs", "--vulnerable"];
  const roots = `${certPath("root", "cert")},${certPath("rsaRoot", "cert")}`;
  await using scanner = new Peer("testssl", [
    ...["--quiet", "--color", "0", "--warnings", "batch", "--nodns", "none", "--ip", "127.0.0.1"],
    ...["--add-ca", roots, "--jsonfile", report, ...sections, `localhost:${server.port}`],
  ]);
  await scanner.exited;
  const findings = JSON.parse(readFileSync(report, "utf8")) as Finding[];
  const ours = findings.filter(({ id }) => !noMatterOfTls.has(id.replace(/ <.*>$/, "")));
  return new Map(ours.map((finding) => [finding.id, finding]));
}

for (const requireExtendedMasterSecret of [true, false]) {
  const kind = requireExtendedMasterSecret
    ? "our default server"
    : "a server that does without the extended master secret";

  test(`sslscan finds strong suites only in ${kind}, and Wireshark no malformed answer`, async () => {
    await using server = await serve({ requireExtendedMasterSecret });
    await using capture = await Capture.start(server.port);
    const xml = await outputOf("sslscan", [
      "--no-colour",
      "--xml=-",
      "--sni-name=localhost",
      `127.0.0.1:${server.port}`,
    ]);
    const enabled = elements(xml, "protocol").filter((protocol) => protocol["enabled"] === "1");
    const versions = requireExtendedMasterSecret ? ["1.3"] : ["1.2", "1.3"];
    expect(enabled.map((protocol) => protocol["version"])).toEqual(versions);
    const ciphers = elements(xml, "cipher");
    expect(ciphers.length).toBeGreaterThanOrEqual(3 * versions.length);
    for (const { strength } of ciphers) expect(["acceptable", "strong"]).toContain(strength);
    for (const { vulnerable } of elements(xml, "heartbleed")) expect(vulnerable).toBe("0");
    expect(elements(xml, "renegotiation")[0]?.["supported"]).toBe("0");

    const { frames } = await dissect(await capture.finish(), server.port, [], 0, ["tcp.srcport", "_ws.malformed"]);
    const answers = frames.filter((frame) => frame["tcp.srcport"] === String(server.port));
    expect(answers.length).toBeGreaterThan(10);
    expect(answers.filter((frame) => frame["_ws.malformed"] !== "")).toEqual([]);
  });

  test(`Nmap gives ${kind} an A`, async () => {
    await using server = await serve({ requireExtendedMasterSecret });
    const scripts =
      "--script=ssl-enum-ciphers,ssl-heartbleed,ssl-poodle,ssl-ccs-injection,ssl-dh-params,tls-ticketbleed";
    const xml = await outputOf("nmap", ["-Pn", "-n", `-p${server.port}`, scripts, "-oX", "-", "127.0.0.1"]);
    const strengths = Array.from(xml.matchAll(/<elem key="strength">(\w)</g), ([, strength]) => strength);
    expect(strengths.length).toBeGreaterThanOrEqual(requireExtendedMasterSecret ? 3 : 6);
    expect(new Set(strengths)).toEqual(new Set(["A"]));
    expect(xml).toContain('<elem key="least strength">A</elem>');
    expect(xml).not.toMatch(/VULNERABLE/);
  });
}
