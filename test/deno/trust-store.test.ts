// What the permissions of Deno do to the trust stores.
import { spawnSync } from "node:child_process";
import process from "node:process";
import { expect, test } from "vitest";
import { certPath } from "../support/certs.ts";

const entry = new URL("../../ts/deno/index.ts", import.meta.url).href;

/** What the program prints under these permissions; without any, Deno's spawnSync would grant all. */
function run(store: "system" | "mozilla", ...permissions: readonly string[]): string {
  const program = `
    import { TrustStore } from "${entry}";
    try { console.log(TrustStore.${store}().size); } catch (error) { console.log(error.name, error.message); }`;
  const env = { ...process.env, SSL_CERT_FILE: certPath("root", "cert"), SSL_CERT_DIR: "", DENO_CERT: "" };
  const args = ["run", "--no-prompt", "--no-lock", ...permissions, "-"];
  const { stdout, stderr } = spawnSync(process.execPath, args, { input: program, encoding: "utf8", env });
  return stdout + stderr;
}

test("system() obeys the variables with --allow-env, and does without them otherwise", () => {
  expect(run("system", "--allow-read", "--allow-env")).toBe("1\n");
  const without = run("system", "--allow-read=/nowhere");
  expect(without).toMatch(/^SSLConfigError Cannot find the certificates that the system trusts: tried /);
  expect(without).toContain("/etc/ssl/cert.pem (Deno needs --allow-read for it), ");
  expect(without).toContain("this runtime (Deno needs --allow-sys for it)");
});

test("mozilla() needs --allow-sys", () => {
  expect(Number(run("mozilla", "--allow-sys"))).toBeGreaterThan(50);
  expect(run("mozilla", "--allow-env")).toBe(
    "SSLConfigError Cannot find the certificates that Mozilla trusts: Deno needs --allow-sys for it\n",
  );
});
