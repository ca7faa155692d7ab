// Promise kept: what a user installs works. The package is packed as for publishing, read by publint and attw, unpacked
// into an empty project, its declarations are checked there without ours, and each entry is loaded by its runtime: the
// core and ./node by the machine's own Node too, which may be the oldest that is supported. Nor is it larger than agreed.
import { execFileSync } from "node:child_process";
import { existsSync, globSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import process from "node:process";
import { bundled, clientSize, entryFiles, loadedFiles } from "./package-size.ts";

const bin = `${process.cwd()}/node_modules/.bin`;
const folder = "build/package";
const project = `${folder}/project`;
const installed = `${project}/node_modules/wanttls`;

/** What the declarations of each entry may lean on. Those of Deno and Bun do not pass the check themselves. */
const entries = [
  { entry: "wanttls", types: [], checkLibraries: true, loaders: ["node", `${bin}/node`, `${bin}/deno`, `${bin}/bun`] },
  { entry: "wanttls/node", types: ["node"], checkLibraries: true, loaders: ["node", `${bin}/node`] },
  { entry: "wanttls/node/tls", types: ["node"], checkLibraries: true, loaders: ["node", `${bin}/node`] },
  { entry: "wanttls/deno", types: ["deno"], checkLibraries: false, loaders: [`${bin}/deno`] },
  { entry: "wanttls/bun", types: ["bun-types"], checkLibraries: false, loaders: [`${bin}/bun`] },
] as const;

/** Part of a program with an entry as `all`: functions and classes call themselves what users call them, but for second names. */
const namedRight = `for (const [name, value] of Object.entries(all))
  if (typeof value === "function" && value.name !== name && all[value.name] !== value)
    throw new Error(name + " calls itself " + value.name);\n`;

/** What a bundled client may weigh after gzip, the module and its text included, and how many files an import may load. */
const budget = { kib: 230, files: 5 };

refuseLeftovers();
await refuseGrowth();
rmSync(folder, { recursive: true, force: true });
mkdirSync(installed, { recursive: true });
run("npm", ["pack", "--loglevel=error", "--pack-destination", folder]);
const tarball = `${folder}/${readdirSync(folder).find((name) => name.endsWith(".tgz")) ?? ""}`;
run(`${bin}/publint`, ["run", tarball, "--strict"]);
run(`${bin}/attw`, [
  tarball,
  "--profile",
  "esm-only",
  "--exclude-entrypoints",
  "./wanttls.wasm",
  "./vetted.wasm",
  "--format",
  "ascii",
]);
run("tar", ["-xzf", tarball, "-C", installed, "--strip-components=1"]);
writeFileSync(`${project}/package.json`, JSON.stringify({ type: "module" }));
for (const one of entries) checkEntry(one);
await checkBundle();
console.log(`package: ${entries.length} entries checked`);

/** The compiler never deletes, so what it declared for a file that is gone would be published. */
function refuseLeftovers(): void {
  const leftover = globSync("dist/**/*.d.ts").find((made) => !existsSync(made.replace(/^dist(.*)\.d\.ts$/, "ts$1.ts")));
  if (leftover === undefined) return;
  console.error(`Cannot accept the package: ${leftover} has no source any more (make clean build)`);
  process.exit(1);
}

/** A change that passes the budget raises it here, for all to see, or becomes smaller. */
async function refuseGrowth(): Promise<void> {
  const kib = Math.ceil((await clientSize()).gzip / 1024);
  const most = Math.max(...entryFiles.map((entry) => loadedFiles(entry).filter((file) => file.endsWith(".js")).length));
  if (kib <= budget.kib && most <= budget.files) return;
  console.error(
    `Cannot accept the package: a bundled client has ${kib} KiB, an import loads ${most} files (${JSON.stringify(budget)} are agreed)`,
  );
  process.exit(1);
}

function checkEntry({ entry, types, checkLibraries, loaders }: (typeof entries)[number]): void {
  const name = entry.replaceAll("/", "-");
  const compilerOptions = {
    noEmit: true,
    strict: true,
    module: "nodenext",
    lib: ["es2023", "esnext.disposable", "dom"],
    types,
    skipLibCheck: !checkLibraries,
  };
  const use = entry === "wanttls" ? "await all.init({ warmUp: true });\n" : "";
  const load = `import * as all from "${entry}";\nif (Object.keys(all).length === 0) throw new Error("no export");\n${use}`;
  writeFileSync(`${project}/${name}.js`, `${load}${namedRight}`);
  writeFileSync(`${project}/${name}.ts`, load);
  writeFileSync(`${project}/tsconfig.json`, JSON.stringify({ compilerOptions, files: [`${name}.ts`] }));
  run(`${bin}/tsc`, ["-p", "."], project);
  for (const loader of loaders) run(loader, loader.endsWith("deno") ? ["run", `${name}.js`] : [`${name}.js`], project);
}

/** A bundle is one file, which needs nothing beside it. */
async function checkBundle(): Promise<void> {
  const alone = `${folder}/alone`;
  mkdirSync(alone);
  writeFileSync(
    `${alone}/program.mjs`,
    await bundled(`import { init, SSLEOFError } from "./${installed}/dist/index.js"; await init({ warmUp: true });
      if (new SSLEOFError("It ends").name !== "SSLEOFError") throw new Error("errors lose their names");`),
  );
  for (const loader of ["node", `${bin}/node`, `${bin}/bun`, `${bin}/deno`])
    run(loader, loader.endsWith("deno") ? ["run", "program.mjs"] : ["program.mjs"], alone);
}

/** Shows what the command said only when it fails. */
function run(program: string, parameters: readonly string[], cwd: string = "."): void {
  try {
    execFileSync(program, parameters, { cwd, encoding: "utf8", stdio: "pipe" });
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    console.error(`${stdout}${stderr}\nCannot accept the package: ${program} ${parameters.join(" ")} failed`);
    process.exit(1);
  }
}
