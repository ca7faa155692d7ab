// AUTH TLS in FTP (RFC 4217, section 4): TLS for the control connection.
import type { Preamble } from "./preamble.ts";
import { expectReply, readReply } from "./replies.ts";

/** What servers answer that do not know the command, or not this mechanism (RFC 2228, section 5). */
const unknown: ReadonlySet<string> = new Set(["500", "502", "504"]);

export const ftp: Preamble = {
  protocol: "FTP",

  async client(plain) {
    await expectReply(plain, "220");
    await plain.write("AUTH TLS\r\n");
    const { code, text } = await readReply(plain);
    if (unknown.has(code)) throw plain.failures.notOffered(text);
    if (code !== "234") throw plain.failures.refused(text);
  },

  async server(plain) {
    await plain.write("220 ready\r\n");
    for (;;) {
      const command = (await plain.readLine()).toUpperCase();
      if (command === "AUTH TLS") return "234 Begin TLS now\r\n";
      await plain.write(answers[command] ?? "534 AUTH TLS comes first\r\n");
    }
  },
};

const answers: Readonly<Record<string, string>> = {
  FEAT: "211-Features:\r\n AUTH TLS\r\n211 End\r\n",
  QUIT: "221 Goodbye\r\n",
};
