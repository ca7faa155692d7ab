// The key log as a file (the form of NSS, the variable SSLKEYLOGFILE). Owns what goes into it; a runtime says how to append.
import { SSLConfigError } from "../engine/errors.ts";
import { fileTrouble } from "./system-trust.ts";

/** A function for `onKeyLog`, or undefined without a path. Throws SSLConfigError when the file cannot be written. */
export function keyLogTo(
  path: string | undefined,
  append: (path: string, text: string) => void,
): ((line: string) => void) | undefined {
  if (path === undefined || path === "") return undefined;
  const write = (text: string): void => {
    try {
      append(path, text);
    } catch (cause) {
      const options = { reason: "BAD_KEY_LOG", library: "SYS", cause } as const;
      throw new SSLConfigError(`Cannot log keys to ${path}: ${fileTrouble(cause)}`, options);
    }
  };
  write(""); // a path that leads nowhere is told now, not in the middle of a handshake
  return (line) => write(`${line}\n`);
}

/** For its owner only: who can read it can decrypt what was recorded. */
export const keyLogMode = 0o600;
