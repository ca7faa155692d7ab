// Promise kept: nothing crosses between wasm and JavaScript that nobody asked for. The imports and exports of the built
// module are exactly those of wasm/boundary.txt (lines "import env.name" and "export name"; # begins a comment).
import { readFileSync } from "node:fs";
import process from "node:process";

const listed = "wasm/boundary.txt";
const built = "build/wanttls.wasm";

const expected = new Set(
  readFileSync(listed, "utf8")
    .split("\n")
    .map((line) => line.replace(/#.*/, "").trim().replaceAll(/\s+/g, " "))
    .filter((line) => line !== ""),
);
const found = entriesOf(new WebAssembly.Module(readFileSync(built)));

const complaints = [
  ...[...found]
    .filter((entry) => !expected.has(entry))
    .map((entry) => `${built} has "${entry}", which ${listed} does not list`),
  ...[...expected]
    .filter((entry) => !found.has(entry))
    .map((entry) => `${listed} lists "${entry}", which ${built} does not have`),
];
for (const complaint of complaints) console.error(complaint);
if (complaints.length > 0) process.exit(1);
console.log(`boundary: ${found.size} imports and exports, as listed`);

function entriesOf(module: WebAssembly.Module): Set<string> {
  return new Set([
    ...WebAssembly.Module.imports(module).map((entry) => `import ${entry.module}.${entry.name}`),
    ...WebAssembly.Module.exports(module).map((entry) => `export ${entry.name}`),
  ]);
}
