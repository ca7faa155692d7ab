// lemon-tls as the benchmark drives it: it has the form of node:tls.
import { getCipherInfo } from "node:crypto";
import type { SecureContext, TLSSocket } from "node:tls";
import type { ClientSide } from "../sockets/contender.ts";
import { nodeTls, type TlsModule } from "../sockets/node-tls.ts";
import { bulkSuites } from "../setup.ts";
import { load } from "./load.ts";
import type { Rival } from "./rival.ts";

export const lemon: Rival = {
  name: "lemon-tls",
  about: "JavaScript over node:crypto",
  load: async () => overCrypto(nodeTls(adapted(await load<TlsModule>("lemon-tls")))),
};

/** It makes contexts of servers only, so that a client's options go to each connection. */
function adapted(lemonTls: TlsModule): TlsModule {
  return {
    ...lemonTls,
    createSecureContext: (options) => options as SecureContext,
    connect: ({ secureContext, ...options }) => undelayed(lemonTls.connect({ ...options, ...secureContext })),
  };
}

/** It hands this on to its TCP socket, which it has from its first message on. */
function undelayed(socket: TLSSocket): TLSSocket {
  return socket.once("handshakeMessage", () => void socket.setNoDelay());
}

/** Where node:crypto lacks the cipher, all that it says itself is that a record is bad. */
function overCrypto({ dialer }: ClientSide): ClientSide {
  return {
    dialer(setup, resume) {
      if (setup.suite === bulkSuites["ChaCha20-Poly1305"] && getCipherInfo("chacha20-poly1305") === undefined)
        throw new Error("it needs chacha20-poly1305, which node:crypto does not have here");
      return dialer(setup, resume);
    },
  };
}
