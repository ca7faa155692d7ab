// STLS in POP3 (RFC 2595, section 4; the list of capabilities is RFC 2449).
import type { Plaintext } from "./plaintext.ts";
import type { Preamble } from "./preamble.ts";

export const pop3: Preamble = {
  protocol: "POP3",

  async client(plain) {
    await expectOk(plain);
    const capabilities = await readCapabilities(plain);
    if (!capabilities.some((line) => /^STLS *$/i.test(line))) throw plain.failures.notOffered(capabilities.join(" "));
    await plain.write("STLS\r\n");
    await expectOk(plain);
  },

  async server(plain) {
    await plain.write("+OK ready\r\n");
    for (;;) {
      const command = (await plain.readLine()).toUpperCase();
      if (command === "STLS") return "+OK Begin TLS now\r\n";
      await plain.write(answers[command] ?? "-ERR STLS comes first\r\n");
    }
  },
};

const answers: Readonly<Record<string, string>> = {
  CAPA: "+OK\r\nSTLS\r\n.\r\n",
  QUIT: "+OK\r\n",
};

async function expectOk(plain: Plaintext): Promise<void> {
  const line = await plain.readLine();
  if (!/^\+OK\b/i.test(line)) throw plain.failures.refused(line);
}

/** Servers with STLS have the list too (RFC 2595, section 4): one without is one that does not offer it. */
async function readCapabilities(plain: Plaintext): Promise<readonly string[]> {
  await plain.write("CAPA\r\n");
  const lines = [await plain.readLine()];
  if (!/^\+OK\b/i.test(lines[0]!)) throw plain.failures.notOffered(lines[0]!);
  for (let line: string; (line = await plain.readLine()) !== ".";) lines.push(line);
  return lines;
}
