// Clients of https that people have at hand, against a server of ours: curl, Wget, and Chromium, which shows what it has loaded.
import { spawnSync } from "node:child_process";
import { afterAll, expect } from "vitest";
import { SSLAlertError, SSLError, type TLSVersion } from "../../ts/index.ts";
import { type CertName, certPath, certs } from "../support/certs.ts";
import { versions } from "../support/conversation.ts";
import { Peer } from "../support/peers.ts";
import { interop, versionOf } from "./matrix.ts";
import { givePage, readUntil, serverOf, serveWith } from "./ours.ts";
import { Folder } from "./programs.ts";

interface WebClient {
  readonly program: string;
  readonly version: string;
  /** Loads a page; what was loaded is its output. `identity` is what it presents, where it can. */
  load(url: string, tls: TLSVersion, identity?: CertName): Peer;
  /** Ends with an error when it has not loaded the page. */
  readonly failsLoudly: boolean;
  /** Looks at the server's certificate in the handshake, and says by an alert what it thinks of it. */
  readonly alerts: boolean;
}

const curl: WebClient = {
  program: "curl",
  version: versionOf("curl"),
  failsLoudly: true,
  alerts: true,
  load(url, tls, identity) {
    const number = tls.slice("TLSv".length);
    return new Peer("curl", [
      ...["--silent", "--show-error", "--max-time", "20", "--cacert", certPath("root", "cert")],
      ...[`--tlsv${number}`, "--tls-max", number],
      ...(identity === undefined ? [] : ["--cert", certPath(identity, "chain"), "--key", certPath(identity, "key")]),
      url,
    ]);
  },
};

const wget: WebClient = {
  program: "Wget",
  version: versionOf("wget"),
  failsLoudly: true,
  alerts: false,
  load(url, tls, identity) {
    return new Peer("wget", [
      ...["--quiet", "--no-config", "--no-hsts", "--tries=1", "--timeout=20", "--output-document=-"],
      ...[`--ca-certificate=${certPath("root", "cert")}`, `--secure-protocol=${tls.replace(".", "_")}`],
      ...(identity === undefined
        ? []
        : [`--certificate=${certPath(identity, "chain")}`, `--private-key=${certPath(identity, "key")}`]),
      url,
    ]);
  },
};

/** The home of Chromium, whose certificate database trusts our root. */
const home = new Folder();
afterAll(() => home[Symbol.dispose]());
const database = `sql:${home.path}/.pki/nssdb`;
for (const command of [
  ["mkdir", "-p", `${home.path}/.pki/nssdb`],
  ["certutil", "-d", database, "-N", "--empty-password"],
  ["certutil", "-d", database, "-A", "-t", "C,,", "-n", "wanttls test root", "-i", certPath("root", "cert")],
] as const) {
  const { status, stderr, error } = spawnSync(command[0], command.slice(1), { encoding: "utf8" });
  if (status !== 0) throw new Error(`Cannot make Chromium's certificate database: ${stderr}`, { cause: error });
}

let profiles = 0;
const chromium: WebClient = {
  program: "Chromium",
  version: versionOf("chromium"),
  failsLoudly: false,
  alerts: true,
  load(url) {
    const quiet = [
      "background-networking",
      "component-update",
      "default-apps",
      "dev-shm-usage",
      "extensions",
      "gpu",
      "sync",
    ];
    return new Peer(
      "chromium",
      [
        ...["--headless=new", "--no-sandbox", "--no-first-run", `--user-data-dir=${home.path}/profile-${profiles++}`],
        ...[...quiet.map((part) => `--disable-${part}`), "--dump-dom", url],
      ],
      { HOME: home.path },
    );
  },
};

for (const { load, failsLoudly, alerts, ...program } of [curl, wget, chromium]) {
  for (const tls of versions) {
    const row = { ...program, role: "client", tls } as const;

    interop(row, "loads our page", async () => {
      await using ours = await serveWith(serverOf(tls), givePage);
      await using client = load(`https://localhost:${ours.port}/page`, tls);
      expect(await client.exited).toBe(0);
      expect(client.stdout).toContain(`<p>GET /page by nobody over ${tls}</p>`);
    });

    interop(row, "asks nothing of a server with an unknown certificate", async () => {
      let asked = false;
      await using ours = await serveWith(serverOf(tls, {}, "unknownCa"), async (connection) => {
        await readUntil(connection, "G");
        asked = true;
      });
      await using client = load(`https://localhost:${ours.port}/page`, tls);
      expect((await client.exited) === 0).toBe(!failsLoudly);
      if (alerts) expect(await ours.next()).toBeInstanceOf(SSLAlertError);
      else expect(await ours.next()).toBeNull();
      expect(asked).toBe(false);
    });

    interop(row, "gets no page without a certificate where one is required", async () => {
      await using ours = await serveWith(serverOf(tls, { ca: certs.root.cert, verifyMode: "required" }), givePage);
      await using client = load(`https://localhost:${ours.port}/page`, tls);
      expect((await client.exited) === 0).toBe(!failsLoudly);
      expect(client.stdout).not.toContain("GET /page");
      expect(await ours.next()).toBeInstanceOf(SSLError);
    });

    if (program.program === "Chromium") continue; // it chooses its certificates by a policy of the whole machine only

    interop(row, "shows its certificate, and is refused with an unknown one", async () => {
      await using ours = await serveWith(serverOf(tls, { ca: certs.root.cert, verifyMode: "required" }), givePage);
      await using client = load(`https://localhost:${ours.port}/page`, tls, "client");
      expect(await client.exited).toBe(0);
      expect(client.stdout).toContain(`<p>GET /page by wanttls test client over ${tls}</p>`);
      expect(await ours.next()).toBe("wanttls test client");
      await using stranger = load(`https://localhost:${ours.port}/page`, tls, "clientUnknown");
      expect(await stranger.exited).not.toBe(0);
      expect(await ours.next()).toMatchObject({ name: "SSLCertVerificationError", verifyCode: 20 });
    });
  }
}
