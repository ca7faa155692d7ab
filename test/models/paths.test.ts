// Path building in random webs of authorities, against the plainest model of it: several keys under one name, cycles, cross-signing,
// certificates that are wrong, more than anybody needs. A path is found exactly when there is one that is short enough, it is one,
// and the work has a bound that is the same for all.
import fc from "fast-check";
import { expect } from "vitest";
import { TrustStore } from "../../ts/ssl/x509/trust-store.ts";
import { type PathResult, validatePath } from "../../ts/ssl/x509/validate.ts";
import {
  basicConstraints,
  type CertificateSpec,
  day,
  keyNamed,
  type Made,
  makeAuthority,
  makeRoot,
  makeServer,
  today,
} from "../support/certificate-factory.ts";
import { verify } from "../ssl/x509/run.ts";
import { explore } from "./effort.ts";

/** An authority is a name and a key: entity 0 is trusted, the others share a few names. */
interface Link {
  readonly issuer: number;
  readonly subject: number;
  readonly fault: "none" | "late" | "no authority";
}

const entities = 9;
const names = 4;
const budget = 100;
const root = makeRoot("Web 0", { key: keyNamed("web key 0") });
const faults: Readonly<Record<Link["fault"], CertificateSpec>> = {
  none: {},
  late: { notAfter: today - day },
  "no authority": { extensions: { basicConstraints: basicConstraints(false) } },
};

const entity = fc.nat(entities - 1);
const link: fc.Arbitrary<Link> = fc.record({
  issuer: entity,
  subject: fc.integer({ min: 1, max: entities - 1 }),
  fault: fc.constantFrom("none", "none", "none", "late", "no authority"),
});

const made = new Map<string, Uint8Array>();

explore(
  "a path is found exactly when there is one, with a bounded number of signatures",
  60,
  fc.property(
    fc.array(link, { maxLength: 40, size: "max" }),
    entity,
    fc.integer({ min: 0, max: 8 }),
    (links, start, longest) => {
      let signatures = 0;
      const result = validatePath({
        chain: [leafOf(start), ...links.map(certificateOf)],
        trust: TrustStore.fromDer(root.der),
        ...{ purpose: "serverAuth", host: null, time: today, maxIntermediates: longest, signatureBudget: budget },
        verify: (...question) => {
          signatures++;
          return verify(...question);
        },
      });
      expect(signatures).toBeLessThanOrEqual(budget);
      if (result.ok) expectPath(result, links, start, longest);
      else if (!isExhausted(result)) expect(leadsToRoot(start, links, longest), "there is no path").toBe(false);
    },
  ),
);

/** Whether entity 0 is reached over at most so many others, none of them twice. */
function leadsToRoot(from: number, links: readonly Link[], left: number, passed: readonly number[] = []): boolean {
  if (from === 0) return true;
  if (left === 0 || passed.includes(from)) return false;
  return links.some(
    ({ issuer, subject, fault }) =>
      fault === "none" && subject === from && leadsToRoot(issuer, links, left - 1, [...passed, from]),
  );
}

function expectPath({ path }: PathResult & { ok: true }, links: readonly Link[], start: number, longest: number): void {
  expect(leadsToRoot(start, links, longest), "there is a path").toBe(true);
  expect(path.length - 2, "authorities in between").toBeLessThanOrEqual(longest);
  expect([path[0]!.raw, path.at(-1)!.raw]).toEqual([leafOf(start), root.der].map((der) => Uint8Array.from(der)));
  const good = new Set(links.filter(({ fault }) => fault === "none").map((one) => String(certificateOf(one))));
  for (const certificate of path.slice(1, -1))
    expect(good.has(String(certificate.raw)), "a certificate that is right").toBe(true);
  expect(new Set(path.map(({ subject, publicKey }) => `${subject.key} ${publicKey.raw.join()}`)).size).toBe(
    path.length,
  );
}

function isExhausted(result: PathResult): boolean {
  return !result.ok && result.failure.findings.some(({ text }) => text.includes("takes too much work"));
}

function authorityOf(number: number): Made {
  const key = keyNamed(`web key ${number}`);
  return { der: root.der, key, subject: makeRoot(nameOf(number), { key }).subject };
}

function nameOf(number: number): string {
  return `Web ${number === 0 ? 0 : 1 + (number % names)}`;
}

function certificateOf({ issuer, subject, fault }: Link): Uint8Array {
  return kept(`${issuer} ${subject} ${fault}`, () =>
    makeAuthority(authorityOf(issuer), nameOf(subject), { ...faults[fault], key: keyNamed(`web key ${subject}`) }),
  );
}

function leafOf(issuer: number): Uint8Array {
  return kept(`leaf ${issuer}`, () => makeServer(authorityOf(issuer), "web.example"));
}

function kept(name: string, make: () => Made): Uint8Array {
  const der = made.get(name) ?? make().der;
  made.set(name, der);
  return der;
}
