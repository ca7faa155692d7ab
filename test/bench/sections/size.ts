// What an import of each entry loads, by following the imports of the built package.
import { loadedFiles, sizeOfFiles } from "../../../scripts/package-size.ts";
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
  note: "Less is better. All JavaScript that the entry imports, and the module, as they come.",
  only: "node",
  async *run() {
    for (const [by, path] of Object.entries(entries)) {
      for (const [what, value] of Object.entries(sizeOfFiles(loadedFiles(path))))
        yield { section: "size", what, measure: "KB", by, value: value / 1000 };
    }
  },
};
