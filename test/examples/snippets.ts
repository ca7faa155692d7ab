// Writes out the code blocks of a document that name a file, and imports them. Knows nothing of what they do.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { runtime } from "../socket/pairs.ts";

const root = `${import.meta.dirname}/../..`;

export interface Document {
  readonly text: string;
  /** The module of a block, by the name of its file. */
  snippet<T>(name: string): Promise<T>;
  /** A copy of a block that runs outside of the test runner, as a worker or a program, and starts copies as workers; answers its path. */
  standalone(name: string, after?: string): string;
}

/** A document by its path in the project. */
export function documentAt(path: string): Document {
  const text = readFileSync(`${root}/${path}`, "utf8");
  const folder = `${root}/build/examples/${path.replaceAll("/", "-")}/${runtime}`;
  mkdirSync(folder, { recursive: true });
  const written = new Set<string>();
  for (const [, name, code] of text.matchAll(/^```ts file=(\S+)\n([\s\S]*?)^```$/gm)) {
    writeFileSync(`${folder}/${name}`, code!);
    written.add(name!);
  }
  return {
    text,
    async snippet<T>(name: string): Promise<T> {
      if (!written.has(name)) throw new Error(`${path} has no block for the file ${name}`);
      return (await import(/* @vite-ignore */ pathToFileURL(`${folder}/${name}`).href)) as T;
    },
    standalone(name, after = "") {
      const file = `${folder}/standalone-${name}`;
      const core = pathToFileURL(`${root}/ts/index.ts`).href;
      const here = pathToFileURL(`${root}/ts/${runtime}/index.ts`).href;
      const code = readFileSync(`${folder}/${name}`, "utf8")
        .replaceAll('from "wanttls"', `from "${core}"`)
        .replaceAll('from "wanttls/node"', `from "${here}"`)
        .replaceAll('new URL("', 'new URL("standalone-');
      writeFileSync(file, code + after);
      return file;
    },
  };
}
