// lemon-tls as the benchmark drives it: it has the form of node:tls.
import type { SecureContext } from "node:tls";
import { nodeTls, type TlsModule } from "../sockets/node-tls.ts";
import { load } from "./load.ts";
import type { Rival } from "./rival.ts";

export const lemon: Rival = {
  name: "lemon-tls",
  about: "JavaScript over node:crypto",
  load: async () => nodeTls(withoutContexts(await load<TlsModule>("lemon-tls"))),
};

/** It makes contexts of servers only, so that a client's options go to each connection. */
function withoutContexts(lemonTls: TlsModule): TlsModule {
  return {
    ...lemonTls,
    createSecureContext: (options) => options as SecureContext,
    connect: ({ secureContext, ...options }) => lemonTls.connect({ ...options, ...secureContext }),
  };
}
