// Random webs of authorities that certify each other, some of them wrongly: a path is found exactly when there is one.
import { expect, test } from "vitest";
import { TrustStore } from "../../../ts/ssl/x509/trust-store.ts";
import { validatePath } from "../../../ts/ssl/x509/validate.ts";
import {
  basicConstraints,
  type CertificateSpec,
  clientAuth,
  day,
  dnsName,
  extKeyUsage,
  keyNamed,
  type Made,
  makeAuthority,
  makeRoot,
  makeServer,
  nameConstraints,
  today,
} from "../../support/certificate-factory.ts";
import { verify } from "./run.ts";

interface Link {
  readonly issuer: number;
  readonly subject: number;
  readonly good: boolean;
}

const entities = 7;
const faults: readonly CertificateSpec[] = [
  { notAfter: today - day },
  { extensions: { basicConstraints: basicConstraints(false) } },
  { extensions: { extKeyUsage: extKeyUsage([clientAuth]) } },
  { extensions: { nc: nameConstraints([dnsName("elsewhere.example")]) } },
  { algorithm: "ecdsa-sha1" },
];

test("a path is found exactly when there is one", () => {
  const found = { yes: 0, no: 0 };
  for (let seed = 1; seed <= 100; seed++) {
    const random = numbers(seed);
    const links = Array.from({ length: 8 + random(10) }, () => ({
      issuer: random(entities),
      subject: 1 + random(entities - 1),
      good: random(4) > 0,
    })).filter(({ issuer, subject }) => issuer !== subject);
    const expected = leadsToRoot(entities - 1, links);
    const result = validatePath({
      ...{ chain: chainOf(links, random), trust: TrustStore.fromDer(makeRoot("Entity 0").der), purpose: "serverAuth" },
      ...{ host: null, time: today, verify, signatureBudget: 1000 },
    });
    expect(result.ok, `seed ${seed}`).toBe(expected);
    found[expected ? "yes" : "no"]++;
  }
  expect(Math.min(found.yes, found.no)).toBeGreaterThan(10); // else the webs are too thin or too thick to tell anything
});

/** Entity 0 is the trusted root. */
function leadsToRoot(start: number, links: readonly Link[], passed: readonly number[] = []): boolean {
  if (start === 0) return true;
  return links.some(
    ({ issuer, subject, good }) =>
      good && subject === start && !passed.includes(issuer) && leadsToRoot(issuer, links, [...passed, start]),
  );
}

function chainOf(links: readonly Link[], random: (below: number) => number): Uint8Array[] {
  const entity = (number: number): Made => ({
    ...makeRoot("Entity 0"),
    subject: makeRoot(`Entity ${number}`).subject,
    key: keyNamed(`Entity ${number}`),
  });
  const presented = links.map(({ issuer, subject, good }) => {
    const spec = good ? {} : faults[random(faults.length)]!;
    return makeAuthority(entity(issuer), `Entity ${subject}`, spec).der;
  });
  return [makeServer(entity(entities - 1), "server.example").der, ...presented];
}

/** A small generator of numbers (a linear congruence), the same for the same seed. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return Math.floor((state / 2_147_483_647) * below);
  };
}
