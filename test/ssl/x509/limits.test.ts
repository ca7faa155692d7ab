// Hostile chains: whatever a stranger presents, a validation ends, after a bounded amount of work, with a refusal.
import { describe, expect, test } from "vitest";
import { parseCrl } from "../../../ts/ssl/x509/crl.ts";
import { parseX509 } from "../../../ts/ssl/x509/certificate.ts";
import type { SignatureCheck } from "../../../ts/ssl/x509/keys.ts";
import { anyPolicy } from "../../../ts/ssl/x509/oids.ts";
import { policyVerdict } from "../../../ts/ssl/x509/policies.ts";
import { TrustStore } from "../../../ts/ssl/x509/trust-store.ts";
import { validatePath } from "../../../ts/ssl/x509/validate.ts";
import {
  directoryName,
  dnsName,
  extension,
  keyNamed,
  makeAuthority,
  makeCrl,
  makeServer,
  nameConstraints,
  policies,
  policyConstraints,
  policyMappings,
  rsaKey,
  ski,
  subjectAltName,
  today,
} from "../../support/certificate-factory.ts";
import { type Der, sequence } from "../../support/der-writer.ts";
import { root, server } from "./cases/case.ts";
import { verify } from "./run.ts";

interface Outcome {
  readonly code: string;
  readonly signatures: number;
}

function attack(chain: readonly Der[], answer: SignatureCheck = verify, signatureBudget?: number): Outcome {
  let signatures = 0;
  const counting: SignatureCheck = (...question) => {
    signatures++;
    return answer(...question);
  };
  const result = validatePath({
    ...{ chain, trust: TrustStore.fromDer(root.der), purpose: "serverAuth", host: null, time: today, verify: counting },
    ...(signatureBudget === undefined ? {} : { signatureBudget }),
  });
  return { code: result.ok ? "ok" : result.failure.findings[0]!.code, signatures };
}

describe("a validation is bounded", () => {
  test("by the signatures it checks, when many authorities have the same name", () => {
    const twins = Array.from({ length: 60 }, (_, i) =>
      makeAuthority(root, "Twin", { key: keyNamed(`twin ${i}`), extensions: { ski: null } }),
    );
    const leaf = makeServer(makeAuthority(root, "Twin", { key: keyNamed("the one that is missing") }), server);
    const { code, signatures } = attack([leaf.der, ...twins.map(({ der }) => der)], verify, 25);
    expect(code).toBe("UNSPECIFIED");
    expect(signatures).toBe(25);
  });

  test("by what the signatures cost, which is more on longer curves", () => {
    const twins = Array.from({ length: 60 }, (_, i) =>
      makeAuthority(root, "Twin", { key: keyNamed(`twin ${i % 3}`, "P-521"), extensions: { ski: null } }),
    );
    const leaf = makeServer(makeAuthority(root, "Twin", { key: keyNamed("the one that is missing") }), server);
    const { code, signatures } = attack([leaf.der, ...twins.map(({ der }) => der)]);
    expect(code).toBe("UNSPECIFIED");
    expect(signatures).toBe(Math.floor(100 / 6));
  });

  test("by its steps, when authorities sign each other in every way", () => {
    const named = Array.from({ length: 7 }, (_, i) => ({ name: `Node ${i}`, key: keyNamed(`node ${i}`) }));
    const web = named.flatMap(({ name }) =>
      named
        .filter((other) => other.name !== name)
        .map((issuer) => {
          const upper = makeAuthority(root, issuer.name, { key: issuer.key });
          return makeAuthority(upper, name, { key: named.find((one) => one.name === name)!.key });
        }),
    );
    const leaf = makeServer(makeAuthority(root, "Node 0", { key: named[0]!.key }), server);
    const presented = [leaf.der, ...web.map(({ der }) => der)];
    expect(attack(presented)).toEqual({ code: "UNSPECIFIED", signatures: 100 }); // the signatures come first
    expect(attack(presented, verify, Infinity).code).toBe("UNSPECIFIED");
  });

  test("by the comparisons of names with constraints", () => {
    const many = (prefix: string): Der[] => Array.from({ length: 1100 }, (_, i) => dnsName(`${prefix}${i}.example`));
    const odd = makeAuthority(root, "Constrained", {
      extensions: { nc: nameConstraints([dnsName("example")], many("x")) },
    });
    const leaf = makeServer(odd, server, { extensions: { subjectAltName: subjectAltName(many("y")) } });
    expect(attack([leaf.der, odd.der]).code).toBe("UNSPECIFIED");
    const few = makeServer(odd, server, { extensions: { subjectAltName: subjectAltName(many("y").slice(0, 200)) } });
    expect(attack([few.der, odd.der]).code).toBe("ok");
  });

  test("by the comparisons of directories with constraints", () => {
    const many = (prefix: string): Der[] => Array.from({ length: 600 }, (_, i) => directoryName(`O=${prefix}${i}`));
    const odd = makeAuthority(root, "Constrained", { extensions: { nc: nameConstraints([], many("x")) } });
    const leaf = makeServer(odd, server, { extensions: { subjectAltName: subjectAltName(many("y")) } });
    expect(attack([leaf.der, odd.der]).code).toBe("UNSPECIFIED");
  });

  test("by what it looks at, when thousands of certificates are presented", () => {
    const leaf = makeServer(root, server);
    const { der } = makeAuthority(makeAuthority(root, "A"), "B", { extensions: { ski: ski(Uint8Array.of(1)) } });
    expect(attack([leaf.der, ...Array.from({ length: 5000 }, () => der)]).code).toBe("ok");
  });

  test("by what it looks at: a certificate behind sixty-four others is not there", () => {
    const upper = makeAuthority(root, "Upper");
    const leaf = makeServer(upper, server);
    const others = Array.from(
      { length: 63 },
      (_, i) => makeAuthority(root, `Other ${i}`, { key: keyNamed("other") }).der,
    );
    expect(attack([leaf.der, ...others.slice(1), upper.der]).code).toBe("ok");
    expect(attack([leaf.der, ...others, upper.der]).code).toBe("UNABLE_TO_GET_ISSUER_CERT_LOCALLY");
  });

  test("by the policies, which multiply in a tree, but not in a graph", () => {
    const ids = Array.from({ length: 40 }, (_, i) => `1.3.6.1.4.1.99999.${i}`);
    const all = ids.flatMap((from) => ids.map((to) => [from, to] as const));
    const extensions = { policies: policies(...ids), mappings: policyMappings(...all) };
    const chain = [makeAuthority(root, "Floor 0", { extensions })];
    for (let i = 1; i < 6; i++) chain.unshift(makeAuthority(chain[0]!, `Floor ${i}`, { extensions }));
    const leaf = makeServer(chain[0]!, server, { extensions: { policies: policies(ids[0]!) } });
    expect(attack([leaf.der, ...chain.map(({ der }) => der)]).code).toBe("ok");
  });
});

