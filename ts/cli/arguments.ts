// Owns the command line: what can be said, the help, and the sentences for what cannot be understood. Refuses to know
// files, sockets and TLS.
import { parseArgs } from "node:util";
import { type StartTlsName, startTlsNames } from "./starttls/names.ts";

/** What both subcommands can be told about TLS. */
interface CommonArguments {
  readonly ca: readonly string[];
  readonly cert: string | null;
  readonly key: string | null;
  /** A PKCS#12 file in place of both. */
  readonly pfx: string | null;
  readonly password: string | null;
  readonly alpn: readonly string[];
  readonly minVersion: "TLSv1.2" | "TLSv1.3";
  readonly maxVersion: "TLSv1.2" | "TLSv1.3";
  /** What to tell about each connection on stderr: nothing, lines for people, or one line of JSON. */
  readonly report: "none" | "text" | "json";
  /** Whether to tell everything that goes over the wire on stderr. */
  readonly trace: boolean;
  readonly timeoutMs: number;
  /** The protocol that begins in plaintext and goes over to TLS; null when TLS is spoken from the first byte. */
  readonly starttls: StartTlsName | null;
  /** Whether to tell on stderr how far a transfer is. */
  readonly progress: boolean;
}

export interface ConnectArguments extends CommonArguments {
  readonly command: "connect";
  readonly host: string;
  readonly port: number;
  readonly insecure: boolean;
  readonly servername: string;
}

export interface ServeArguments extends CommonArguments {
  readonly command: "serve";
  readonly host: string;
  readonly port: number;
  /** What a client gets: its own bytes, files of `www`, or our stdin. */
  readonly service: "echo" | "www" | "pipe";
  readonly www: string;
  readonly once: boolean;
}

/** Draws the handshake of one connection. */
export interface TraceArguments extends Omit<ConnectArguments, "command"> {
  readonly command: "trace";
  readonly form: "svg" | "html";
  /** A file, or null for stdout. */
  readonly output: string | null;
}

export type Arguments = ConnectArguments | TraceArguments | ServeArguments | { readonly command: "help" | "version" };

/** The command line cannot be understood, or names something that cannot be used: exit status 2. */
export class UsageError extends Error {}

export const help: string = `Usage:
  wanttls connect HOST:PORT [options]   join stdin and stdout with a TLS server
  wanttls serve --port N --cert FILE --key FILE [options]
                                        echo what TLS clients send
  wanttls trace HOST:PORT [options]     draw the handshake with a TLS server as a sequence diagram
  wanttls --help | --version

The end of stdin is sent as close_notify; what the peer sends is read until it closes too. When the peer closes first, the
rest of stdin is still sent, unless the peer has left or stdin is a terminal. A connection that ends without close_notify
is an error, because it may have been cut.

Options of connect and trace:
  --ca FILE          trust the certificates in FILE (PEM or DER) instead of the system's; may be repeated
  --insecure         do not verify the certificate of the server
  --servername NAME  the name to send and to verify, when it is not HOST
  --cert FILE, --key FILE
                     the own certificate chain and private key, for servers that ask for them

Options of trace:
  --html, --svg      a page with all the details, or a picture (which it is unless told)
  -o, --output FILE  where to write it, stdout unless told; a name that ends in .html makes it a page

Options of serve:
  --cert FILE        the certificate chain, the own certificate first. Without one the server makes itself a certificate for
                     localhost and tells it on stderr, for clients to trust with --ca
  --key FILE         the private key
  --port N           the port to listen on; 0 lets the system choose. The address is told on stderr
  --host ADDRESS     the address to listen on, 127.0.0.1 unless told
  --ca FILE          require a certificate of the client that FILE vouches for; may be repeated
  --www DIR          answer HTTP requests for the files in DIR instead of echoing
  --pipe             join stdin and stdout with the first client instead of echoing, then end
  --once             end after the first connection; the exit status tells how it went

Options of all:
  --pfx FILE         a PKCS#12 file in place of --cert and --key
  --password TEXT    for an encrypted private key or PKCS#12 file
  --alpn A,B         application protocols (ALPN), the preferred one first
  --tls1.2, --tls1.3 only this version
  --info             tell about the connection on stderr: version, suite, group, protocol, certificate of the peer
  --json             the same as one line of JSON
  --trace            tell everything that goes over the wire on stderr: records, messages and what they say, alerts, times
  --starttls NAME    begin in the plaintext of a protocol and go over to TLS when client and server have agreed on it: smtp,
                     imap, pop3, ftp, xmpp, ldap, postgres or mysql. Plaintext where TLS must begin is an error
  --progress         tell on stderr how far the transfer is: for connect, and for serve with --pipe
  --timeout SECONDS  for connecting, for STARTTLS and for the handshake, 30 unless told

Environment:
  SSL_CERT_FILE, SSL_CERT_DIR  what to trust instead of the system's certificates
  SSLKEYLOGFILE      a file to append the keys of each connection to, for Wireshark

Exit status: 0 all went well, 1 the connection or TLS failed, 2 the command line cannot be used.`;

