// Promise kept: each layer of ts/ knows only the layers it may know. The core runs on any runtime, a number of Mbed TLS
// becomes meaning in one file, no module has state of its own, and loading one never waits.
//
// Reads syntax trees, not types: what a name refers to is the type checker's business (the core's project has no
// runtime types at all), so a rule here is about spelling. Arguments: files to read instead of everything below ts/.
import { globSync, readFileSync } from "node:fs";
import { dirname, posix, relative } from "node:path";
import process from "node:process";
import { parseSync, visitorKeys, type Node } from "oxc-parser";

type Complain = (offset: number, sentence: string) => void;
type Ancestors = readonly Node[];

interface Layer {
  readonly imports: readonly string[];
  readonly modules?: RegExp;
  readonly forbidden: readonly string[];
}

const runtimes = ["Bun", "Buffer", "Deno", "process"];
const commonJs = ["__dirname", "__filename", "global", "require"];
const browser = ["document", "localStorage", "location", "navigator", "self", "window"];
const timers = ["clearInterval", "clearTimeout", "queueMicrotask", "setImmediate", "setInterval", "setTimeout"];
const core = [...runtimes, ...commonJs, ...browser];

/** The key is the folder below ts/; "" is ts/index.ts, the entry of the core. */
const layers: Readonly<Record<string, Layer>> = {
  wasm: { imports: [], forbidden: [...core, ...timers] },
  engine: { imports: ["wasm"], forbidden: [...core, ...timers] },
  ssl: { imports: ["engine"], forbidden: [...core, ...timers] },
  socket: { imports: ["ssl"], forbidden: core },
  stream: { imports: ["socket", "ssl"], forbidden: core },
  "": { imports: ["stream", "socket", "ssl"], forbidden: core },
  node: {
    imports: ["", "stream", "socket", "ssl"],
    modules: /^node:/,
    forbidden: ["Bun", "Deno", ...commonJs, ...browser],
  },
  // Both keep the certificates that they trust where only their node:tls gives them out, and process fetches it when needed.
  deno: { imports: ["", "stream", "socket", "ssl"], forbidden: ["Buffer", "Bun", ...commonJs, ...browser] },
  bun: {
    imports: ["", "stream", "socket", "ssl"],
    modules: /^(bun|node:(fs|tls))$/,
    forbidden: ["Buffer", "Deno", ...commonJs, ...browser],
  },
  cli: {
    imports: ["", "node", "deno", "bun", "stream", "socket", "ssl"],
    modules: /^node:/,
    forbidden: [...commonJs, ...browser],
  },
};

const meaningOfNumbers = "ts/engine/errors.ts";

/** The compiled module and the realm that connections share by default; everything else is passed down. */
const sharedByAll = new Set(["ts/engine/chosen-module.ts", "ts/engine/realms.ts"]);

const files = process.argv.length > 2 ? process.argv.slice(2) : globSync("ts/**/*.ts").toSorted();
const complaints = files.filter((file) => !file.endsWith("binary.gen.ts")).flatMap(check);
for (const complaint of complaints) console.error(complaint);
if (complaints.length > 0 || files.length === 0) process.exit(1);
console.log(`layers: ${files.length} files keep to their layer`);

function check(file: string): string[] {
  const source = readFileSync(file, "utf8");
  const found: string[] = [];
  const complain: Complain = (offset, sentence) => {
    found.push(`${file}:${source.slice(0, offset).split("\n").length}: ${sentence}`);
  };
  const layer = layers[layerOf(file)];
  if (layer === undefined) {
    complain(0, `the folder is no layer; known are ${Object.keys(layers).filter(Boolean).join(", ")}`);
    return found;
  }
  const parsed = parseSync(file, source, { astType: "ts" });
  for (const error of parsed.errors) complain(0, error.message);
  checkOpening(source, complain);
  walk(parsed.program, [], (node, ancestors) => {
    checkImport(node, file, layer, complain);
    checkName(node, ancestors, layer, complain);
    checkNumber(node, file, complain);
    checkModuleLevel(node, ancestors, file, complain);
  });
  return found;
}

function layerOf(file: string): string {
  const folders = relative("ts", dirname(file));
  return folders.split(/[\\/]/)[0] ?? "";
}

