// What goes before TLS, in memory: servers and clients that say what a table has for them, whole and byte by byte.
import { describe, expect, it } from "vitest";
import { agreeToTls, afterPlaintext, askForTls } from "../../ts/cli/starttls/index.ts";
import { type StartTlsName, startTlsNames } from "../../ts/cli/starttls/names.ts";
import {
  memoryTransportPair,
  type NonBlockingTransport,
  select,
  SSLEOFError,
  SSLError,
  SSLSyscallError,
  SSLTimeoutError,
} from "../../ts/index.ts";

const timeoutMs = 20_000;
const asked = { host: "mail.test", domain: "example.org", timeoutMs };

/** How many bytes each direction holds: the other side's words come whole, or byte by byte. */
const capacities = [1, 64 * 1024];

/** What the peer says and hears in turns, says first. Text is one byte per character. */
type Script = readonly string[];

const ldapOid = "1.3.6.1.4.1.1466.20037";
const ldapRequest = `0\x1d\x02\x01\x01w\x18\x80\x16${ldapOid}`;
const ldapResponse = (code: string, text: string): string => {
  const operation = `\n\x01${code}\x04\x00\x04${String.fromCharCode(text.length)}${text}`;
  const message = `\x02\x01\x01x${String.fromCharCode(operation.length)}${operation}`;
  return `0${String.fromCharCode(message.length)}${message}`;
};

const header =
  "<?xml version='1.0'?><stream:stream to='example.org' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>";
const xmppTls = "xmlns='urn:ietf:params:xml:ns:xmpp-tls'";
const serverHeader = "<?xml version='1.0'?><stream:stream id='1' from='example.org' version='1.0'>";
const offer = `${serverHeader}<stream:features><starttls ${xmppTls}><required/></starttls></stream:features>`;
const proceed = `<proceed ${xmppTls}/>`;

const mysqlGreeting = (flags: string): string => {
  const payload = `\x0a8.4.0\0\x01\0\0\0saltsalt\0${flags}\x2d\x02\0\xff\xdf\x15${"\0".repeat(10)}saltsaltsalt\0name\0`;
  return `${String.fromCharCode(payload.length)}\0\0\0${payload}`;
};
const mysqlRequest = `\x20\0\0\x01\0\x8a\x08\0\0\0\0\x01\x2d${"\0".repeat(23)}`;

/** A server that agrees, from the side of the server. */
const agreeing: Readonly<Record<StartTlsName, Script>> = {
  smtp: [
    "220-hello\r\n220 there\r\n",
    "EHLO [127.0.0.1]\r\n",
    "250-mail\r\n250-STARTTLS\r\n250 SIZE\r\n",
    "STARTTLS\r\n",
    "220 go\r\n",
  ],
  imap: [
    "* OK hello\r\n",
    "a1 CAPABILITY\r\n",
    "* CAPABILITY IMAP4rev1 STARTTLS\r\na1 OK\r\n",
    "a2 STARTTLS\r\n",
    "* OK wait\r\na2 OK go\r\n",
  ],
  pop3: ["+OK hello\r\n", "CAPA\r\n", "+OK\r\nTOP\r\nSTLS\r\n.\r\n", "STLS\r\n", "+OK go\r\n"],
  ftp: ["220-hello\r\n234 is not the end\r\n220 there\r\n", "AUTH TLS\r\n", "234 go\r\n"],
  xmpp: ["", header, offer, `<starttls ${xmppTls}/>`, proceed],
  ldap: ["", ldapRequest, ldapResponse("\0", "")],
  postgres: ["", "\0\0\0\x08\x04\xd2\x16\x2f", "S"],
  mysql: [mysqlGreeting("\xff\xff"), mysqlRequest],
};

/** How a server may end it: the name of the script is that of the case. */
interface Refusal {
  readonly name: StartTlsName;
  readonly title: string;
  readonly script: Script;
  readonly reason: string;
  readonly why: string;
}

function refusal(name: StartTlsName, title: string, reason: string, why: string, ...script: Script): Refusal {
  return { name, title, reason: `STARTTLS_${reason}`, why, script };
}

const [ehlo, capability, capa, authTls] = ["EHLO [127.0.0.1]\r\n", "a1 CAPABILITY\r\n", "CAPA\r\n", "AUTH TLS\r\n"];
const sslRequest = agreeing.postgres[1]!;

