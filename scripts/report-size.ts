// Promise kept: what the package weighs is printed by each build, not remembered.
import { clientSize, entryFiles, loadedFiles, type Size, sizeOfFiles } from "./package-size.ts";

show("wanttls.wasm, for those who load it themselves", sizeOfFiles(["dist/wanttls.wasm"]));
show("vetted.wasm, likewise", sizeOfFiles(["dist/vetted.wasm"]));
for (const entry of entryFiles) {
  const files = loadedFiles(entry);
  show(`import of ${entry}.js, ${files.length} files`, sizeOfFiles(files));
}
show("a client on Node, bundled and minified", await clientSize());

function show(what: string, { raw, gzip, brotli }: Size): void {
  console.log(`size: ${what}: ${kib(raw)} raw, ${kib(gzip)} gzip, ${kib(brotli)} brotli`);
}

function kib(bytes: number): string {
  return `${(bytes / 1024).toFixed(1)} KiB`;
}
