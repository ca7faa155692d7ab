// What an import of each entry loads, by following the imports of the built package.
import { clientSize, loadedFiles, sizeOfFiles, type Size } from "../../../scripts/package-size.ts";
import type { Figure } from "../figures.ts";
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
  note: "Less is better. All JavaScript that the entry imports, and the module, as they come; and a client for Node as a bundler leaves it, in one file.",
  only: "node",
  async *run() {
    for (const [by, path] of Object.entries(entries)) yield* figures(by, sizeOfFiles(loadedFiles(path)));
    yield* figures("a bundled client", await clientSize());
  },
};

function figures(by: string, sizes: Size): Figure[] {
  return Object.entries(sizes).map(([what, value]: [string, number]) => ({
    section: "size",
    what,
    measure: "KB",
    by,
    value: value / 1000,
  }));
}
