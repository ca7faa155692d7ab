// Where the certificates of the system are looked for and in which order, on systems that exist only here.
import { describe, expect, test } from "vitest";
import { SSLConfigError } from "../../ts/ssl/index.ts";
import { defaultVerifyPaths, mozillaTrust, systemTrust, type TrustSources } from "../../ts/ssl/system-trust.ts";

interface System {
  readonly platform?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Content by path; null cannot be read. */
  readonly files?: Readonly<Record<string, string | null>>;
  readonly runtime?: readonly string[];
}

const cert = (name: string): string => `-----BEGIN CERTIFICATE-----\n${btoa(name)}\n-----END CERTIFICATE-----\n`;
const debian = "/etc/ssl/certs/ca-certificates.crt";

describe("without variables", () => {
  test.each([
    ["Debian", debian],
    ["Fedora", "/etc/pki/tls/certs/ca-bundle.crt"],
    ["openSUSE", "/etc/ssl/ca-bundle.pem"],
    ["Alpine and OpenBSD", "/etc/ssl/cert.pem"],
    ["FreeBSD", "/usr/local/share/certs/ca-root-nss.crt"],
  ])("the file of %s is found", (_, path) => {
    expect(find({ files: { [path]: cert("a") }, runtime: [cert("r")] })).toEqual(["a"]);
  });

  test("files that are empty, cannot be read or hold something else are passed over", () => {
    const files = {
      [debian]: "",
      "/etc/ssl/ca-bundle.pem": "-----BEGIN X509 CRL-----",
      "/etc/pki/tls/cacert.pem": null,
      "/etc/ssl/cert.pem": cert("a"),
    };
    expect(find({ files })).toEqual(["a"]);
  });

  test("a directory is read when there is no file: what has the name of a hash, or everything if nothing has", () => {
    const hashed = { "/etc/ssl/certs/0123abcd.0": cert("a"), "/etc/ssl/certs/0123abcd.1": cert("b") };
    expect(find({ files: { ...hashed, "/etc/ssl/certs/other.pem": cert("c") } })).toEqual(["a", "b"]);
    const plain = { "/etc/ssl/certs/a.pem": cert("a"), "/etc/ssl/certs/b.crt": cert("b"), "/etc/ssl/certs/c": null };
    expect(find({ files: plain })).toEqual(["a", "b"]);
  });

  test("the runtime is asked last where files are usual, first on macOS, and alone on Windows", () => {
    const files = { "/etc/ssl/cert.pem": cert("file") };
    const runtime = [cert("runtime")];
    for (const platform of ["linux", "freebsd", "android"]) {
      expect(find({ platform, files, runtime })).toEqual(["file"]);
      expect(find({ platform, runtime })).toEqual(["runtime"]);
    }
    expect(find({ platform: "darwin", files, runtime })).toEqual(["runtime"]);
    expect(find({ platform: "darwin", files })).toEqual(["file"]);
    expect(find({ platform: "win32", files, runtime })).toEqual(["runtime"]);
    expect(() => find({ platform: "win32", files })).toThrow(SSLConfigError);
  });

  test("when nothing is found the error says what was tried and why it did not help", () => {
    const act = (): unknown => find({ files: { [debian]: "", "/etc/ssl/cert.pem": null } });
    expect(act).toThrow(SSLConfigError);
    expect(act).toThrow(`Cannot find the certificates that the system trusts: tried ${debian} (no certificate), `);
    expect(act).toThrow("/etc/pki/tls/certs/ca-bundle.crt (there is no such file), ");
    expect(act).toThrow("/etc/ssl/cert.pem (permission denied), ");
    expect(act).toThrow("the operating system through this runtime (no certificate); SSL_CERT_FILE may name a file");
  });
});

