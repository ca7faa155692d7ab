// STARTTLS in SMTP (RFC 3207), for relays and for submission alike.
import type { Preamble } from "./preamble.ts";
import { expectReply } from "./replies.ts";

/** A client without a name of its own says an address (RFC 5321, section 4.1.3). */
const ownName = "[127.0.0.1]";

export const smtp: Preamble = {
  protocol: "SMTP",

  async client(plain) {
    await expectReply(plain, "220");
    await plain.write(`EHLO ${ownName}\r\n`);
    const { lines, text } = await expectReply(plain, "250");
    if (!lines.some((line) => /^250[ -]STARTTLS *$/i.test(line))) throw plain.failures.notOffered(text);
    await plain.write("STARTTLS\r\n");
    await expectReply(plain, "220");
  },

  async server(plain) {
    await plain.write("220 localhost ESMTP\r\n");
    for (;;) {
      const command = (await plain.readLine()).split(" ", 1)[0]!.toUpperCase();
      if (command === "STARTTLS") return "220 Go ahead\r\n";
      await plain.write(answers[command] ?? "530 Must issue a STARTTLS command first\r\n");
    }
  },
};

const answers: Readonly<Record<string, string>> = {
  EHLO: "250-localhost\r\n250 STARTTLS\r\n",
  NOOP: "250 OK\r\n",
  QUIT: "221 Goodbye\r\n",
};
