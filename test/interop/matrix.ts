// Owns what a test says of the program that it talks to, from which scripts/interop-matrix.ts makes the table of docs/interop.md.
// Knows nothing of what is talked about.
import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import type { TLSVersion } from "../../ts/index.ts";

/** The program in one of its roles over one version of the protocol. */
export interface Row {
  readonly program: string;
  readonly version: string;
  readonly role: "server" | "client";
  readonly tls: TLSVersion;
}

/** What stands with a test in the reports of the test runner. */
export interface Mark extends Row {
  readonly what: string;
}

declare module "vitest" {
  interface TaskMeta {
    interop?: Mark;
  }
}

/** A test that counts in the row of that program; it fails when it asserts nothing. */
export function interop(row: Row, what: string, body: () => Promise<void>): void {
  test(`${row.program} as ${row.role} over ${row.tls} ${what}`, { meta: { interop: { ...row, what } } }, async () => {
    expect.hasAssertions();
    await body();
  });
}

/** The version that a program tells of itself. Throws when it is not there. */
export function versionOf(command: string, args: readonly string[] = ["--version"]): string {
  const { error, stdout, stderr } = spawnSync(command, args, { encoding: "utf8" });
  const found = /\d+\.[\d.]*\d/.exec(`${stdout}\n${stderr}`);
  if (error !== undefined || found === null) {
    throw new Error(`Cannot find out the version of ${command}: scripts/setup-interop.sh installs it`, {
      cause: error,
    });
  }
  return found[0];
}
