// Everything that reads DER, given what was changed: at its bytes, and as a tree whose lengths stay right. The answer is a value or an
// SSLError, the strict reader accepts nothing that the forgiving one refuses, and the search for a path ends.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sharedRealm } from "../../ts/engine/realms.ts";
import { parseCertificate, SSLConfigError, SSLError } from "../../ts/ssl/index.ts";
import { passphraseFrom } from "../../ts/ssl/identity/password.ts";
import { openPkcs12 } from "../../ts/ssl/identity/pkcs12.ts";
import { privateKeyFrom } from "../../ts/ssl/identity/private-key.ts";
import { parseIssuer, parseSubject, parseX509, publicKeyOf } from "../../ts/ssl/x509/certificate.ts";
import { parseCrl } from "../../ts/ssl/x509/crl.ts";
import { TrustStore } from "../../ts/ssl/x509/trust-store.ts";
import { validatePath } from "../../ts/ssl/x509/validate.ts";
import { keyBlock, pemCertToDer } from "../../ts/ssl/pem.ts";
import {
  crlDistributionPoints,
  dnsName,
  makeAuthority,
  makeCrl,
  makeRoot,
  makeServer,
  nameConstraints,
  policies,
  policyConstraints,
  policyMappings,
  today,
} from "../support/certificate-factory.ts";
import { type CertName, certs } from "../support/certs.ts";
import { edited, edits } from "../support/edits.ts";
import { pfx } from "../support/identities.ts";
import { verify } from "../ssl/x509/run.ts";
import { type Change, changed, changes } from "./der-tree.ts";
import { explore } from "./effort.ts";

const root = makeRoot("Models Root");
const rich = makeAuthority(root, "Rich", {
  extensions: {
    names: nameConstraints([dnsName("example")], [dnsName("not.example")]),
    policies: policies("1.2.3", "1.2.4"),
    mappings: policyMappings(["1.2.3", "1.2.5"]),
    crl: crlDistributionPoints("http://crl.example/a"),
  },
});
const strict = makeAuthority(root, "Strict", { extensions: { constraints: policyConstraints(1, 2) } });
const leaf = makeServer(rich, ["one.example", "192.0.2.1", "*.two.example"]);
const certificates: readonly Uint8Array[] = [
  ...(Object.keys(certs) as CertName[]).map((name) => pemCertToDer(certs[name].cert)),
  ...[root, rich, strict, leaf].map(({ der }) => der),
];
const lists = [makeCrl(root, { revoked: [1, 2, 70_000] }), makeCrl(rich)];

/** One of them, changed in one of the two ways. */
function harmed(seeds: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  const seed = fc.constantFrom(...seeds);
  return fc.oneof(
    fc.tuple(seed, edits).map(([der, list]) => list.reduce(edited, der)),
    fc.tuple(seed, changes).map(([der, list]: [Uint8Array, Change[]]) => changed(der, list)),
  );
}

/** What the call answers, or null when it refuses with an error of the kind. */
function unlessRefused<T>(call: () => T, kind: typeof SSLError = SSLError): T | null {
  try {
    return call();
  } catch (error) {
    if (error instanceof kind) return null;
    throw error;
  }
}

it("changing nothing gives the same certificate", () => {
  const nothing: Change = { what: "double", at: 0, other: 0, bytes: new Uint8Array() };
  for (const der of [...certificates, ...lists]) expect(changed(der, [nothing])).toEqual(Uint8Array.from(der));
});

describe("What was changed is read, or refused with an SSLError:", () => {
  explore(
    "certificates, whole and in parts",
    400,
    fc.property(harmed(certificates), (der) => {
      const whole = unlessRefused(() => parseX509(der));
      const parts = [parseSubject, parseIssuer, publicKeyOf].map((read) => unlessRefused(() => read(der)));
      const forgiving = unlessRefused(() => parseCertificate(der));
      if (whole === null) return;
      expect([forgiving, ...parts], "what the strict reader takes, the others take").not.toContain(null);
      expect(parts.slice(0, 2)).toMatchObject([{ key: whole.subject.key }, { key: whole.issuer.key }]);
      expect(parts[2]).toEqual(whole.publicKey.raw);
    }),
  );

  explore(
    "revocation lists",
    200,
    fc.property(harmed(lists), fc.uint8Array({ maxLength: 22 }), (der, serial) => {
      expect(unlessRefused(() => parseCrl(der).has(serial))).toBeOneOf([true, false, null]);
    }),
  );

  explore(
    "trust stores",
    150,
    fc.property(fc.array(harmed(certificates), { maxLength: 5 }), (ders) => {
      const all = [...ders, root.der];
      const store = TrustStore.fromDer(all);
      expect(store.size + store.skipped.length).toBeLessThanOrEqual(all.length);
      expect(store.der()).toContainEqual(Uint8Array.from(root.der));
      expect(store.size).toBe(store.der().length);
      unlessRefused(() => store.certificates());
    }),
  );

  explore(
    "private keys and PKCS#12 files",
    60,
    fc.property(harmed(keyFiles()), (der) => {
      unlessRefused(() => openPkcs12(der, "pfx", passphraseFrom(undefined, "password"), sharedRealm()), SSLConfigError);
      unlessRefused(() => privateKeyFrom(der, "key", noPassword), SSLConfigError);
    }),
  );
});

explore(
  "a chain of changed certificates is judged, and trusted only when its leaf is as it was",
  120,
  fc.property(harmed([leaf.der]), harmed([rich.der]), fc.boolean(), (own, above, keep) => {
    const chain = [keep ? leaf.der : own, above, rich.der];
    const trust = TrustStore.fromDer(root.der);
    let signatures = 0;
    const counted: typeof verify = (...question) => {
      signatures++;
      return verify(...question);
    };
    const result = validatePath({ chain, trust, purpose: "serverAuth", host: null, time: today, verify: counted });
    expect(signatures).toBeLessThanOrEqual(100);
    if (keep) expect(result.ok).toBe(true);
    else if (result.ok) expect(result.path[0]!.raw).toEqual(Uint8Array.from(leaf.der));
  }),
);

function noPassword(): never {
  throw new SSLConfigError("Cannot use key: a password is needed");
}

function keyFiles(): Uint8Array[] {
  const files = (["notEncrypted", "notProtected", "oneIteration", "withoutMac"] as const).map((name) => pfx(name).pfx);
  const keys = [certs.localhost.key, certs.localhostRsa.key].map((key) => keyBlock(key, "key").der);
  return [...files, ...keys];
}
