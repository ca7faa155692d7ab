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

/** Where package.json says that the module comes from, for each runtime. */
const { "#embedded-module": embeddings } = (
  JSON.parse(readFileSync("package.json", "utf8")) as {
    imports: { "#embedded-module": Readonly<Record<string, string>> };
  }
).imports;

export const entryFiles = ["index", "node/index", "node/tls/index", "deno/index", "bun/index"] as const;

/** The files that importing `dist/<entry>.js` loads: itself and what it imports, at any depth, with the module where that is a file. */
export function loadedFiles(entry: string): readonly string[] {
  const embedding = posix.normalize(embeddings[entry.split("/")[0]!] ?? embeddings["default"]!);
  const found = new Set([`dist/${entry}.js`]);
  for (const file of found) {
    if (file.endsWith(".wasm")) continue;
    const source = readFileSync(file, "utf8");
    for (const [, specifier] of source.matchAll(/(?:from|import|new URL\() ?["`]([.#][^"`]+)["`]/g))
      found.add(specifier!.startsWith("#") ? embedding : posix.join(posix.dirname(file), specifier!));
  }
  return [...found];
}

export function sizeOfFiles(files: readonly string[]): Size {
  return sizeOf(Buffer.concat(files.map((file) => readFileSync(file))));
}

/** A client on Node as a bundler leaves it: without what it does not use, and minified. */
export async function clientSize(): Promise<Size> {
  return sizeOf(
    Buffer.from(
      await bundled(`
        import { connect, TrustStore } from "./dist/node/index.js";
        import { createDefaultContext } from "./dist/index.js";
        const context = createDefaultContext("server-auth", { trust: TrustStore.system() });
        const tls = await connect({ hostname: "example.org", port: 443, context });
        await tls.close();`),
    ),
  );
}

/** One file of a program for Node that imports files of the package. */
export async function bundled(program: string): Promise<string> {
  const bundle = await rolldown({
    input: "program",
    platform: "node",
    plugins: [
      {
        name: "program",
        resolveId: (id, importer) => (importer === undefined ? id : importer === "program" ? posix.resolve(id) : null),
        load: (id) => (id === "program" ? program : null),
      },
    ],
  });
  const { output } = await bundle.generate({ minify: true });
  return output.map((chunk) => ("code" in chunk ? chunk.code : "")).join("");
}

function sizeOf(bytes: Uint8Array): Size {
  return {
    raw: bytes.length,
    gzip: gzipSync(bytes, { level: 9 }).length,
    brotli: brotliCompressSync(bytes).length,
  };
}
