// Promise kept: importing an entry of the package loads a handful of files, not a hundred and sixty, whose opening and
// resolving would take several times as long as running them. The compiler's JavaScript in build/js becomes one file for
// each entry, and `core` for what the runtimes share. Comments go, as the declarations have them, and the names of
// locals, which engines need time to read; those of functions and classes stay, since a stack trace is to be read: the option is for
// classes that name themselves, whose names would count as locals.
//
// Where the bytes of the module come from is for package.json's `imports` to say: Node reads the file, which saves it the reading of
// half a megabyte of text; Deno, which would ask for a permission, Bun, which gains nothing, and whoever else runs the package as it is
// take the text that is decoded natively; and bundlers (condition "module") the one that is small after gzip.
import { globSync, rmSync } from "node:fs";
import { type OutputOptions, rolldown } from "rolldown";

const entries = ["index", "node/index", "node/tls/index", "deno/index", "bun/index", "cli/main"];
const embeddings = ["wasm/embedded", "wasm/compact", "node/module-file"];

for (const old of globSync("dist/**/*.js")) rmSync(old);
await bundle(entries, {
  chunkFileNames: "chunks/[name]-[hash].js",
  codeSplitting: { groups: [{ name: "core", test: /\/js\/(index\.js$|(wasm|engine|ssl|socket|stream)\/)/ }] },
});
for (const embedding of embeddings) await bundle([embedding], {});

async function bundle(names: readonly string[], options: OutputOptions): Promise<void> {
  const made = await rolldown({
    input: Object.fromEntries(names.map((name) => [name, `build/js/${name}.js`])),
    platform: "neutral",
    external: /^(node:|bun$)/,
    plugins: [
      {
        name: "embedded-module",
        resolveId: (specifier, importer) =>
          specifier === "./embedded.js" && importer?.endsWith("/wasm/module.js")
            ? { id: "#embedded-module", external: true }
            : null,
      },
    ],
  });
  await made.write({
    ...options,
    dir: "dist",
    entryFileNames: "[name].js",
    comments: false,
    minify: {
      compress: { keepNames: { function: false, class: true } },
      mangle: { toplevel: false, keepNames: { function: false, class: true } },
      codegen: { removeWhitespace: true },
    },
  });
}
