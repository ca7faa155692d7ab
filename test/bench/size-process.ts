// Prints how many bytes of source and of wasm the import of a contender loads, what the runtime has built in aside, on Node:
// size-process.ts <contender>
import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import process from "node:process";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { everybody } from "./rivals/all.ts";

const loaded: Buffer[] = [];
registerHooks({
  load(url, context, next) {
    const result = next(url, context);
    if (!url.startsWith("node:") && !url.endsWith(".ts") && result.source !== null && result.source !== undefined)
      loaded.push(bytesOf(result.source));
    // Ours reads its module itself, when it is first used.
    if (url.endsWith("/dist/node/module-file.js")) loaded.push(readFileSync(new URL("../wanttls.wasm", url)));
    return result;
  },
});
await everybody.find(({ name }) => name === process.argv[2])!.load();
const all = Buffer.concat(loaded);
console.log(
  JSON.stringify({ raw: all.length, gzip: gzipSync(all, { level: 9 }).length, brotli: brotliCompressSync(all).length }),
);
process.exit();

function bytesOf(source: string | ArrayBuffer | NodeJS.TypedArray): Buffer {
  if (typeof source === "string") return Buffer.from(source);
  return source instanceof ArrayBuffer
    ? Buffer.from(source)
    : Buffer.from(source.buffer, source.byteOffset, source.byteLength);
}
