// Promise kept: what the package weighs is printed by each build, not remembered.
import { globSync, readFileSync } from "node:fs";
import { brotliCompressSync, gzipSync } from "node:zlib";

const rows: [string, Buffer][] = [
  ["wanttls.wasm", readFileSync("build/wanttls.wasm")],
  ["vetted.wasm", readFileSync("build/vetted.wasm")],
  ["dist, all JavaScript with the embedded wasm", concatenated("dist/**/*.js")],
];

for (const [name, bytes] of rows) {
  if (bytes.length === 0) continue;
  const [raw, gzip, brotli] = [bytes.length, gzipSync(bytes, { level: 9 }).length, brotliCompressSync(bytes).length];
  console.log(`size: ${name}: ${kib(raw)} raw, ${kib(gzip)} gzip, ${kib(brotli)} brotli`);
}

function concatenated(pattern: string): Buffer {
  return Buffer.concat(
    globSync(pattern)
      .toSorted()
      .map((file) => readFileSync(file)),
  );
}

function kib(bytes: number): string {
  return `${(bytes / 1024).toFixed(1)} KiB`;
}
