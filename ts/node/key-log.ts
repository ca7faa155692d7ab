// Owns writing the key log with the means of Node. What goes into it is decided in ts/ssl.
import { keyLogMode, keyLogTo } from "../ssl/key-log-file.ts";
import { nodeFs } from "./builtin.ts";

/**
 * A function for `onKeyLog` that appends to a file, which is made for its owner only when it is not there. Without a path it
 * is the file that the environment names in `SSLKEYLOGFILE`, and nothing is logged if it names none. No other part of
 * wanttls looks at that variable: who can read the file can decrypt the connections.
 *
 * Throws SSLConfigError when the file cannot be written.
 *
 * @example
 * const context = SSLContext.client({ trust, onKeyLog: keyLogFile() });
 */
export function keyLogFile(path: string): (line: string) => void;
export function keyLogFile(): ((line: string) => void) | undefined;
export function keyLogFile(
  path: string | undefined = process.env["SSLKEYLOGFILE"],
): ((line: string) => void) | undefined {
  return keyLogTo(path, (file, text) => nodeFs().appendFileSync(file, text, { mode: keyLogMode }));
}
