import { describe, expect, it } from "vitest";
import { help, parseCommandLine, UsageError } from "../../ts/cli/arguments.ts";
import { startTlsNames } from "../../ts/cli/starttls/names.ts";

const serve = ["serve", "--cert", "c", "--key", "k", "--port", "443"];

describe("parseCommandLine", () => {
  it("understands connect with everything", () => {
    const line =
      "connect example.org:443 --ca a --ca=b --servername n --alpn h2,http/1.1 --tls1.2 --json --timeout 1.5 --starttls imap --progress";
    expect(parseCommandLine(line.split(" "))).toEqual({
      command: "connect",
      host: "example.org",
      port: 443,
      ca: ["a", "b"],
      insecure: false,
      servername: "n",
      cert: null,
      key: null,
      pfx: null,
      password: null,
      alpn: ["h2", "http/1.1"],
      minVersion: "TLSv1.2",
      maxVersion: "TLSv1.2",
      report: "json",
      trace: false,
      timeoutMs: 1500,
      starttls: "imap",
      progress: true,
    });
  });

  it("understands serve with everything", () => {
    const line = "--host ::1 --www dir --once --ca a --tls1.3 --info --password p";
    expect(parseCommandLine([...serve, ...line.split(" ")])).toEqual({
      command: "serve",
      host: "::1",
      port: 443,
      cert: "c",
      key: "k",
      pfx: null,
      password: "p",
      service: "www",
      www: "dir",
      once: true,
      ca: ["a"],
      alpn: [],
      minVersion: "TLSv1.3",
      maxVersion: "TLSv1.3",
      report: "text",
      trace: false,
      timeoutMs: 30_000,
      starttls: null,
      progress: false,
    });
  });

  it("understands trace, and takes the form from the name of the file", () => {
    expect(parseCommandLine(["trace", "a:1"])).toMatchObject({
      command: "trace",
      host: "a",
      form: "svg",
      output: null,
    });
    for (const [line, form] of [
      ["--html", "html"],
      ["-o x.html", "html"],
      ["--output x.htm", "html"],
      ["-o x.svg", "svg"],
      ["-o x.html --svg", "svg"],
    ] as const) {
      expect(parseCommandLine(["trace", "a:1", ...line.split(" ")])).toMatchObject({ form });
    }
  });

  it("takes an IPv6 address in brackets, and HOST as the name to verify", () => {
    expect(parseCommandLine(["connect", "[::1]:8443"])).toMatchObject({ host: "::1", port: 8443, servername: "::1" });
  });

  it("takes both versions when both are named", () => {
    const both = { minVersion: "TLSv1.2", maxVersion: "TLSv1.3" };
    expect(parseCommandLine(["connect", "a:1", "--tls1.2", "--tls1.3"])).toMatchObject(both);
    expect(parseCommandLine(["connect", "a:1"])).toMatchObject(both);
  });

  it("gives help and version precedence over everything that is right", () => {
    for (const word of ["--help", "-h"]) expect(parseCommandLine([word]).command).toBe("help");
    for (const word of ["--version", "-V"]) expect(parseCommandLine([word]).command).toBe("version");
    expect(parseCommandLine(["connect", "--help"]).command).toBe("help");
  });

  it("takes each protocol that --starttls names, and names it in the help", () => {
    for (const name of startTlsNames) {
      expect(parseCommandLine(["connect", "a:1", "--starttls", name])).toMatchObject({ starttls: name });
      expect(parseCommandLine([...serve, "--starttls", name])).toMatchObject({ starttls: name });
      expect(help).toContain(name);
    }
  });

  it("names every option in the help", () => {
    const options =
      "ca cert key pfx password alpn tls1.2 tls1.3 info json trace timeout insecure servername " +
      "host port www pipe once svg html output starttls progress";
    for (const option of options.split(" ")) expect(help).toContain(`--${option}`);
  });

  const refused: readonly (readonly [line: string, sentence: string])[] = [
    ["", "Cannot start: expected connect, serve or trace; --help tells more"],
    ["dance", "Cannot start: there is no command dance, only connect, serve and trace"],
    ["connect", "Cannot connect: HOST:PORT is missing"],
    ["connect localhost", "Cannot connect to localhost: expected HOST:PORT, or [ADDRESS]:PORT for IPv6"],
    ["connect ::1:443", "Cannot connect to ::1:443: expected HOST:PORT, or [ADDRESS]:PORT for IPv6"],
    ["connect a:0", "Cannot connect to a:0: port 0 is none to connect to"],
    ["connect a:65536", "Cannot use a:65536: a port is a number from 0 to 65535, not 65536"],
    ["connect a:1 b", "Cannot use b: there is nothing it could mean; --help tells more"],
    ["connect a:1 --bogus", "Cannot use --bogus: connect has no such option; --help tells more"],
    ["connect a:1 --port 2", "Cannot use --port: connect has no such option; --help tells more"],
    ["connect a:1 --ca", "Cannot use --ca: its value is missing"],
    ["connect a:1 --ca --insecure", "Cannot use --ca: its value is missing"],
    ["connect a:1 --insecure=1", "Cannot use --insecure: it takes no value"],
    ["connect a:1 --insecure --ca f", "Cannot connect: --ca and --insecure contradict each other"],
    ["connect a:1 --cert f", "Cannot connect: --cert and --key need each other"],
    ["connect a:1 --timeout 0", "Cannot use --timeout: expected a number of seconds above 0, not 0"],
    ["connect a:1 --timeout soon", "Cannot use --timeout: expected a number of seconds above 0, not soon"],
    [
      "connect a:1 --starttls gopher",
      "Cannot use --starttls: expected one of smtp, imap, pop3, ftp, xmpp, ldap, postgres, mysql, not gopher",
    ],
    ["connect a:1 --starttls", "Cannot use --starttls: its value is missing"],
    ["trace a:1 --progress", "Cannot use --progress: trace has no such option; --help tells more"],
    ["serve --cert c --key k --port 1 --progress", "Cannot serve: --progress needs --pipe"],
    ["connect a:1 --cert f --key f --pfx f", "Cannot connect: --cert and --pfx contradict each other"],
    ["connect a:1 -o f", "Cannot use -o: connect has no such option; --help tells more"],
    ["trace", "Cannot connect: HOST:PORT is missing"],
    ["trace a:1 --svg --html", "Cannot trace: --svg and --html contradict each other"],
    ["trace a:1 --once", "Cannot use --once: trace has no such option; --help tells more"],
    ["serve --key k --port 1", "Cannot serve: --cert and --key need each other"],
    ["serve --cert c --port 1", "Cannot serve: --cert and --key need each other"],
    ["serve --cert c --key k", "Cannot serve: --port is missing"],
    ["serve --cert c --key k --port x", "Cannot use --port: a port is a number from 0 to 65535, not x"],
    ["serve --cert c --key k --port 1 --www d --pipe", "Cannot serve: --www and --pipe contradict each other"],
    ["serve --cert c --key k --port 1 x", "Cannot use x: there is nothing it could mean; --help tells more"],
  ];
  for (const [line, sentence] of refused) {
    it(`refuses ${JSON.stringify(line)}: ${sentence}`, () => {
      expect(() => parseCommandLine(line === "" ? [] : line.split(" "))).toThrow(new UsageError(sentence));
    });
  }
});
