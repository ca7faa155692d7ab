// The key log in a file, on the runtime that runs the tests.
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import process from "node:process";
import { afterEach, beforeEach, expect, test } from "vitest";
import { SSLConfigError } from "../../ts/index.ts";
import { connected, forEachVersion } from "../support/conversation.ts";
import { thisRuntime } from "../support/this-runtime.ts";

const { keyLogFile } = await thisRuntime();
const before = process.env["SSLKEYLOGFILE"];
let folder = "";

beforeEach(() => {
  folder = mkdtempSync(`${tmpdir()}/wanttls-keys-`);
  delete process.env["SSLKEYLOGFILE"];
});
afterEach(() => {
  rmSync(folder, { recursive: true });
  delete process.env["SSLKEYLOGFILE"];
  if (before !== undefined) process.env["SSLKEYLOGFILE"] = before;
});

test("S38 the lines are appended to the file, one for each secret", () => {
  const path = `${folder}/keys.txt`;
  writeFileSync(path, "# what was there\n");
  const onKeyLog = keyLogFile(path);
  forEachVersion((version) => void connected({ version, client: { onKeyLog } }));
  const [first, ...lines] = readFileSync(path, "utf8").split("\n");
  expect(first).toBe("# what was there");
  expect(lines.pop()).toBe("");
  for (const line of lines) expect(line).toMatch(/^[A-Z0-9_]+ [0-9a-f]{64} ([0-9a-f]{64}|[0-9a-f]{96})$/);
  expect(lines.map((line) => line.split(" ")[0]).toSorted()).toEqual([
    "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
    "CLIENT_RANDOM",
    "CLIENT_TRAFFIC_SECRET_0",
    "SERVER_HANDSHAKE_TRAFFIC_SECRET",
    "SERVER_TRAFFIC_SECRET_0",
  ]);
});

test("S38 a file that is made is for its owner only", () => {
  keyLogFile(`${folder}/keys.txt`);
  expect(statSync(`${folder}/keys.txt`).mode % 0o1000).toBe(0o600);
});

test("S38 SSLKEYLOGFILE counts when the application asks for it, and only then", () => {
  expect(keyLogFile()).toBeUndefined();
  process.env["SSLKEYLOGFILE"] = `${folder}/keys.txt`;
  connected();
  expect(existsSync(`${folder}/keys.txt`)).toBe(false);
  connected({ server: { onKeyLog: keyLogFile() } });
  expect(readFileSync(`${folder}/keys.txt`, "utf8")).toContain("SERVER_TRAFFIC_SECRET_0");
  process.env["SSLKEYLOGFILE"] = "";
  expect(keyLogFile()).toBeUndefined();
});

test.each([
  ["nowhere", () => `${folder}/none/keys.txt`, "there is no such file"],
  ["to a directory", () => folder, "it is a directory"],
])("a path that leads %s is refused at once", (_, path, why) => {
  expect(() => keyLogFile(path())).toThrow(SSLConfigError);
  expect(() => keyLogFile(path())).toThrow(`Cannot log keys to ${path()}: ${why}`);
});