type Kind = "flag" | "value" | "list";

const common: Readonly<Record<string, Kind>> = {
  ca: "list",
  cert: "value",
  key: "value",
  pfx: "value",
  password: "value",
  alpn: "value",
  "tls1.2": "flag",
  "tls1.3": "flag",
  info: "flag",
  json: "flag",
  trace: "flag",
  timeout: "value",
  starttls: "value",
};
const client = { insecure: "flag", servername: "value" } as const;
const known: Readonly<Record<"connect" | "serve" | "trace" | "", Readonly<Record<string, Kind>>>> = {
  connect: { ...common, ...client, progress: "flag" },
  trace: { ...common, ...client, svg: "flag", html: "flag", output: "value" },
  serve: { ...common, host: "value", port: "value", www: "value", pipe: "flag", once: "flag", progress: "flag" },
  "": {},
};

/** Understands the command line, without the names of program and script. Throws `UsageError`. */
export function parseCommandLine(args: readonly string[]): Arguments {
  const { given, positionals } = read(args);
  if (given.flag("help")) return { command: "help" };
  if (given.flag("version")) return { command: "version" };
  const [command, ...rest] = positionals;
  if (command === "connect") return connectArguments(given, rest);
  if (command === "serve") return serveArguments(given, rest);
  if (command === "trace") return traceArguments(given, rest);
  if (command === undefined) throw new UsageError("Cannot start: expected connect, serve or trace; --help tells more");
  throw new UsageError(`Cannot start: there is no command ${command}, only connect, serve and trace`);
}

function traceArguments(given: Given, rest: readonly string[]): TraceArguments {
  const [svg, html, output] = [given.flag("svg"), given.flag("html"), given.value("output")];
  if (svg && html) throw new UsageError("Cannot trace: --svg and --html contradict each other");
  const form = html || (!svg && output !== null && /\.html?$/i.test(output)) ? "html" : "svg";
  return { ...connectArguments(given, rest), command: "trace", form, output };
}

function connectArguments(given: Given, rest: readonly string[]): ConnectArguments {
  const [target, ...tooMany] = rest;
  if (target === undefined) throw new UsageError("Cannot connect: HOST:PORT is missing");
  refuseMore(tooMany);
  const { host, port } = hostAndPort(target);
  const insecure = given.flag("insecure");
  if (insecure && given.list("ca").length > 0)
    throw new UsageError("Cannot connect: --ca and --insecure contradict each other");
  const servername = given.value("servername") ?? host;
  return { command: "connect", host, port, insecure, servername, ...commonArguments(given, "connect") };
}

function serveArguments(given: Given, rest: readonly string[]): ServeArguments {
  refuseMore(rest);
  const port = given.value("port");
  if (port === null) throw new UsageError("Cannot serve: --port is missing");
  const www = given.value("www");
  const pipe = given.flag("pipe");
  if (pipe && www !== null) throw new UsageError("Cannot serve: --www and --pipe contradict each other");
  if (given.flag("progress") && !pipe) throw new UsageError("Cannot serve: --progress needs --pipe");
  return {
    command: "serve",
    host: given.value("host") ?? "127.0.0.1",
    port: toPort(port, "--port"),
    service: pipe ? "pipe" : www === null ? "echo" : "www",
    www: www ?? "",
    once: pipe || given.flag("once"),
    ...commonArguments(given, "serve"),
  };
}

