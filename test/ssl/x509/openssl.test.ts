// The same cases through `openssl verify`: two implementations that know nothing of each other come to the same verdict,
// but where the tables say otherwise. Nothing here says who is right; the tables do.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { addressOf } from "../../../ts/ssl/names.ts";
import { lenientProfile } from "../../../ts/ssl/x509/profile.ts";
import { today } from "../../support/certificate-factory.ts";
import { type Der, pem } from "../../support/der-writer.ts";
import { type Case, server } from "./cases/case.ts";
import { families } from "./cases/families.ts";

const asked = Object.entries(families).flatMap(([family, cases]) =>
  cases.filter(({ openssl }) => openssl !== "-").map((one) => ({ family, one })),
);
const atOnce = 2;
const directory = mkdtempSync(join(tmpdir(), "x509-"));
const answers = new Map<Case, string>();

beforeAll(async () => {
  const waiting = [...asked.entries()];
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
        const [number, { one }] = next;
        answers.set(one, await opinion(one, join(directory, String(number))));
      }
    }),
  );
}, 300_000);

afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

describe("OpenSSL is of the opinion that the tables say", () => {
  for (const { family, one } of asked) {
    const wanted = one.openssl ?? (one.expected === "ok" ? "accepts" : "refuses");
    test(`${family}: ${one.name} (${one.host ?? server}): ${wanted}`, () => {
      const said = answers.get(one)!;
      expect(said.startsWith("error") ? "refuses" : "accepts", said).toBe(wanted);
    });
  }
});

test("a difference that the tables claim is one", () => {
  const claims = asked.filter(({ one }) => one.openssl !== undefined);
  const idle = claims.filter(({ one }) => one.openssl === (one.expected === "ok" ? "accepts" : "refuses"));
  expect(idle.map(({ one }) => one.name)).toEqual([]);
});

async function opinion(one: Case, path: string): Promise<string> {
  const { host = server, profile, purpose = "serverAuth", time = today } = one;
  const file = (name: string, label: string, ders: readonly Der[]): string => {
    writeFileSync(`${path}.${name}.pem`, ders.map((der) => pem(label, der)).join(""));
    return `${path}.${name}.pem`;
  };
  const options = [
    ...(one.trust.length === 0 ? ["-no-CAfile"] : ["-CAfile", file("trust", "CERTIFICATE", one.trust)]),
    ...["-no-CApath", "-no-CAstore", "-auth_level", "2", "-attime", String(Math.floor(time / 1000))],
    ...(one.chain.length > 1 ? ["-untrusted", file("chain", "CERTIFICATE", one.chain.slice(1))] : []),
    ...(purpose === "any" ? [] : ["-purpose", purpose === "serverAuth" ? "sslserver" : "sslclient"]),
    ...(profile === lenientProfile ? [] : ["-x509_strict"]),
    ...(host === null ? [] : addressOf(host) === null ? ["-verify_hostname", host] : ["-verify_ip", host]),
    ...["-policy_check", "-policy", "2.5.29.32.0"],
    ...(one.partialChain === true ? ["-partial_chain"] : []),
    ...revocationOptions(one, (ders) => file("crls", "X509 CRL", ders)),
  ];
  return runOpenssl(["verify", ...options, file("leaf", "CERTIFICATE", one.chain.slice(0, 1))]);
}

function revocationOptions({ crlCheck = "off", crls = [] }: Case, file: (ders: readonly Der[]) => string): string[] {
  if (crlCheck === "off") return [];
  const check = crlCheck === "chain" ? ["-crl_check", "-crl_check_all"] : ["-crl_check"];
  return crls.length === 0 ? check : [...check, "-CRLfile", file(crls)];
}

function runOpenssl(args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn("openssl", args, { stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    child.stdout.on("data", (part: Uint8Array) => (output += new TextDecoder().decode(part)));
    child.stderr.on("data", (part: Uint8Array) => (output += new TextDecoder().decode(part)));
    child.on("error", reject);
    child.on("close", (status) => {
      resolve(status === 0 ? "accepts" : `error: ${output}`);
    });
  });
}
