// Which context serves which name: a table for the hook `selectContext`. Owns the comparison of names, no contexts.
import { SSLConfigError } from "../engine/errors.ts";
import { describe } from "./bytes.ts";
import { isServerContext } from "./hello.ts";
import type { SelectContext } from "./hooks.ts";
import { matchesPattern, toHostName } from "./names.ts";
import type { SSLContext } from "./ssl-context.ts";

/**
 * Makes a `selectContext` hook that chooses by the server name (RFC 6066, section 3). `"*.example.org"` stands for one label
 * (RFC 9525, section 6.3); a whole name goes before it. Who asks for another name, or for none, gets nothing, which leaves it
 * at the context that was wrapped with.
 *
 * Throws SSLConfigError for a key that is no DNS name: nobody sends an IP address as server name.
 *
 * @example
 * let hosts = virtualHosts({ "example.org": first, "*.example.org": second });
 * const context = SSLContext.server({ identities, selectContext: (hello) => hosts(hello) });
 * hosts = virtualHosts({ "example.org": renewed, "*.example.org": second }); // counts for new connections only
 */
export function virtualHosts(contexts: Readonly<Record<string, SSLContext>>): SelectContext {
  const exact = new Map<string, SSLContext>();
  const wildcards = new Map<string, SSLContext>();
  for (const [name, context] of Object.entries(contexts)) {
    if (!isServerContext(context))
      throw new TypeError(`Cannot use the host ${name}: expected an SSLContext for servers, got ${describe(context)}`);
    (name.startsWith("*.") ? wildcards : exact).set(checkName(name), context);
  }
  return ({ serverName }) => {
    const wanted = serverName?.toLowerCase() ?? "";
    return exact.get(wanted) ?? [...wildcards].find(([pattern]) => matchesPattern(pattern, wanted))?.[1];
  };
}

/** The name as it is compared, its wildcard kept. */
function checkName(given: string): string {
  const wildcard = given.startsWith("*.");
  const host = toHostName(wildcard ? given.slice(2) : given, "the host");
  const name = wildcard ? `*.${host.name}` : host.name;
  const matchable = host.kind === "dns" && (!wildcard || host.name.includes("."));
  if (matchable) return name;
  const why = host.kind === "ip" ? "an IP address is never sent as server name" : "it would be for a whole domain";
  throw new SSLConfigError(`Cannot use the host ${JSON.stringify(given)}: ${why}`, { reason: "BAD_SERVER_HOSTNAME" });
}