const refusals: readonly Refusal[] = [
  refusal("smtp", "does not greet", "REFUSED", 'it refused with "554 no"', "554 no\r\n"),
  refusal(
    "smtp",
    "does not offer TLS",
    "NOT_OFFERED",
    'it does not offer TLS, only "250-a 250 XSTARTTLS"',
    ...[...["220 a\r\n", ehlo, "250-a\r\n250 XSTARTTLS\r\n"]],
  ),
  refusal(
    "smtp",
    "will not now",
    "REFUSED",
    'it refused with "454 4.7.0 TLS not available"',
    ...[...["220 a\r\n", ehlo, "250 STARTTLS\r\n", "STARTTLS\r\n", "454 4.7.0 TLS not available\r\n"]],
  ),
  refusal(
    "smtp",
    "speaks something else",
    "BAD_ANSWER",
    'it sent "SSH-2.0-x", which means nothing here',
    "SSH-2.0-x\r\n",
  ),
  refusal("imap", "says that we are logged in", "REFUSED", 'it refused with "* PREAUTH hello"', "* PREAUTH hello\r\n"),
  refusal("imap", "says goodbye", "REFUSED", 'it refused with "* BYE busy"', "* BYE busy\r\n"),
  refusal(
    "imap",
    "does not offer TLS",
    "NOT_OFFERED",
    'it does not offer TLS, only "* CAPABILITY IMAP4rev1 IDLE"',
    ...[...["* OK\r\n", capability, "* CAPABILITY IMAP4rev1 IDLE\r\na1 OK\r\n"]],
  ),
  refusal(
    "imap",
    "will not",
    "REFUSED",
    'it refused with "a2 BAD no"',
    ...[...[...agreeing.imap.slice(0, 4), "a2 BAD no\r\n"]],
  ),
  refusal(
    "imap",
    "answers to nothing",
    "BAD_ANSWER",
    'it sent "b7 OK", which means nothing here',
    ...[...["* OK\r\n", capability, "b7 OK\r\n"]],
  ),
  refusal("pop3", "does not greet", "REFUSED", 'it refused with "-ERR busy"', "-ERR busy\r\n"),
  refusal(
    "pop3",
    "does not know of capabilities",
    "NOT_OFFERED",
    'it does not offer TLS, only "-ERR what"',
    ...[...["+OK\r\n", capa, "-ERR what\r\n"]],
  ),
  refusal(
    "pop3",
    "does not offer TLS",
    "NOT_OFFERED",
    'it does not offer TLS, only "+OK TOP"',
    ...[...["+OK\r\n", capa, "+OK\r\nTOP\r\n.\r\n"]],
  ),
  refusal("pop3", "will not", "REFUSED", 'it refused with "-ERR no"', ...agreeing.pop3.slice(0, 4), "-ERR no\r\n"),
  refusal("ftp", "does not greet", "REFUSED", 'it refused with "421 busy"', "421 busy\r\n"),
  refusal(
    "ftp",
    "does not know of TLS",
    "NOT_OFFERED",
    'it does not offer TLS, only "502 what"',
    ...[...["220 a\r\n", authTls, "502 what\r\n"]],
  ),
  refusal("ftp", "will not", "REFUSED", 'it refused with "534 policy"', "220 a\r\n", authTls, "534 policy\r\n"),
  refusal(
    "xmpp",
    "does not offer TLS",
    "NOT_OFFERED",
    'it does not offer TLS, only "<stream:features><bind/></stream:features>"',
    ...[...["", header, `${serverHeader}<stream:features><bind/></stream:features>`]],
  ),
  refusal(
    "xmpp",
    "has no features",
    "NOT_OFFERED",
    'it does not offer TLS, only "<stream:features/>"',
    ...[...["", header, `${serverHeader}<stream:features/>`]],
  ),
  refusal(
    "xmpp",
    "ends the stream",
    "NOT_OFFERED",
    'it does not offer TLS, only "<stream:error><host-unknown/></stream:error></stream:stream>"',
    ...[...["", header, `${serverHeader}<stream:error><host-unknown/></stream:error></stream:stream>`]],
  ),
  refusal(
    "xmpp",
    "will not",
    "REFUSED",
    `it refused with "<failure ${xmppTls}/>"`,
    ...[...[...agreeing.xmpp.slice(0, 4), `<failure ${xmppTls}/>`]],
  ),
  refusal(
    "ldap",
    "does not know of TLS",
    "NOT_OFFERED",
    'it does not offer TLS, only "protocolError what"',
    ...[...["", ldapRequest, ldapResponse("\x02", "what")]],
  ),
  refusal(
    "ldap",
    "will not",
    "REFUSED",
    'it refused with "result code 52 busy"',
    ...[...["", ldapRequest, ldapResponse("\x34", "busy")]],
  ),
  refusal(
    "ldap",
    "gives no result",
    "REFUSED",
    'it refused with "result code -1"',
    ...[...["", ldapRequest, "0\x05\x02\x01\x01x\0"]],
  ),
  refusal("ldap", "answers another operation", "BAD_ANSWER", 'it sent "', "", ldapRequest, "0\x05\x02\x01\x01a\0"),
  refusal(
    "ldap",
    "is no LDAP",
    "BAD_ANSWER",
    'it sent "something that is no LDAP message"',
    "",
    ldapRequest,
    "HTTP/1.1",
  ),
  refusal(
    "ldap",
    "has a message without end",
    "TOO_LONG",
    "it has more to say than 16384 bytes",
    ...[...["", ldapRequest, "0\x84\x7f\xff\xff\xff"]],
  ),
  refusal(
    "ldap",
    "has a length that no number holds",
    "TOO_LONG",
    "it has more to say than 16384 bytes",
    ...[...["", ldapRequest, `0\xff${"\xff".repeat(6)}`]],
  ),
  refusal("postgres", "does not offer TLS", "NOT_OFFERED", 'it does not offer TLS, only "N"', "", sslRequest, "N"),
  refusal("postgres", "answers with an error", "REFUSED", 'it refused with "E"', "", sslRequest, "E"),
  refusal("postgres", "is no PostgreSQL", "BAD_ANSWER", 'it sent "H", which means nothing here', "", sslRequest, "H"),
  refusal(
    "mysql",
    "does not offer TLS",
    "NOT_OFFERED",
    'it does not offer TLS, only "8.4.0"',
    mysqlGreeting("\xff\xf7"),
  ),
  refusal("mysql", "is full", "REFUSED", 'it refused with "Too many"', "\x0b\0\0\0\xff\x10\x04Too many"),
  refusal("mysql", "speaks another version", "BAD_ANSWER", 'it sent "', "\x03\0\0\0\x09a\0"),
  refusal("mysql", "has a packet without end", "TOO_LONG", "it has more to say than 16384 bytes", "\xff\xff\xff\0"),
  ...(["smtp", "imap", "ftp", "pop3"] as const).flatMap((name) => [
    refusal(name, "sends a line without end", "TOO_LONG", "it has more to say than 16384 bytes", "2".repeat(20_000)),
  ]),
  refusal(
    "smtp",
    "sends lines without end",
    "TOO_LONG",
    "it has more to say than 16384 bytes",
    "220-\r\n".repeat(4000),
  ),
  refusal(
    "xmpp",
    "sends tags without end",
    "TOO_LONG",
    "it has more to say than 16384 bytes",
    ...[...["", header, "<a>".repeat(6000)]],
  ),
];

