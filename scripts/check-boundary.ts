// Promise kept: nothing crosses between wasm and JavaScript that nobody asked for. The imports and exports of each built
// module are exactly those of wasm/boundary.txt (lines "import env.name" and "export name"; # begins a comment).
import { readFileSync } from "node:fs";
import process from "node:process";

const listed = "wasm/boundary.txt";
const modules = ["build/wanttls.wasm", "build/vetted.wasm"];

const expected = new Set(
  readFileSync(listed, "utf8")
    .split("\n")
    .map((line) => line.replace(/#.*/, "").trim().replaceAll(/\s+/g, " "))
    .filter((line) => line !== ""),
);
const complaints = modules.flatMap(complaintsOf);
for (const complaint of complaints) console.error(complaint);
if (complaints.length > 0) process.exit(1);
console.log(`boundary: ${expected.size} imports and exports, as listed`);

function complaintsOf(built: string): string[] {
  const found = entriesOf(new WebAssembly.Module(readFileSync(built)));
  const more = [...found].filter((entry) => !expected.has(entry));
  const fewer = [...expected].filter((entry) => !found.has(entry));
  return [
    ...more.map((entry) => `${built} has "${entry}", which ${listed} does not list`),
    ...fewer.map((entry) => `${listed} lists "${entry}", which ${built} does not have`),
  ];
}

function entriesOf(module: WebAssembly.Module): Set<string> {
  return new Set([
    ...WebAssembly.Module.imports(module).map((entry) => `import ${entry.module}.${entry.name}`),
    ...WebAssembly.Module.exports(module).map((entry) => `export ${entry.name}`),
  ]);
}
