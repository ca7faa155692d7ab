// What the package weighs for those who use it: for a runtime the files that importing an entry loads, for a bundler what it
// makes of a small program. Measures; what is too much is for others to say.
import { readFileSync } from "node:fs";
import { posix } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { rolldown } from "rolldown";

export interface Size {
  readonly raw: number;
  readonly gzip: number;
  readonly brotli: number;
}

export const entryFiles = ["index", "node/index", "node/tls/index", "deno/index", "bun/index"] as const;

/** The files that importing `dist/<entry>.js` loads: itself and what it imports, at any depth. */
export function loadedFiles(entry: string): readonly string[] {
  const found = new Set([`dist/${entry}.js`]);
  for (const file of found) {
    const imports = readFileSync(file, "utf8").matchAll(/(?:from|import) ?"(\.[^"]+)"/g);
    for (const [, specifier] of imports) found.add(posix.join(posix.dirname(file), specifier!));
  }
  return [...found];
}

export function sizeOfFiles(files: readonly string[]): Size {
  return sizeOf(Buffer.concat(files.map((file) => readFileSync(file))));
}

/** A client for one runtime as a bundler leaves it: without what it does not use, and minified. */
export async function programSize(runtime: string): Promise<Size> {
  const program = `
    import { connect, TrustStore } from "./dist/${runtime}/index.js";
    import { createDefaultContext } from "./dist/index.js";
    const context = createDefaultContext("server-auth", { trust: TrustStore.system() });
    const tls = await connect({ hostname: "example.org", port: 443, context });
    await tls.close();`;
  const bundle = await rolldown({
    input: "program",
    platform: "neutral",
    external: /^(node:|bun$)/,
    plugins: [
      {
        name: "program",
        resolveId: (id, importer) => (importer === undefined ? id : importer === "program" ? posix.resolve(id) : null),
        load: (id) => (id === "program" ? program : null),
      },
    ],
  });
  const { output } = await bundle.generate({ minify: true });
  return sizeOf(Buffer.from(output.map((chunk) => ("code" in chunk ? chunk.code : "")).join("")));
}

function sizeOf(bytes: Uint8Array): Size {
  return {
    raw: bytes.length,
    gzip: gzipSync(bytes, { level: 9 }).length,
    brotli: brotliCompressSync(bytes).length,
  };
}
