// What an import of each entry loads, by following the imports of the built package.
import { readFileSync } from "node:fs";
import { brotliCompressSync, gzipSync } from "node:zlib";
import type { Section } from "../section.ts";

const entries = {
  wanttls: "index",
  "wanttls/node": "node/index",
  "wanttls/node/tls": "node/tls/index",
  "wanttls/deno": "deno/index",
  "wanttls/bun": "bun/index",
};

export const size: Section = {
  name: "size",
  title: "Size of what an import loads",
  note: "Less is better. All JavaScript that the entry imports, with the wasm in it, not minified.",
  only: "node",
  async *run() {
    for (const [by, path] of Object.entries(entries)) {
      const files = filesOf(new URL(`../../../dist/${path}.js`, import.meta.url));
      const bytes = Buffer.concat([...files].map((file) => readFileSync(new URL(file))));
      const sizes = {
        raw: bytes.length,
        gzip: gzipSync(bytes, { level: 9 }).length,
        brotli: brotliCompressSync(bytes).length,
      };
      for (const [what, value] of Object.entries(sizes))
        yield { section: "size", what, measure: "KB", by, value: value / 1000 };
    }
  },
};

/** The file, and what it imports, and so on; what is imported when needed only is counted too. */
function filesOf(entry: URL, found: Set<string> = new Set()): Set<string> {
  if (found.has(entry.href)) return found;
  found.add(entry.href);
  const source = readFileSync(entry, "utf8");
  for (const [, relative] of source.matchAll(/"(\.[^"\s]*\.(?:js|wasm))"/g)) filesOf(new URL(relative!, entry), found);
  return found;
}
