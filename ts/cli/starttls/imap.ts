// STARTTLS in IMAP (RFC 9051, section 6.2.1).
import type { Plaintext } from "./plaintext.ts";
import type { Preamble } from "./preamble.ts";

export const imap: Preamble = {
  protocol: "IMAP",

  async client(plain) {
    const greeting = await plain.readLine();
    // Who is logged in already (PREAUTH) may not start TLS any more, so a server that says so is not believed.
    if (!/^\* OK\b/i.test(greeting)) throw plain.failures.refused(greeting);
    const capabilities = (await answerTo(plain, "a1", "CAPABILITY")).join(" ");
    if (!/\* CAPABILITY( .*)? STARTTLS( |$)/i.test(capabilities)) throw plain.failures.notOffered(capabilities);
    await answerTo(plain, "a2", "STARTTLS");
  },

  async server(plain) {
    await plain.write(`* OK [${capability}] ready\r\n`);
    for (;;) {
      const [tag = "", command = ""] = (await plain.readLine()).split(" ");
      if (command.toUpperCase() === "STARTTLS") return `${tag} OK Begin TLS now\r\n`;
      await plain.write(answer(tag, command.toUpperCase()));
    }
  },
};

const capability = "CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED";

/** Sends a command and reads up to the line that ends it; answers the lines before, which concern nobody in particular. */
async function answerTo(plain: Plaintext, tag: string, command: string): Promise<readonly string[]> {
  await plain.write(`${tag} ${command}\r\n`);
  const lines: string[] = [];
  for (;;) {
    const line = await plain.readLine();
    if (line.startsWith(`${tag} `)) {
      if (/^\S+ OK\b/i.test(line)) return lines;
      throw plain.failures.refused(line);
    }
    if (!line.startsWith("* ")) throw plain.failures.unexpected(line);
    lines.push(line);
  }
}

function answer(tag: string, command: string): string {
  if (command === "CAPABILITY") return `* ${capability}\r\n${tag} OK done\r\n`;
  if (command === "NOOP") return `${tag} OK done\r\n`;
  if (command === "LOGOUT") return `* BYE\r\n${tag} OK done\r\n`;
  return `${tag} BAD STARTTLS comes first\r\n`;
}
