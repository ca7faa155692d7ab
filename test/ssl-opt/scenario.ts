// Owns the form in which scenarios are listed (list.sh), and what is said in it. Knows nothing of who plays them.
import { readFileSync } from "node:fs";

/** One case of Mbed TLS's tests/ssl-opt.sh. */
export interface Scenario {
  readonly name: string;
  readonly server: string;
  readonly client: string;
  /** Whether the client must end well. */
  readonly good: boolean;
  readonly assertions: readonly Assertion[];
}

/** What the output of one side must have, or must not. */
export interface Assertion {
  readonly side: "client" | "server";
  readonly present: boolean;
  readonly pattern: RegExp;
}

/** All that is over TCP, between two programs and nobody else. */
export function readScenarios(file: string): readonly Scenario[] {
  const listed = readFileSync(file, "utf8").split("\x01\0").slice(0, -1);
  return listed.map((text) => text.split("\0").slice(0, -1)).flatMap(scenarioOf);
}

function scenarioOf([name, proxy, server, client, status, ...more]: readonly string[]): readonly Scenario[] {
  const commands = `${server} ${client}`;
  if (proxy !== "" || commands.includes(";") || /dtls=1|-dtls|-u\b|--udp/.test(commands)) return [];
  const assertions: Assertion[] = [];
  for (let i = 0; i < more.length; i += 2) assertions.push(...assertionOf(more[i]!, more[i + 1]!));
  return [{ name: name!, server: server!, client: client!, good: status === "0", assertions }];
}

/** Calls of shell functions on the output (-f, -F, -g) and counts of lines (-u, -U) are left out. */
function assertionOf(option: string, pattern: string): readonly Assertion[] {
  const side = ({ c: "client", s: "server" } as const)[option[1]!.toLowerCase()];
  if (side === undefined) return [];
  return [{ side, present: option[1] === option[1]!.toLowerCase(), pattern: fromBasic(pattern) }];
}

/** A basic regular expression, as grep reads it. */
function fromBasic(pattern: string): RegExp {
  return new RegExp(
    pattern.replaceAll(
      /\\([+?|(){}])|([+?|(){}])/g,
      (_, special: string | undefined, plain: string) => special ?? `\\${plain}`,
    ),
    "m",
  );
}

/** The options of one of Mbed TLS's programs, `name=value` each. */
export function optionsOf(command: string): ReadonlyMap<string, string> {
  const words = command.split(/\s+/).filter((word) => word.includes("="));
  return new Map(words.map((word) => [word.slice(0, word.indexOf("=")), word.slice(word.indexOf("=") + 1)]));
}
