// Starts the `wanttls` command on the runtime that runs the tests. Knows nothing of the test runner.
import process from "node:process";
import { fileURLToPath } from "node:url";
import { certPath } from "../support/certs.ts";
import { Peer } from "../support/peers.ts";

const main = fileURLToPath(new URL("../../ts/cli/main.ts", import.meta.url));

/** The command with these arguments. */
export function wanttls(...args: readonly string[]): Peer {
  return wanttlsWith({}, ...args);
}

/** The command with these arguments and these variables in its environment. */
export function wanttlsWith(variables: Readonly<Record<string, string>>, ...args: readonly string[]): Peer {
  const [program = "", ...rest] = commandLine(...args);
  return new Peer(program, rest, variables);
}

/** The program and the arguments that are this command, for those who start it in their own way. */
export function commandLine(...args: readonly string[]): string[] {
  const before = "Deno" in globalThis ? ["run", "--allow-all", "--no-lock", main] : [main];
  return [process.execPath, ...before, ...args];
}

/** `wanttls connect` to localhost, which trusts the test root. */
export function wanttlsConnect(port: number, ...args: readonly string[]): Peer {
  return wanttls("connect", `localhost:${port}`, "--ca", certPath("root", "cert"), ...args);
}

/** `wanttls serve` on a free port, as localhost. */
export async function wanttlsServe(...args: readonly string[]): Promise<Peer> {
  const identity = ["--cert", certPath("localhost", "chain"), "--key", certPath("localhost", "key")];
  const server = wanttls("serve", ...identity, "--port", "0", ...args);
  server.port = Number((await server.waitFor(/listening on 127\.0\.0\.1:(\d+)/))[1]);
  return server;
}

/** How a command ended whose stdin was `input`. */
export async function run(
  command: Peer,
  input: string = "",
): Promise<{ status: number | null; stdout: string; stderr: string }> {
  command.write(input);
  command.endInput();
  const status = await command.exited;
  return { status, stdout: command.stdout, stderr: command.stderr };
}

/** Text that is not periodic within a record. */
export function text(length: number): string {
  const lines = Array.from({ length: Math.ceil(length / 8) }, (_, i) => `${String(i).padStart(7, "0")}\n`);
  return lines.join("").slice(0, length);
}
