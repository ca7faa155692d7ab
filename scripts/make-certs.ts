// Makes the certificate chains and keys of the tests with the `openssl` command line: the PEM files of
// test/support/certs for peers that read files, and test/support/certs.gen.ts for tests that want strings.
// Keys are fresh in every run, so the output differs each time; it is committed so that tests need no openssl.
// Run: node scripts/make-certs.ts (needs a Node that runs TypeScript).
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

type KeyKind = "p256" | "p384" | "rsa2048" | "rsa1024" | "ed25519";

interface Spec {
  readonly issuer?: string; // absent: self-signed
  readonly subject: string;
  readonly names?: string; // subjectAltName in openssl's notation
  readonly kind?: KeyKind;
  readonly usage: "ca" | "server" | "client";
  readonly from?: string;
  readonly to?: string;
}

const PASSWORD = "opensesame";
const LOCAL = "DNS:localhost,IP:127.0.0.1,IP:::1";

const SPECS: Readonly<Record<string, Spec>> = {
  root: { subject: "wanttls test root", usage: "ca" },
  rsaRoot: { subject: "wanttls test RSA root", usage: "ca", kind: "rsa2048" },
  unknownRoot: { subject: "wanttls unknown root", usage: "ca" },
  intermediate: { issuer: "root", subject: "wanttls test intermediate", usage: "ca" },
  localhost: { issuer: "root", subject: "localhost", names: LOCAL, usage: "server" },
  localhostRsa: { issuer: "rsaRoot", subject: "localhost", names: LOCAL, usage: "server", kind: "rsa2048" },
  localhostP384: { issuer: "root", subject: "localhost", names: LOCAL, usage: "server", kind: "p384" },
  viaIntermediate: { issuer: "intermediate", subject: "localhost", names: LOCAL, usage: "server" },
  otherHost: { issuer: "root", subject: "other.example", names: "DNS:other.example", usage: "server" },
  wildcard: { issuer: "root", subject: "*.wild.example", names: "DNS:*.wild.example", usage: "server" },
  cnOnly: { issuer: "root", subject: "localhost", usage: "server" },
  ipOnly: { issuer: "root", subject: "addresses only", names: "IP:127.0.0.1,IP:::1", usage: "server" },
  idn: {
    issuer: "root",
    subject: "xn--bcher-kva.example",
    names: "DNS:xn--bcher-kva.example,DNS:*.xn--bcher-kva.example",
    usage: "server",
  },
  expired: { issuer: "root", subject: "localhost", names: LOCAL, usage: "server", to: "20210101000000Z" },
  notYetValid: { issuer: "root", subject: "localhost", names: LOCAL, usage: "server", from: "21100101000000Z" },
  selfSigned: { subject: "localhost", names: LOCAL, usage: "server" },
  unknownCa: { issuer: "unknownRoot", subject: "localhost", names: LOCAL, usage: "server" },
  wrongUsage: { issuer: "root", subject: "localhost", names: LOCAL, usage: "client" },
  client: { issuer: "root", subject: "wanttls test client", usage: "client" },
  clientRsa: { issuer: "root", subject: "wanttls test RSA client", usage: "client", kind: "rsa2048" },
  clientUnknown: { issuer: "unknownRoot", subject: "wanttls unknown client", usage: "client" },
  ed25519: { issuer: "root", subject: "localhost", names: LOCAL, usage: "server", kind: "ed25519" },
  rsa1024: { issuer: "rsaRoot", subject: "localhost", names: LOCAL, usage: "server", kind: "rsa1024" },
};

const KEY_ARGUMENTS: Readonly<Record<KeyKind, readonly string[]>> = {
  p256: ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-pkeyopt", "ec_param_enc:named_curve"],
  p384: ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384", "-pkeyopt", "ec_param_enc:named_curve"],
  rsa2048: ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
  rsa1024: ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"],
  ed25519: ["-algorithm", "ED25519"],
};

const EXTENSIONS: Readonly<Record<Spec["usage"], string>> = {
  ca: "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign",
  server: "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth",
  client: "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=clientAuth",
};

const support = fileURLToPath(new URL("../test/support/", import.meta.url));
const certificates = join(support, "certs");
const scratch = mkdtempSync(join(tmpdir(), "wanttls-certs-"));