function checkOpening(source: string, complain: Complain): void {
  if (!/^(#!.*\n)?(\/\/|\/\*)/.test(source))
    complain(0, "the file does not begin with what it owns and refuses to know");
}

function checkImport(node: Node, file: string, layer: Layer, complain: Complain): void {
  const named = specifierOf(node);
  if (named === undefined) return;
  if (named.specifier === null) {
    complain(node.start, "an import whose module is computed cannot be checked");
    return;
  }
  const { specifier } = named;
  if (!specifier.startsWith(".")) {
    if (!layer.modules?.test(specifier)) complain(node.start, `this layer may not import the module "${specifier}"`);
    return;
  }
  if (!specifier.endsWith(".ts")) complain(node.start, `the relative import "${specifier}" does not end in .ts`);
  const target = posix.join(dirname(file), specifier);
  if (!target.startsWith("ts/")) {
    complain(node.start, `"${specifier}" lies outside ts/`);
    return;
  }
  const from = layerOf(file);
  const to = layerOf(target);
  if (to === from || layer.imports.includes(to)) return;
  complain(node.start, `ts/${from} may not import ts/${to || "index.ts"} ("${specifier}")`);
}

function specifierOf(node: Node): { specifier: string | null } | undefined {
  switch (node.type) {
    case "ImportDeclaration":
    case "ExportAllDeclaration":
      return { specifier: node.source.value };
    case "ExportNamedDeclaration":
      return node.source ? { specifier: node.source.value } : undefined;
    case "ImportExpression":
    case "TSImportType": {
      const { source } = node;
      return { specifier: source.type === "Literal" && typeof source.value === "string" ? source.value : null };
    }
    default:
      return undefined;
  }
}

function checkName(node: Node, ancestors: Ancestors, layer: Layer, complain: Complain): void {
  if (node.type !== "Identifier" || !layer.forbidden.includes(node.name)) return;
  const parent = ancestors.at(-1);
  if (parent !== undefined && isOnlyALabel(node, parent)) return;
  complain(node.start, `this layer may not name ${node.name}`);
}

/** In `socket.process`, `{ process: 1 }` and `process(): void` the name is a label, not the runtime's global. */
function isOnlyALabel(node: Node, parent: Node): boolean {
  if (parent.type === "MemberExpression") {
    const onGlobal = parent.object.type === "Identifier" && parent.object.name === "globalThis";
    return parent.property === node && !parent.computed && !onGlobal;
  }
  return "key" in parent && parent.key === node && !("computed" in parent && parent.computed);
}

function checkNumber(node: Node, file: string, complain: Complain): void {
  if (file.endsWith(".gen.ts") || file === meaningOfNumbers) return;
  if (node.type !== "Literal" || !/^(number|bigint)$/.test(typeof node.value)) return;
  if (node.raw !== null && /^0x/i.test(node.raw))
    complain(node.start, `the hex literal ${node.raw} belongs into a generated table`);
}

function checkModuleLevel(node: Node, ancestors: Ancestors, file: string, complain: Complain): void {
  if (ancestors.some(({ type }) => /Function|Method|PropertyDefinition|StaticBlock/.test(type))) return;
  if (node.type === "AwaitExpression" && layerOf(file) !== "cli") complain(node.start, "loading a module may not wait");
  if (node.type !== "VariableDeclaration" || !isModuleScope(ancestors) || sharedByAll.has(file)) return;
  if (node.kind === "let" || node.kind === "var") complain(node.start, "a module may not have mutable state");
}

function isModuleScope(ancestors: Ancestors): boolean {
  return ancestors.every(({ type }) => type === "Program" || type === "ExportNamedDeclaration");
}

function walk(node: Node, ancestors: Ancestors, visit: (node: Node, ancestors: Ancestors) => void): void {
  visit(node, ancestors);
  const below = [...ancestors, node];
  for (const key of visitorKeys[node.type] ?? []) {
    const child = (node as unknown as Record<string, Node | (Node | null)[] | null | undefined>)[key];
    for (const one of Array.isArray(child) ? child : [child]) if (one) walk(one, below, visit);
  }
}
