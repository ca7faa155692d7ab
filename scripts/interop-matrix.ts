// Promise kept: docs/interop.md says what `make interop` has run, and nothing else. The table is made of the reports that the run
// has left in build/; what failed, and what ran on one runtime but not on another, stands in it as such, and is a failure here.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { relative } from "node:path";
import process from "node:process";
import { format, resolveConfig } from "prettier";
import type { Mark } from "../test/interop/matrix.ts";

const page = "docs/interop.md";
const runtimes = ["Node", "Deno", "Bun"] as const;
type Runtime = (typeof runtimes)[number];

interface Outcome {
  readonly runtime: Runtime;
  readonly mark: Mark;
  readonly passed: boolean;
}

/** The part of vitest's JSON report that is read here. */
interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string; readonly meta?: { readonly interop?: Mark } }[];
  }[];
}

/** A program in one role, with all that any runtime has had to do with it there. */
interface Line {
  readonly title: string;
  readonly tls: string;
  readonly whats: readonly string[];
  readonly cells: readonly string[];
}

const reports = new Map(runtimes.map((runtime) => [runtime, readReport(runtime)]));
const outcomes = runtimes.flatMap(outcomesOn);
const groups = Map.groupBy(outcomes, ({ mark }) => `${mark.program} ${mark.version} as ${mark.role}`);
const lines = [...groups]
  .map(([title, group]) => lineOf(title, group))
  .toSorted((a, b) => (a.title < b.title ? -1 : 1));
const broken = runtimes.flatMap(brokenOn);

for (const { title, tls, cells } of lines) console.log(`${title.padEnd(36)} ${tls.padEnd(10)} ${cells.join(" | ")}`);
for (const sentence of broken) console.error(sentence);
writeFileSync(page, await format(text(), { ...(await resolveConfig(page)), parser: "markdown" }));
const bad = lines.filter(({ cells }) => cells.some((cell) => !/^\d+ passed$/.test(cell))).length + broken.length;
console.log(
  `the table is in ${page}: ${lines.length} lines, ${bad === 0 ? "all passed" : `${bad} not as they should be`}`,
);
process.exitCode = bad === 0 && lines.length > 0 ? 0 : 1;

function readReport(runtime: Runtime): Report | undefined {
  const file = `build/test-${runtime.toLowerCase()}.json`;
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Report) : undefined;
}

function outcomesOn(runtime: Runtime): Outcome[] {
  const tests = reports.get(runtime)?.testResults.flatMap((file) => file.assertionResults) ?? [];
  return tests.flatMap(({ status, meta }) =>
    meta?.interop === undefined ? [] : [{ runtime, mark: meta.interop, passed: status === "passed" }],
  );
}

/** Files whose tests cannot tell what is wrong, since that lies outside of them. */
function brokenOn(runtime: Runtime): string[] {
  const report = reports.get(runtime);
  if (report === undefined) return [`Nothing has run on ${runtime}`];
  return report.testResults
    .filter((file) => file.status === "failed" && !file.assertionResults.some(({ status }) => status === "failed"))
    .map((file) => `${relative(".", file.name)} has failed on ${runtime} outside its tests`);
}

function lineOf(title: string, group: readonly Outcome[]): Line {
  const all = new Set(group.map(nameOf));
  const cells = runtimes.map((runtime) => {
    const here = group.filter((outcome) => outcome.runtime === runtime);
    const failed = new Set(here.filter(({ passed }) => !passed).map(nameOf)).size;
    const missing = all.size - new Set(here.map(nameOf)).size;
    if (failed > 0) return `**${failed} of ${all.size} failed**`;
    return missing > 0 ? `**${missing} of ${all.size} did not run**` : `${all.size} passed`;
  });
  const versions = [...new Set(group.map(({ mark }) => mark.tls.slice("TLSv".length)))].toSorted();
  const whats = [...new Set(group.map(({ mark }) => mark.what))];
  return { title, tls: versions.join(", "), whats, cells };
}

function nameOf({ mark }: Outcome): string {
  return `${mark.tls} ${mark.what}`;
}

function text(): string {
  return `# Programs that wanttls has talked to

This page is written by \`make interop\` and says what its last run has seen. The programs run on the same machine, started by
the tests in \`test/interop/\`; wanttls is on the other side, on each of the three runtimes with the runtime's own sockets. "As
server" means that the program is the server. More conversations with OpenSSL, Python, GnuTLS, Go, Java and Wireshark
(resumption, pre-shared keys, key updates, exporters, limits) are part of the same run, and not of this table.

| program | TLS | ${runtimes.map(headOf).join(" | ")} |
| --- | --- | ${runtimes.map(() => "---").join(" | ")} |
${lines.map(({ title, tls, cells }) => `| ${title} | ${tls} | ${cells.join(" | ")} |`).join("\n")}

${broken.map((sentence) => `**${sentence}.**`).join("\n\n")}

## What was seen of each

${lines.map(({ title, whats }) => `- **${title}**: ${whats.join("; ")}.`).join("\n")}
`;
}

function headOf(runtime: Runtime): string {
  const { devDependencies } = JSON.parse(readFileSync("package.json", "utf8")) as {
    devDependencies: Readonly<Record<string, string>>;
  };
  return `${runtime} ${devDependencies[runtime.toLowerCase()] ?? ""}`;
}
