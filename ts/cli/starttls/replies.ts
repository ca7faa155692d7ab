// Owns replies that begin with three digits, of one line or several (RFC 5321, section 4.2.1; RFC 959, section 4.2).
import type { Plaintext } from "./plaintext.ts";

/** What a server said. */
export interface Reply {
  readonly code: string;
  /** All lines, with the code. */
  readonly lines: readonly string[];
  /** The same in one line, to quote. */
  readonly text: string;
}

/** The next reply. In FTP the lines between its first and its last one may begin with anything. */
export async function readReply(plain: Plaintext): Promise<Reply> {
  const lines = [await plain.readLine()];
  const code = /^\d{3}(?=[ -]|$)/.exec(lines[0]!)?.[0];
  if (code === undefined) throw plain.failures.unexpected(lines[0]!);
  for (let more = lines[0]!.startsWith(`${code}-`); more; more = !isLast(lines.at(-1)!, code))
    lines.push(await plain.readLine());
  return { code, lines, text: lines.join(" ") };
}

/** The next reply, which must have this code. */
export async function expectReply(plain: Plaintext, code: string): Promise<Reply> {
  const reply = await readReply(plain);
  if (reply.code !== code) throw plain.failures.refused(reply.text);
  return reply;
}

function isLast(line: string, code: string): boolean {
  return line === code || line.startsWith(`${code} `);
}
