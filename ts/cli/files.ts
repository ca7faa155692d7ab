// Owns reading the files that the command line names.
import { readFileSync } from "node:fs";
import { fileTrouble } from "../ssl/system-trust.ts";
import { UsageError } from "./arguments.ts";

/** The content of a file that the command line names. Throws `UsageError`. */
export function readNamedFile(path: string): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(readFileSync(path));
  } catch (error) {
    throw new UsageError(`Cannot read ${path}: ${fileTrouble(error)}`);
  }
}
