// Promise kept: importing an entry of the package loads a handful of files, not a hundred and sixty, whose opening and
// resolving would take several times as long as running them. The compiler's JavaScript in build/js becomes one file for
// each entry, `core` for what the runtimes share and `embedded` for the module. Comments go, as the declarations have
// them; names stay, since the errors are called by their classes and a stack trace is to be read.
import { globSync, rmSync } from "node:fs";
import { rolldown } from "rolldown";

const entries = ["index", "node/index", "node/tls/index", "deno/index", "bun/index", "cli/main"];

for (const old of globSync("dist/**/*.js")) rmSync(old);
const bundle = await rolldown({
  input: Object.fromEntries(entries.map((entry) => [entry, `build/js/${entry}.js`])),
  platform: "neutral",
  external: /^(node:|bun$)/,
});
await bundle.write({
  dir: "dist",
  entryFileNames: "[name].js",
  chunkFileNames: "chunks/[name]-[hash].js",
  codeSplitting: {
    groups: [
      { name: "embedded", test: /\/wasm\/binary\.gen\.js$/ },
      { name: "core", test: /\/js\/(index\.js$|(wasm|engine|ssl|socket|stream)\/)/ },
    ],
  },
  comments: false,
  minify: { compress: true, mangle: { toplevel: false }, codegen: { removeWhitespace: true } },
});
