// Certificate policies: everything is acceptable, unless the path insists on a policy and none goes all the way through.
import {
  inhibitAnyPolicy,
  keyNamed,
  type Made,
  makeAuthority,
  makeServer,
  policies,
  policyConstraints,
  policyMappings,
} from "../../../support/certificate-factory.ts";
import type { Der } from "../../../support/der-writer.ts";
import { type Case, type CaseOptions, chainCase, root, server } from "./case.ts";

const none = "NO_EXPLICIT_POLICY";
const [a, b, c, any] = ["1.3.6.1.4.1.99999.1", "1.3.6.1.4.1.99999.2", "1.3.6.1.4.1.99999.3", "2.5.29.32.0"];

type Extensions = Readonly<Record<string, Der>>;

/** Authorities from the top down, then the leaf: each given by its extensions. A name in front makes the authority self-issued. */
function policyCase(
  name: string,
  levels: readonly Extensions[],
  expected: Case["expected"],
  options: CaseOptions = {},
): Case {
  const chain: Made[] = [root];
  for (const [i, extensions] of levels.slice(0, -1).entries()) {
    const { renewed, ...rest } = extensions;
    const title = renewed === undefined ? `Level ${i}` : `Level ${i - 1}`;
    chain.unshift(makeAuthority(chain[0]!, title, { extensions: rest, key: keyNamed(`Level ${i}`) }));
  }
  chain.unshift(makeServer(chain[0]!, server, { extensions: levels.at(-1)! }));
  return chainCase(name, chain, expected, options);
}

const p = (...ids: readonly string[]): Extensions => ({ policies: policies(...ids) });
const insists = (after: number): Extensions => ({ constraints: policyConstraints(after) });
const maps = (...pairs: readonly (readonly [string, string])[]): Extensions => ({ mappings: policyMappings(...pairs) });
const itself: Extensions = { renewed: new Uint8Array() };

export const policyCases: readonly Case[] = [
  policyCase("no policies, nobody insists", [{}, {}], "ok"),
  policyCase("different policies, nobody insists", [p(a), p(b)], "ok"),
  policyCase("a policy at the top only, nobody insists", [p(a), {}], "ok"),
  policyCase("insisting at once, without policies", [insists(0), {}], none),
  policyCase("insisting at once, the same policy", [{ ...p(a), ...insists(0) }, p(a)], "ok"),
  policyCase("insisting at once, another policy", [{ ...p(a), ...insists(0) }, p(b)], none),
  policyCase("insisting at once, no policy in the leaf", [{ ...p(a), ...insists(0) }, {}], none),
  policyCase("insisting at once, no policy in the authority", [insists(0), p(a)], none),
  policyCase("insisting at once, any policy above", [{ ...p(any), ...insists(0) }, p(a)], "ok"),
  policyCase("insisting at once, any policy below", [{ ...p(a), ...insists(0) }, p(any)], "ok"),
  policyCase("insisting at once, any policy all the way", [{ ...p(any), ...insists(0) }, p(any)], "ok"),
  policyCase("insisting at once, one of two policies", [{ ...p(a, b), ...insists(0) }, p(b, c)], "ok"),
  policyCase("insisting after one more, with one more", [insists(1), {}, {}], none),
  policyCase("insisting after two more, with one more", [insists(2), {}, {}], none),
  policyCase("insisting after three more, with one more", [insists(3), {}, {}], "ok"),
  policyCase("insisting after two more, with two more", [insists(2), {}, {}, {}], none),
  policyCase("insisting after 10 more", [insists(10), {}, {}], "ok"),
  policyCase("the leaf insists", [p(a), insists(0)], none),
  policyCase("the leaf insists and has the policy", [p(a), { ...p(a), ...insists(0) }], "ok"),
  policyCase("a later one insists sooner", [insists(5), insists(0), {}], none),
  policyCase("a later one cannot insist later", [insists(0), insists(5), {}], none),
  policyCase("three levels, the policy goes through", [{ ...p(a), ...insists(0) }, p(a), p(a)], "ok"),
  policyCase("three levels, the policy is lost in the middle", [{ ...p(a), ...insists(0) }, p(b), p(a)], none),
  policyCase("a mapping", [{ ...p(a), ...insists(0), ...maps([a, b]) }, p(b)], "ok"),
  policyCase("a mapping, but the old name is used", [{ ...p(a), ...insists(0), ...maps([a, b]) }, p(a)], none),
  policyCase("a mapping to two", [{ ...p(a), ...insists(0), ...maps([a, b], [a, c]) }, p(c)], "ok"),
  policyCase("a mapping under any policy", [{ ...p(any), ...insists(0), ...maps([a, b]) }, p(b)], "ok"),
  policyCase(
    "a mapping that is forbidden",
    [{ ...p(a), constraints: policyConstraints(0, 0) }, { ...p(a), ...maps([a, b]) }, p(b)],
    none,
  ),
  policyCase(
    "a mapping that is forbidden one later",
    [{ ...p(a), constraints: policyConstraints(0, 1) }, { ...p(a), ...maps([a, b]) }, p(b)],
    "ok",
  ),
  policyCase("a mapping from any policy", [{ ...p(any), ...maps([any, b]) }, p(b)], "INVALID_POLICY_EXTENSION"),
  policyCase("a mapping to any policy", [{ ...p(a), ...maps([a, any]) }, p(b)], "INVALID_POLICY_EXTENSION"),
  policyCase(
    "any policy that is not accepted any more",
    [{ ...p(any), ...insists(0), inhibit: inhibitAnyPolicy(0) }, p(any)],
    none,
  ),
  policyCase(
    "any policy that is not accepted any more, a named one is",
    [{ ...p(a, any), ...insists(0), inhibit: inhibitAnyPolicy(0) }, p(a)],
    "ok",
  ),
  policyCase(
    "any policy that is accepted once more",
    [{ ...p(any), ...insists(0), inhibit: inhibitAnyPolicy(1) }, p(any), p(a)],
    "ok",
  ),
  policyCase(
    "any policy that is accepted once more, used twice",
    [{ ...p(any), ...insists(0), inhibit: inhibitAnyPolicy(1) }, p(any), p(any)],
    none,
  ),
  policyCase(
    "any policy of an authority that renewed itself",
    [{ ...p(a), ...insists(0), inhibit: inhibitAnyPolicy(0) }, { ...itself, ...p(any) }, p(a)],
    "ok",
  ),
  policyCase("insisting after one more, an authority renewed itself", [insists(1), { ...itself }, {}], none),
  policyCase("insisting after two more, an authority renewed itself", [insists(2), { ...itself }, {}], "ok"),
];