describe("with variables", () => {
  const files = {
    [debian]: cert("system"),
    "/own/ca.pem": cert("own"),
    "/own/more.pem": cert("more"),
    "/own/empty.pem": "nothing",
    "/dir/a.pem": cert("a"),
    "/other/b.pem": cert("b"),
  };

  test("SSL_CERT_FILE and SSL_CERT_DIR stand for all of the system's", () => {
    expect(find({ files, env: { SSL_CERT_FILE: "/own/ca.pem" } })).toEqual(["own"]);
    expect(find({ files, env: { SSL_CERT_DIR: "/dir" } })).toEqual(["a"]);
    expect(find({ files, env: { SSL_CERT_FILE: "/own/ca.pem", SSL_CERT_DIR: "/dir" } })).toEqual(["own", "a"]);
  });

  test("SSL_CERT_DIR is a list, as OpenSSL has it", () => {
    expect(find({ files, env: { SSL_CERT_DIR: "/dir:/missing:/other" } })).toEqual(["a", "b"]);
    expect(find({ platform: "win32", files, env: { SSL_CERT_DIR: "/dir;/other" } })).toEqual(["a", "b"]);
  });

  test("the runtime's own variable adds to either", () => {
    expect(find({ files, env: { EXTRA: "/own/more.pem" } })).toEqual(["system", "more"]);
    const env = { SSL_CERT_FILE: "/own/ca.pem", EXTRA: "/own/more.pem" };
    expect(find({ files, env })).toEqual(["own", "more"]);
  });

  test("an empty variable is none", () => {
    expect(find({ files, env: { SSL_CERT_FILE: "", SSL_CERT_DIR: "", EXTRA: "" } })).toEqual(["system"]);
  });

  test.each([
    ["SSL_CERT_FILE", "/missing", "the file /missing that SSL_CERT_FILE names cannot be read: there is no such file"],
    ["SSL_CERT_FILE", "/own/empty.pem", "the file /own/empty.pem that SSL_CERT_FILE names has no CERTIFICATE block"],
    ["SSL_CERT_DIR", "/missing:/own/ca.pem", "SSL_CERT_DIR names holds no certificate"],
    ["EXTRA", "/missing", "the file /missing that EXTRA names cannot be read: there is no such file"],
  ])("%s=%s is refused, and nothing else is trusted instead", (name, value, why) => {
    const act = (): unknown => find({ files, env: { [name]: value } });
    expect(act).toThrow(SSLConfigError);
    expect(act).toThrow(why);
  });
});

test("the default paths are those of the variables, or of the system, and null when there is nothing", () => {
  const env = { opensslCafileEnv: "SSL_CERT_FILE", opensslCapathEnv: "SSL_CERT_DIR" };
  const fedora = { opensslCafile: "/etc/pki/tls/certs/ca-bundle.crt", opensslCapath: "/etc/pki/tls/certs" };
  const files = { [fedora.opensslCafile]: cert("a"), "/own/ca.pem": cert("b") };
  expect(defaultVerifyPaths(sourcesOf({ files }))).toEqual({
    ...{ ...env, ...fedora },
    ...{ cafile: fedora.opensslCafile, capath: fedora.opensslCapath },
  });
  const named = { SSL_CERT_FILE: "/own/ca.pem", SSL_CERT_DIR: "/missing" };
  expect(defaultVerifyPaths(sourcesOf({ files, env: named }))).toEqual({
    ...{ ...env, ...fedora },
    ...{ cafile: "/own/ca.pem", capath: null },
  });
  expect(defaultVerifyPaths(sourcesOf({}))).toEqual({
    ...{ ...env, cafile: null, capath: null },
    ...{ opensslCafile: debian, opensslCapath: "/etc/ssl/certs" },
  });
});

test("a runtime that does not give out Mozilla's certificates is told so", () => {
  expect(() => mozillaTrust(() => [])).toThrow(SSLConfigError);
  expect(() => mozillaTrust(() => [])).toThrow(
    "Cannot find the certificates that Mozilla trusts: this runtime was built without them",
  );
  const forbidden = (): never => {
    throw new Error('Requires sys access to "ca", run again with the --allow-sys flag');
  };
  expect(() => mozillaTrust(forbidden)).toThrow(SSLConfigError);
  expect(() => mozillaTrust(forbidden)).toThrow("that Mozilla trusts: Deno needs --allow-sys for it");
  expect(mozillaTrust(() => [cert("a"), cert("b")])).toBe(`${cert("a")}\n${cert("b")}`);
});

/** The names of the certificates that are found. */
function find(system: System): string[] {
  const bodies = systemTrust(sourcesOf(system)).matchAll(/BEGIN CERTIFICATE-----\n(.*)\n/g);
  return Array.from(bodies, ([, body]) => atob(body!));
}

function sourcesOf({ platform = "linux", env = {}, files = {}, runtime = [] }: System): TrustSources {
  return {
    platform,
    extraVariable: "EXTRA",
    env: (name) => env[name],
    readFile(path) {
      const content = files[path];
      if (content === undefined) throw failure("ENOENT");
      if (content === null) throw failure("EACCES");
      return new TextEncoder().encode(content);
    },
    readDirectory(path) {
      const below = Object.keys(files).filter((file) => file.startsWith(`${path}/`));
      if (below.length === 0) throw failure(files[path] === undefined ? "ENOENT" : "ENOTDIR");
      return below.map((file) => file.slice(path.length + 1));
    },
    systemCertificates: () => runtime,
  };
}

function failure(code: string): Error {
  return Object.assign(new Error(`${code}: what the runtime says`), { code });
}
