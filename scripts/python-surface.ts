// Promise kept: every public name of Python's ssl module is accounted for, and what is said to be ours exists.
//
//   python-surface.ts          writes docs/python-surface.md from the names in python-surface.json, the judgement in
//                              python-surface.rows.ts and our own sources
//   python-surface.ts --check  fails when the page would change; also when a name has no row, or a row no name
//   python-surface.ts --take   asks the machine's python3 for the names first, and writes python-surface.json
import { execFileSync } from "node:child_process";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, posix } from "node:path";
import process from "node:process";
import { parseSync, visitorKeys, type Node } from "oxc-parser";
import { format, resolveConfig } from "prettier";
import * as api from "../ts/index.ts";
import { namesWithRows, newer, type Row, rowOf } from "./python-surface.rows.ts";

interface Surface {
  readonly python: string;
  readonly openssl: string;
  readonly names: readonly string[];
}

const data = "scripts/python-surface.json";
const page = "docs/python-surface.md";

if (process.argv.includes("--take")) writeFileSync(data, take());
const surface = JSON.parse(readFileSync(data, "utf8")) as Surface;
const declared = declarations();
const exported = {
  core: exportsOf("ts/index.ts"),
  runtimes: ["node", "deno", "bun"].map((one) => exportsOf(`ts/${one}/index.ts`)),
};
const complaints = [...surface.names, ...Object.keys(newer)].flatMap(complaintsAbout).concat(orphans());
for (const complaint of complaints) console.error(complaint);
if (complaints.length > 0) process.exit(1);

const text = await format(pageText(), { ...(await resolveConfig(page)), parser: "markdown" });
if (!process.argv.includes("--check")) writeFileSync(page, text);
else if (readFileSync(page, "utf8") !== text) {
  console.error(`${page} is not what the names, the rows and the sources say: run make generate and review the change`);
  process.exit(1);
}

/** A server that nobody trusts is needed to see what the errors of verification have. */
function take(): string {
  const identity = ["chain", "key"].map((part) => `test/support/certs/unknown-ca.${part}.pem`);
  const answer = execFileSync("python3", ["scripts/python_surface.py", ...identity], { encoding: "utf8" });
  return `${JSON.stringify(JSON.parse(answer), null, 2)}\n`;
}

function complaintsAbout(name: string): string[] {
  const row = rowOf(name);
  if (row === undefined) return [`${name} of Python's ssl has no row`];
  if (!("ours" in row)) return [];
  if (row.ours.length === 0) return [`${name} has a row that names nothing`];
  return row.ours.flatMap((one) => (exists(one) ? [] : [`${name} is said to be our ${one}, which does not exist`]));
}

function orphans(): string[] {
  const known = new Set([...surface.names, ...Object.keys(newer)]);
  const twice = Object.keys(newer).filter((name) => surface.names.includes(name));
  const unknown = namesWithRows().filter((name) => !known.has(name));
  return [
    ...twice.map((name) => `${name} is listed as newer than ${surface.python}, which has it`),
    ...unknown.map((name) => `${name} has a row, but is no name of Python's ssl`),
  ];
}

/** `name`, `Type.member`, `table.key` or `Type "literal"`, where the first part is exported to users. */
function exists(path: string): boolean {
  const [, name, member, literal] = /^(\w+)(?:\.(\w+)| "(.+)")?$/.exec(path) ?? [];
  if (name === undefined || !isExported(name)) return false;
  if (literal !== undefined) return declared.get(name)?.literals.has(literal) === true;
  if (member === undefined) return true;
  const value = (api as Readonly<Record<string, unknown>>)[name];
  if (typeof value === "object" && value !== null) return Object.hasOwn(value, member);
  return hasMember(name, member);
}

/** What only the entries of the runtimes export must be in all of them. */
function isExported(name: string): boolean {
  return exported.core.has(name) || exported.runtimes.every((names) => names.has(name));
}

function hasMember(name: string, member: string): boolean {
  const found = declared.get(name);
  if (found === undefined) return false;
  return found.members.has(member) || [...found.bases].some((base) => base !== name && hasMember(base, member));
}

interface Declared {
  readonly members: Set<string>;
  readonly bases: Set<string>;
  readonly literals: Set<string>;
}