function commonArguments(given: Given, doing: "connect" | "serve"): CommonArguments {
  const [cert, key, pfx] = [given.value("cert"), given.value("key"), given.value("pfx")];
  if ((cert === null) !== (key === null)) throw new UsageError(`Cannot ${doing}: --cert and --key need each other`);
  if (cert !== null && pfx !== null) throw new UsageError(`Cannot ${doing}: --cert and --pfx contradict each other`);
  const [only12, only13] = [given.flag("tls1.2"), given.flag("tls1.3")];
  const alpn = given.value("alpn");
  return {
    ca: given.list("ca"),
    cert,
    key,
    pfx,
    password: given.value("password"),
    alpn: alpn === null ? [] : alpn.split(","),
    minVersion: only13 && !only12 ? "TLSv1.3" : "TLSv1.2",
    maxVersion: only12 && !only13 ? "TLSv1.2" : "TLSv1.3",
    trace: given.flag("trace"),
    report: given.flag("json") ? "json" : given.flag("info") ? "text" : "none",
    timeoutMs: toTimeout(given.value("timeout") ?? "30"),
    starttls: toStartTlsName(given.value("starttls")),
    progress: given.flag("progress"),
  };
}

/** The options that were given, by name. */
interface Given {
  flag(name: string): boolean;
  value(name: string): string | null;
  list(name: string): readonly string[];
}

/** Not strict: the sentences about what is wrong are ours, and the same on each runtime. */
function read(args: readonly string[]): { given: Given; positionals: readonly string[] } {
  const { tokens, positionals } = parseArgs({
    args: [...args],
    options: optionsOfParser(),
    strict: false,
    tokens: true,
  });
  const table = tableOf(positionals[0]);
  const found = new Map<string, string[]>();
  for (const token of tokens) {
    if (token.kind !== "option") continue;
    const { name, rawName, value } = token;
    checkOption(table[name], rawName, value, token.inlineValue === true, positionals[0]);
    found.set(name, [...(found.get(name) ?? []), value ?? ""]);
  }
  const given: Given = {
    flag: (name) => found.has(name),
    value: (name) => found.get(name)?.at(-1) ?? null,
    list: (name) => found.get(name) ?? [],
  };
  return { given, positionals };
}

function optionsOfParser(): Record<string, { type: "string" | "boolean"; short?: string }> {
  const all = Object.entries({ ...known.connect, ...known.serve, ...known.trace });
  return {
    ...Object.fromEntries(all.map(([name, kind]) => [name, { type: kind === "flag" ? "boolean" : "string" } as const])),
    output: { type: "string", short: "o" },
    help: { type: "boolean", short: "h" },
    version: { type: "boolean", short: "V" },
  };
}

function tableOf(command: string | undefined): Readonly<Record<string, Kind>> {
  const own = command === "connect" || command === "serve" || command === "trace" ? known[command] : known[""];
  return { ...own, help: "flag", version: "flag" };
}

function checkOption(
  kind: Kind | undefined,
  name: string,
  value: string | undefined,
  inline: boolean,
  command: string = "wanttls",
): void {
  if (kind === undefined) throw new UsageError(`Cannot use ${name}: ${command} has no such option; --help tells more`);
  if (kind === "flag" && value !== undefined) throw new UsageError(`Cannot use ${name}: it takes no value`);
  if (kind !== "flag" && (value === undefined || value === "" || (value.startsWith("-") && !inline)))
    throw new UsageError(`Cannot use ${name}: its value is missing`);
}

function refuseMore(rest: readonly string[]): void {
  if (rest.length > 0) throw new UsageError(`Cannot use ${rest[0]}: there is nothing it could mean; --help tells more`);
}

function hostAndPort(target: string): { host: string; port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d+)$/.exec(target);
  if (match === null)
    throw new UsageError(`Cannot connect to ${target}: expected HOST:PORT, or [ADDRESS]:PORT for IPv6`);
  const port = toPort(match[3]!, target);
  if (port === 0) throw new UsageError(`Cannot connect to ${target}: port 0 is none to connect to`);
  return { host: (match[1] ?? match[2])!, port };
}

function toPort(text: string, where: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65535) return port;
  throw new UsageError(`Cannot use ${where}: a port is a number from 0 to 65535, not ${text}`);
}

function toTimeout(text: string): number {
  const seconds = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && seconds > 0) return seconds * 1000;
  throw new UsageError(`Cannot use --timeout: expected a number of seconds above 0, not ${text}`);
}

function toStartTlsName(text: string | null): StartTlsName | null {
  if (text === null) return null;
  const found = startTlsNames.find((name) => name === text);
  if (found !== undefined) return found;
  throw new UsageError(`Cannot use --starttls: expected one of ${startTlsNames.join(", ")}, not ${text}`);
}
