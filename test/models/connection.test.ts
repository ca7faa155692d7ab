// Random conversations of two connections over a wire that a script moves, ends, breaks and changes, against the model in
// connection/: sockets and objects, every call in every state, an application that takes its time.
import fc from "fast-check";
import { afterAll, beforeAll, describe } from "vitest";
import { SSLContext } from "../../ts/socket/ssl-context.ts";
import { certs } from "../support/certs.ts";
import { versions } from "../socket/tls.ts";
import { script, settings } from "./connection/calls.ts";
import { type Contexts, Talk } from "./connection/talk.ts";
import { explore, Tally } from "./effort.ts";

describe.each(versions)("%s", (version) => {
  const only = { minVersion: version, maxVersion: version };
  const { chain: cert, key } = certs.localhost;
  let contexts: Contexts;
  beforeAll(() => {
    contexts = {
      client: SSLContext.client({ ...only, ca: certs.root.cert, alpn: ["model"] }),
      server: SSLContext.server({ ...only, identities: [{ cert, key }], alpn: ["model"] }),
    };
  });
  afterAll(() => Object.values(contexts).forEach((context: SSLContext) => context.dispose()));
  const calls = new Tally("calls");

  explore(
    "every interleaving of calls does what the model allows, and leaves nothing behind",
    60,
    fc.asyncProperty(settings, script, async (how, steps) => {
      const talk = new Talk(contexts, how);
      await talk.run(steps);
      calls.add(talk.calls);
    }),
    calls,
  );
});