/** The public members of every class and interface of the sources, and the literals of every type. */
function declarations(): Map<string, Declared> {
  const found = new Map<string, Declared>();
  for (const file of globSync("ts/**/*.ts").filter((name) => !name.endsWith("binary.gen.ts"))) {
    walk(parseSync(file, readFileSync(file, "utf8"), { astType: "ts" }).program, (node) => {
      if (node.type === "ClassDeclaration" && node.id !== null) {
        const { members, bases } = entry(found, node.id.name);
        for (const element of node.body.body) members.add(publicName(element));
        if (node.superClass?.type === "Identifier") bases.add(withoutAlias(node.superClass.name));
      } else if (node.type === "TSInterfaceDeclaration") {
        const { members, bases } = entry(found, node.id.name);
        for (const element of node.body.body) {
          if (element.type === "TSPropertySignature" || element.type === "TSMethodSignature")
            members.add(nameOf(element.key));
        }
        for (const base of node.extends) if (base.expression.type === "Identifier") bases.add(base.expression.name);
      } else if (node.type === "TSTypeAliasDeclaration") {
        const { literals } = entry(found, node.id.name);
        walk(node, (part) => {
          if (part.type === "Literal" && typeof part.value === "string") literals.add(part.value);
        });
      }
    });
  }
  return found;
}

/** A class of a lower layer goes under another name where one of the same name is built on it. */
function withoutAlias(name: string): string {
  return name.replace(/^Core(?=[A-Z])|WithoutSockets$/, "");
}

/** Empty for what users cannot name. */
function publicName(element: Extract<Node, { type: "ClassBody" }>["body"][number]): string {
  if (element.type !== "MethodDefinition" && element.type !== "PropertyDefinition") return "";
  return element.accessibility === "protected" || element.accessibility === "private" ? "" : nameOf(element.key);
}

function nameOf(key: Node): string {
  return key.type === "Identifier" ? key.name : "";
}

function entry(found: Map<string, Declared>, name: string): Declared {
  const known = found.get(name) ?? { members: new Set(), bases: new Set(), literals: new Set() };
  found.set(name, known);
  return known;
}

/** The names that a module exports, those of the modules it passes on among them. */
function exportsOf(file: string): Set<string> {
  const names = new Set<string>();
  for (const statement of parseSync(file, readFileSync(file, "utf8"), { astType: "ts" }).program.body) {
    if (statement.type === "ExportAllDeclaration") {
      for (const name of exportsOf(posix.join(dirname(file), statement.source.value))) names.add(name);
    } else if (statement.type === "ExportNamedDeclaration") {
      for (const { exported: as } of statement.specifiers) names.add(nameOf(as));
    }
  }
  return names;
}

function walk(node: Node, visit: (node: Node) => void): void {
  visit(node);
  for (const key of visitorKeys[node.type] ?? []) {
    const child = (node as unknown as Record<string, Node | (Node | null)[] | null | undefined>)[key];
    for (const one of Array.isArray(child) ? child : [child]) if (one !== null && one !== undefined) walk(one, visit);
  }
}

function pageText(): string {
  const rows = [...surface.names, ...Object.keys(newer)].map((name) => ({ name, row: rowOf(name)! }));
  const count = (test: (row: Row) => boolean): number => rows.filter(({ row }) => test(row)).length;
  const groups = Map.groupBy(rows, ({ name }) => (name.includes(".") ? name.slice(0, name.indexOf(".")) : ""));
  const sections = [...groups].map(([group, list]) => {
    const title = group === "" ? "The module" : group;
    return `## ${title}\n\n| Python | wanttls | |\n| --- | --- | --- |\n${list.map(line).join("\n")}\n`;
  });
  return `<!-- Generated by \`node scripts/python-surface.ts\` from python-surface.json and python-surface.rows.ts; do not edit. -->

# Every name of Python's ssl

The public names of the \`ssl\` module of ${surface.python} (${surface.openssl}), taken from the module itself, and of its
classes; names with a version after them came later and are from the documentation. Of ${rows.length} names
${count((row) => "ours" in row)} are here, ${count((row) => "absent" in row)} are left out on purpose, and to
${count((row) => "notApplicable" in row)} nothing here could correspond. Where a name is here but does something else,
[python-differences.md](python-differences.md) says so.

${sections.join("\n")}`;
}

function line({ name, row }: { name: string; row: Row }): string {
  const since = newer[name] === undefined ? "" : ` (${newer[name]})`;
  const python = `\`${name}\`${since}`;
  if ("absent" in row) return `| ${python} | absent | ${row.absent} |`;
  if ("notApplicable" in row) return `| ${python} | not applicable | ${row.notApplicable} |`;
  return `| ${python} | ${row.ours.map((one) => `\`${one}\``).join(", ")} | ${row.note} |`;
}