test("mappings of policies are looked at a few times each, however many there are", () => {
  const ids = Array.from({ length: 501 }, (_, i) => `1.3.6.1.4.1.99999.${i}`);
  const mappings = policyMappings(...ids.slice(1).map((to, i) => [ids[i]!, to] as const));
  const extensions = { policies: policies(anyPolicy), mappings, constraints: policyConstraints(0) };
  const upper = makeAuthority(root, "Upper", { extensions });
  const leaf = makeServer(upper, server, { extensions: { policies: policies(ids.at(-1)!) } });
  const parsed = parseX509(upper.der);
  const { critical, value } = parsed.extensions.policyMappings!;
  let reads = 0;
  const counted = new Proxy(value, {
    get: (target, key) => {
      if (typeof key === "string" && /^\d+$/.test(key)) reads++;
      return Reflect.get(target, key) as unknown;
    },
  });
  const counting = { ...parsed, extensions: { ...parsed.extensions, policyMappings: { critical, value: counted } } };
  expect(policyVerdict([parseX509(leaf.der), counting])).toBe(null);
  expect(reads).toBeGreaterThanOrEqual(500);
  expect(reads).toBeLessThanOrEqual(5 * 500);
});

test("an RSA key of more than 4096 bits is too large, and vouches for nothing", () => {
  expect(attack([makeServer(root, server, { spki: rsaKey(512, 3) }).der]).code).toBe("ok");
  for (const bytes of [513, 1024, 2048]) {
    const { der } = makeServer(root, server, { spki: rsaKey(bytes, 3) });
    expect(attack([der]).code).toBe("EE_KEY_TOO_SMALL");
    const larger = makeAuthority(root, "Larger", { spki: rsaKey(bytes, 3) });
    expect(attack([makeServer(larger, server).der, larger.der]).code).toBe("CERT_SIGNATURE_FAILURE");
  }
});

test("an RSA key with an exponent that makes each check take long is no key", () => {
  expect(attack([makeServer(root, server, { spki: rsaKey(256, 5) }).der]).code).toBe("ok");
  expect(attack([makeServer(root, server, { spki: rsaKey(256, 6) }).der]).code).toBe("UNSPECIFIED");
});

test("each link is checked once, however many ways lead over it", () => {
  const upper = makeAuthority(root, "Upper");
  const lower = makeAuthority(upper, "Lower");
  const leaf = makeServer(lower, server);
  const chain = [leaf, lower, upper, lower, upper].map(({ der }) => der);
  expect(attack(chain)).toEqual({ code: "ok", signatures: 3 });
});

test("nothing is accepted when no signature is right", () => {
  const upper = makeAuthority(root, "Upper");
  expect(attack([makeServer(upper, server).der, upper.der], () => false).code).toBe("CERT_SIGNATURE_FAILURE");
});

test("a list of ten thousand entries is parsed once and asked often", () => {
  const crl = parseCrl(makeCrl(root, { revoked: Array.from({ length: 10_000 }, (_, i) => i + 5) }));
  expect(crl.has(Uint8Array.of(39, 16))).toBe(true);
  expect(crl.has(Uint8Array.of(39, 25))).toBe(false);
});

test("a certificate within a certificate within a certificate does not exhaust the stack", () => {
  let nested: Der = sequence();
  for (let i = 0; i < 2000; i++) nested = sequence(nested);
  expect(attack([makeServer(root, server, { extensions: { odd: extension("2.5.29.17", nested) } }).der]).code).toBe(
    "UNSPECIFIED",
  );
  expect(attack([nested]).code).toBe("UNSPECIFIED");
});
