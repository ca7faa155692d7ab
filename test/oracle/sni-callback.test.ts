// sniCallback beside Python's sni_callback: with the same words from the application both call it the same way, and say the
// same on the wire.
import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import {
  type ServerOptions,
  SSLAlertError,
  type SSLError,
  type SSLObject,
  type TLSVersion,
} from "../../ts/ssl/index.ts";
import { type CertName, certPath } from "../support/certs.ts";
import {
  attempt,
  clientContext,
  inCase,
  recordType,
  serverContext,
  versions,
  wrapped,
} from "../support/conversation.ts";

/** What a callback does: returns a value, raises, or sets the context. */
type Deed = { readonly answer: unknown } | "raises" | "switches" | "switches to nonsense";

interface Case {
  readonly version: TLSVersion;
  readonly name: string | null;
  readonly deed: Deed;
}

interface Seen {
  /** Of each call: the name, whether the context is the server's own and the connection's, version and protocol so far. */
  readonly calls: unknown[];
  /** The alert that the server sends, if it is all that it sends. */
  readonly alert: number | null;
  readonly reason: string | null;
  /** The size of the certificate that the client gets. */
  readonly presented: number | null;
}

const script = `
import json, ssl, sys

def server(identity):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*identity)
    return context

def run(case, identities):
    version = getattr(ssl.TLSVersion, case["version"].replace(".", "_"))
    own, other = map(server, identities)
    own.minimum_version = own.maximum_version = version
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    calls = []
    def callback(connection, name, context):
        calls.append([name, context is own, connection.context is own, connection.version(), connection.selected_alpn_protocol()])
        deed = case["deed"]
        if deed == "raises":
            raise ValueError("no")
        if deed == "switches":
            connection.context = other
            return None
        if deed == "switches to nonsense":
            connection.context = 5
            return None
        return deed["answer"]
    own.sni_callback = callback
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = {"client": client.wrap_bio(to_client, to_server, server_hostname=case["name"]),
             "server": own.wrap_bio(to_server, to_client, server_side=True)}
    ended, alert = {}, None
    for _ in range(6):
        for role, tls in sides.items():
            if role in ended:
                continue
            try:
                tls.do_handshake()
                ended[role] = None
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLError as error:
                ended[role] = error.reason
                if role == "server":
                    sent = to_client.read()
                    alert = sent[6] if len(sent) == 7 and sent[0] == 21 else None
    done = ended.get("client", "") is None
    presented = len(sides["client"].getpeercert(True)) if done else None
    return {"calls": calls, "alert": alert, "reason": ended.get("server"), "presented": presented}

given = json.load(sys.stdin)
json.dump([run(case, given["identities"]) for case in given["cases"]], sys.stdout)
`;

const identities: readonly [CertName, CertName] = ["localhost", "otherHost"];

function python(cases: readonly Case[]): Seen[] {
  const files = identities.map((name) => [certPath(name, "chain"), certPath(name, "key")]);
  const input = JSON.stringify({ cases, identities: files });
  const { stdout, stderr } = spawnSync("python3", ["-c", script], { input, encoding: "utf8" });
  if (stdout === "") throw new Error(stderr);
  return JSON.parse(stdout) as Seen[];
}

function ours({ version, name, deed }: Case): Seen {
  const calls: unknown[] = [];
  const sniCallback = (tls: SSLObject, ...[wanted, context]: [string | null, unknown]): unknown => {
    calls.push([wanted, context === own, tls.context === own, tls.version(), tls.selectedAlpnProtocol()]);
    if (deed === "raises") throw new Error("no");
    if (deed === "switches") tls.context = other;
    if (deed === "switches to nonsense") tls.context = 5 as never;
    return typeof deed === "string" ? undefined : deed.answer;
  };
  const only = { minVersion: version, maxVersion: version };
  const own = serverContext({ ...only, sniCallback: sniCallback as ServerOptions["sniCallback"] & object });
  const other = serverContext(only, identities[1]);
  const client = clientContext({ verifyMode: "none" });
  const pair = { client: wrapped(client, name === null ? {} : { serverHostname: name }), server: wrapped(own) };
  let alert: number | null = null;
  const { client: failed, server: error } = attempt(pair, Infinity, (from, bytes) => {
    if (from === "server" && bytes.length === 7 && bytes[0] === recordType.alert) alert = bytes[6]!;
    return bytes;
  });
  const presented = failed === undefined ? pair.client.tls.getPeerCert({ binary: true })!.length : null;
  return { calls, alert, reason: error === undefined ? null : (error as SSLError).reason, presented };
}

const deeds: readonly Deed[] = [
  ...[null, 40, 49, 80, 112, "112", 1.5, [], {}].map((answer) => ({ answer })),
  "raises",
  "switches",
  "switches to nonsense",
];
const cases = versions.flatMap((version) => [
  ...[null, "127.0.0.1", "::1", "www.example.org"].map((name) => ({ version, name, deed: { answer: null } })),
  ...deeds.map((deed) => ({ version, name: "localhost", deed })),
]);

test("B28 B27 sniCallback is called as Python calls it, and its words have the same effect on the wire", () => {
  const theirs = python(cases);
  for (const [i, one] of cases.entries()) {
    inCase(JSON.stringify(one), () => {
      const { reason, ...seen } = ours(one);
      const { reason: expected, ...rest } = theirs[i]!;
      expect(seen).toEqual(rest);
      // Where Python says that the callback failed, we say so too, or which alert it has answered.
      if (expected !== "CALLBACK_FAILED" || seen.alert === null || typeof one.deed === "string") {
        expect(reason).toBe(expected);
      } else expect(["CALLBACK_FAILED", alertReason(seen.alert)]).toContain(reason);
    });
  }
});

function alertReason(alert: number): string {
  return new SSLAlertError("", { alert, sent: true }).reason;
}