try {
  rmSync(certificates, { recursive: true, force: true });
  mkdirSync(certificates, { recursive: true });
  for (const [name, spec] of Object.entries(SPECS)) makeIdentity(name, spec);
  const stranger = makeKey(join(certificates, "stranger.key.pem"), "p256");
  const forms = { ec: makeKeyForms("localhost"), rsa: makeKeyForms("localhostRsa") };
  writeFileSync(join(support, "certs.gen.ts"), index(stranger, forms));
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

function makeIdentity(name: string, spec: Spec): void {
  makeKey(file(name, "key"), spec.kind ?? "p256");
  const config = writeConfig(name, spec);
  const request = join(scratch, `${name}.csr`);
  openssl("req", "-new", "-config", config, "-key", file(name, "key"), "-subj", `/CN=${spec.subject}`, "-out", request);
  const signer = spec.issuer === undefined ? ["-selfsign"] : ["-cert", file(spec.issuer, "cert")];
  openssl(
    ...["ca", "-batch", "-notext", "-config", config, "-in", request, "-out", file(name, "cert")],
    ...["-startdate", spec.from ?? "20200101000000Z", "-enddate", spec.to ?? "21200101000000Z"],
    ...["-keyfile", file(spec.issuer ?? name, "key"), ...signer],
  );
  writeFileSync(file(name, "chain"), chainOf(name));
}

function makeKey(path: string, kind: KeyKind): string {
  openssl("genpkey", ...KEY_ARGUMENTS[kind], "-out", path);
  return readFileSync(path, "utf8");
}

/** `openssl ca` is the one command of OpenSSL 3.0 that takes explicit dates, at the price of a small data base. */
function writeConfig(name: string, spec: Spec): string {
  const path = join(scratch, `${name}.cnf`);
  writeFileSync(join(scratch, `${name}.db`), "");
  const names = spec.names === undefined ? "" : `subjectAltName=${spec.names}\n`;
  writeFileSync(
    path,
    `[req]\ndistinguished_name=dn\n[dn]\n[ca]\ndefault_ca=own\n[own]\nnew_certs_dir=${scratch}\n` +
      `database=${join(scratch, `${name}.db`)}\nrand_serial=yes\nunique_subject=no\ndefault_md=sha256\n` +
      `policy=any\nx509_extensions=ext\n[any]\ncommonName=supplied\n[ext]\n${EXTENSIONS[spec.usage]}\n` +
      `subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n${names}`,
  );
  return path;
}

/** What a server sends: the certificate and the intermediates above it, without the root. */
function chainOf(name: string): string {
  const issuer = SPECS[name]?.issuer;
  const above = issuer === undefined || SPECS[issuer]?.issuer === undefined ? "" : chainOf(issuer);
  return readFileSync(file(name, "cert"), "utf8") + above;
}

/** The same private key in every encoding that users have on disk. */
function makeKeyForms(name: string): Record<string, string> {
  const key = file(name, "key");
  const out = (form: string, ...args: string[]): string => {
    const path = file(name, form);
    openssl(...args, "-out", path);
    return readFileSync(path, "utf8");
  };
  const secret = ["-passout", `pass:${PASSWORD}`];
  return {
    pkcs8: readFileSync(key, "utf8"),
    traditional: out("traditional", "pkey", "-in", key, "-traditional"),
    encryptedPkcs8: out(
      "encrypted",
      ...["pkcs8", "-topk8", "-in", key, "-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA256", ...secret],
    ),
    encryptedTraditional: out("dek", "pkey", "-in", key, "-traditional", "-aes-128-cbc", ...secret),
    pkcs8Der: openssl("pkcs8", "-topk8", "-nocrypt", "-in", key, "-outform", "DER").toString("base64"),
    traditionalDer: openssl("pkey", "-in", key, "-traditional", "-outform", "DER").toString("base64"),
    certDer: openssl("x509", "-in", file(name, "cert"), "-outform", "DER").toString("base64"),
  };
}

function index(stranger: string, forms: Record<"ec" | "rsa", Record<string, string>>): string {
  const lines = [
    "// Generated by `node scripts/make-certs.ts`; do not edit. Keys made for tests only: they protect nothing.",
    'import type { CertName, Identity, KeyForms } from "./certs.ts";',
    "",
    "export const generated: Readonly<Record<CertName, Identity>> = {",
  ];
  for (const name of Object.keys(SPECS)) {
    lines.push(`  ${name}: {`);
    for (const part of ["cert", "key", "chain"]) lines.push(`    ${part}: ${literal(read(name, part))},`);
    lines.push("  },");
  }
  lines.push("};", "", `export const strangerKey: string = ${literal(stranger)};`);
  for (const [kind, values] of Object.entries(forms)) {
    lines.push("", `export const ${kind}KeyForms: KeyForms = {`);
    for (const [form, value] of Object.entries(values)) lines.push(...property(form, value));
    lines.push("};");
  }
  return lines.join("\n") + "\n";
}

function property(name: string, value: string): string[] {
  if (value.includes("\n")) return [`  ${name}: ${literal(value)},`];
  return [`  ${name}:`, `    "${value}",`];
}

function literal(text: string): string {
  return "`" + text + "`";
}

function read(name: string, part: string): string {
  return readFileSync(file(name, part), "utf8");
}

function file(name: string, part: string): string {
  return join(certificates, `${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}.${part}.pem`);
}

function openssl(...args: string[]): Buffer {
  return execFileSync("openssl", args, { stdio: ["ignore", "pipe", "pipe"] });
}