describe("askForTls", () => {
  for (const name of startTlsNames) {
    it(`${name}: asks, and takes nothing that comes after the server has agreed`, async () => {
      for (const capacity of capacities) {
        const [local, peer] = memoryTransportPair({ capacity });
        await Promise.all([askForTls(local, name, asked), play(peer, agreeing[name])]);
        await say(peer, "T");
        expect([local.closed, await hear(local, 1)]).toEqual([false, "T"]);
      }
    });

    it(`${name}: refuses plaintext where TLS must begin, whole and the first byte of it`, async () => {
      for (const injected of ["\u0016\u0003\u0001 that looks like a record", "x"]) {
        const [local, peer] = memoryTransportPair();
        // The last thing that a server says before TLS, which is what the client of MySQL answers with its request.
        const words = name === "mysql" ? agreeing.mysql.slice(0, 1) : [...agreeing[name]];
        words[words.length - 1] += injected;
        const error = await failureOf(askForTls(local, name, asked), play(peer, words));
        expect(error).toMatchObject({ reason: "STARTTLS_INJECTION", constructor: SSLError });
        const seen = injected.replace("\u0016\u0003\u0001 ", "");
        expect(error.message).toMatch(/^Cannot start TLS over \w+ with mail\.test: ".*" came where TLS must begin, /);
        expect(error.message).toContain(`"${seen}" came`);
        expect(local.closed).toBe(true);
      }
    });

    it(`${name}: fails when the stream ends at any place before the go-ahead`, async () => {
      const script = agreeing[name];
      for (let steps = 1; steps <= script.length; steps += 2) {
        const [local, peer] = memoryTransportPair();
        const cut = [...script.slice(0, steps - 1), script[steps - 1]!.slice(0, -1)];
        const ended = play(peer, cut).then(() => peer.shutdownWrite());
        const error = await failureOf(askForTls(local, name, asked), ended);
        expect(error).toBeInstanceOf(SSLEOFError);
        expect(error.message).toMatch(
          /^Cannot start TLS over \w+ with mail\.test: the connection ended before TLS began$/,
        );
      }
    });
  }

  for (const { name, title, script, reason, why } of refusals) {
    it(`${name}: says so when the server ${title}`, async () => {
      for (const capacity of capacities) {
        const [local, peer] = memoryTransportPair({ capacity });
        const error = await failureOf(askForTls(local, name, asked), play(peer, script));
        expect(error).toMatchObject({ reason, constructor: SSLError });
        expect(error.message).toContain(` with mail.test: ${why}`);
        expect(error.message.length).toBeLessThan(250);
        expect(error.message).toMatch(/^[ -~]+$/);
        expect(local.closed).toBe(true);
      }
    });
  }

  it("quotes what a server says only in part, and nothing that a terminal would obey", async () => {
    const [local, peer] = memoryTransportPair();
    const nasty = `554 \x1b[2J\x9b${"very ".repeat(100)}\r\n`;
    const error = await failureOf(askForTls(local, "smtp", asked), play(peer, [nasty]));
    expect(error.message).toMatch(/: it refused with "554 {2}\[2J very (very )+v\.\.\."$/);
  });

  it("fails when it takes too long", async () => {
    const [local] = memoryTransportPair();
    const error = await failureOf(askForTls(local, "smtp", { ...asked, timeoutMs: 1 }));
    expect(error).toBeInstanceOf(SSLTimeoutError);
    expect(error.message).toBe("Cannot start TLS over SMTP with mail.test: it took more than 0.001 seconds");
    expect(local.closed).toBe(true);
  });

  it("fails when a server that sends on and on takes too long", async () => {
    const [local, peer] = memoryTransportPair({ capacity: 1 });
    let over = false;
    const dripping = (async () => {
      while (!over) {
        if (peer.writable) peer.send(new Uint8Array([50]));
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    })().catch(() => {}); // the other end was closed
    const error = await failureOf(askForTls(local, "smtp", { ...asked, timeoutMs: 20 }));
    over = true;
    await dripping;
    expect(error).toBeInstanceOf(SSLTimeoutError);
  });

  it("fails when the server does not take what we send in time", async () => {
    const [local, peer] = memoryTransportPair({ capacity: 1 });
    const error = await failureOf(askForTls(local, "postgres", { ...asked, timeoutMs: 1 }));
    expect(error).toBeInstanceOf(SSLTimeoutError);
    expect(peer.readable).toBe(true);
  });

  it("ends with the reason of the signal, before and while it waits", async () => {
    const reason = new Error("enough");
    for (const early of [true, false]) {
      const [local] = memoryTransportPair();
      const controller = new AbortController();
      if (early) controller.abort(reason);
      const asking = askForTls(local, "smtp", { ...asked, signal: controller.signal });
      controller.abort(reason);
      await expect(asking).rejects.toBe(reason);
      expect(local.closed).toBe(true);
    }
  });

  it("says with whom the connection has failed", async () => {
    const [local, peer] = memoryTransportPair();
    peer.abort();
    const error = await failureOf(askForTls(local, "smtp", asked));
    expect(error).toBeInstanceOf(SSLSyscallError);
    expect(error).toMatchObject({ code: "ECONNRESET" });
    expect(error.message).toBe("Cannot start TLS over SMTP with mail.test: the connection failed with ECONNRESET");
  });

  it("does not let the name of an XMPP server be markup", async () => {
    const [local, peer] = memoryTransportPair();
    const domain = "a'/><b>&c";
    const words = agreeing.xmpp.with(1, header.replace("example.org", "a&apos;/>&lt;b>&amp;c"));
    await expect(
      Promise.all([askForTls(local, "xmpp", { ...asked, domain }), play(peer, words)]),
    ).resolves.toBeTruthy();
  });
});

/** A client, from the side of the server: what it hears is a pattern, as servers greet as they like. */
const clients: Readonly<Record<StartTlsName, readonly (readonly [says: string, hears: RegExp])[]>> = {
  smtp: [
    ["", /^220 .*\r\n$/],
    ["NOOP\r\n", /^250 OK\r\n$/],
    ["MAIL FROM:<a@b>\r\n", /^530 .*\r\n$/],
    ["ehlo me\r\n", /^250-localhost\r\n250 STARTTLS\r\n$/],
    ["starttls\r\n", /^220 .*\r\n$/],
  ],
  imap: [
    ["", /^\* OK \[CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\] .*\r\n$/],
    ["x1 capability\r\n", /^\* CAPABILITY .* STARTTLS .*\r\nx1 OK done\r\n$/],
    ["x2 NOOP\r\n", /^x2 OK done\r\n$/],
    ["x3 LOGIN a b\r\n", /^x3 BAD .*\r\n$/],
    ["x4 STARTTLS\r\n", /^x4 OK .*\r\n$/],
  ],
  pop3: [
    ["", /^\+OK .*\r\n$/],
    ["CAPA\r\n", /^\+OK\r\nSTLS\r\n\.\r\n$/],
    ["USER a\r\n", /^-ERR .*\r\n$/],
    ["STLS\r\n", /^\+OK .*\r\n$/],
  ],
  ftp: [
    ["", /^220 .*\r\n$/],
    ["FEAT\r\n", /^211-.*\r\n AUTH TLS\r\n211 End\r\n$/],
    ["USER a\r\n", /^534 .*\r\n$/],
    ["AUTH TLS\r\n", /^234 .*\r\n$/],
  ],
  xmpp: [
    [header, /<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'>.*<\/stream:features>$/],
    [`<starttls ${xmppTls}></starttls>`, /^<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'\/>$/],
  ],
  ldap: [[ldapRequest, /^0.{4}x.\n.{6}$/s]],
  postgres: [
    ["\0\0\0\x08\x04\xd2\x16\x30", /^N$/],
    [sslRequest, /^S$/],
  ],
  mysql: [
    ["", /^.{5}8\.0\.0-wanttls.*mysql_native_password.$/s],
    [mysqlRequest, /^$/],
  ],
};

describe("agreeToTls", () => {
  for (const name of startTlsNames) {
    it(`${name}: answers a client, and takes nothing that comes after its request`, async () => {
      for (const capacity of capacities) {
        const [local, peer] = memoryTransportPair({ capacity });
        const agreed = agreeToTls(local, name, { timeoutMs });
        for (const [says, hears] of clients[name]) {
          await say(peer, says);
          for (let heard = ""; !hears.test(heard);) heard += await hear(peer, 1);
        }
        await agreed;
        await say(peer, "T");
        expect([local.closed, await hear(local, 1)]).toEqual([false, "T"]);
      }
    });

    it(`${name}: understands our own client`, async () => {
      for (const capacity of capacities) {
        const [local, peer] = memoryTransportPair({ capacity });
        await Promise.all([agreeToTls(local, name, { timeoutMs }), askForTls(peer, name, asked)]);
        expect([local.readable, peer.readable]).toEqual([false, false]);
      }
    });

    it(`${name}: fails when the client leaves before it has asked`, async () => {
      const [local, peer] = memoryTransportPair();
      peer.shutdownWrite();
      const error = await failureOf(agreeToTls(local, name, { timeoutMs }));
      expect(error).toBeInstanceOf(SSLEOFError);
      expect(error.message).toMatch(
        /^Cannot start TLS over \w+ with the client: the connection ended before TLS began$/,
      );
      expect(local.closed).toBe(true);
    });
  }

  for (const name of startTlsNames.filter((one) => one !== "mysql")) {
    it(`${name}: refuses plaintext behind the request, and does not agree`, async () => {
      const [local, peer] = memoryTransportPair();
      await say(peer, `${clients[name].map(([says]) => says).join("")}evil`);
      const error = await failureOf(agreeToTls(local, name, { timeoutMs }));
      expect(error).toMatchObject({ reason: "STARTTLS_INJECTION" });
      expect(error.message).toContain('with the client: "evil" came where TLS must begin');
      const { source, flags } = clients[name].at(-1)![1];
      expect(String.fromCharCode(...peer.takeRemaining())).not.toMatch(new RegExp(source.slice(1), flags));
    });
  }

  it("mysql: leaves what is behind the request to TLS, which follows at once", async () => {
    const [local, peer] = memoryTransportPair();
    await say(peer, `${mysqlRequest}hello`);
    await agreeToTls(local, "mysql", { timeoutMs });
    expect(await hear(local, 5)).toBe("hello");
  });

  const strange: readonly (readonly [name: StartTlsName, says: string])[] = [
    ["xmpp", `${header}<auth/>`],
    ["ldap", "0\x0c\x02\x01\x01`\x07\x02\x01\x03\x04\0\x80\0"],
    ["ldap", `0\x0c\x02\x01\x01w\x07\x80\x051.2.3`],
    ["postgres", "\0\0\0\x09\0\x03\0\0"],
    ["mysql", `\x20\0\0\x01\0\x82\x08\0\0\0\0\x01\x2d${"\0".repeat(23)}`],
    ["mysql", "\x01\0\0\x01\0"],
  ];
  for (const [name, says] of strange) {
    it(`${name}: refuses a client that does not ask for TLS: ${JSON.stringify(says.slice(-12))}`, async () => {
      const [local, peer] = memoryTransportPair();
      await say(peer, says);
      const error = await failureOf(agreeToTls(local, name, { timeoutMs }));
      expect(error).toMatchObject({ reason: "STARTTLS_BAD_ANSWER" });
      expect(local.closed).toBe(true);
    });
  }
});

describe("afterPlaintext", () => {
  it("tells plaintext in place of a record as an injection, and every other error as it is", async () => {
    const plaintext = new SSLError("Cannot finish the handshake", { reason: "WRONG_VERSION_NUMBER" });
    const fail = (error: Error) => () => Promise.reject(error);
    await expect(afterPlaintext("imap", "mail.test", fail(plaintext))).rejects.toMatchObject({
      reason: "STARTTLS_INJECTION",
      message:
        "Cannot start TLS over IMAP with mail.test: plaintext came where TLS must begin, somebody may have injected it",
      cause: plaintext,
    });
    await expect(afterPlaintext(null, "mail.test", fail(plaintext))).rejects.toBe(plaintext);
    const other = new SSLTimeoutError("Cannot finish the handshake");
    await expect(afterPlaintext("imap", "mail.test", fail(other))).rejects.toBe(other);
  });
});

/** Plays the peer: says, hears and compares, says, ... What is left over when we have gone is nobody's concern. */
async function play(peer: NonBlockingTransport, script: Script): Promise<void> {
  for (const [i, words] of script.entries()) {
    if (i % 2 === 0) await say(peer, words);
    else expect(await hear(peer, words.length)).toBe(words);
  }
}

async function say(transport: NonBlockingTransport, words: string): Promise<void> {
  let rest = Uint8Array.from(words, (character) => character.charCodeAt(0));
  while (rest.length > 0) {
    await select([], [transport]);
    try {
      rest = rest.subarray(transport.send(rest));
    } catch (error) {
      if (error instanceof SSLSyscallError) return; // the other side has heard enough
      throw error;
    }
  }
}

async function hear(transport: NonBlockingTransport, count: number): Promise<string> {
  const into = new Uint8Array(count);
  for (let at = 0; at < count;) {
    await select([transport], []);
    const got = transport.recvInto(into.subarray(at));
    if (got === "eof") throw new Error(`Cannot hear ${count} bytes: the stream ended`);
    if (got !== "would-block") at += got;
  }
  return String.fromCharCode(...into);
}

/** The error of the first, when the others are done too. */
async function failureOf(act: Promise<void>, ...others: readonly Promise<unknown>[]): Promise<Error> {
  const [result] = await Promise.allSettled([act, ...others]);
  if (result.status === "fulfilled") throw new Error("Cannot see the failure: there was none");
  await Promise.all(others);
  return result.reason as Error;
}
