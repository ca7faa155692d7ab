// Who takes part over sockets on the runtime that runs this. Owns the names; loads nobody before it is asked, so that loading can be
// measured.
import { runtime } from "../../support/runtimes.ts";
import type { Contender } from "./contender.ts";
import { nodeTls, type TlsModule } from "./node-tls.ts";
import { wanttls } from "./wanttls.ts";

const ofNode: Contender = { name: "node:tls", load: async () => nodeTls(await import("node:tls")) };

const here: Readonly<Record<typeof runtime, readonly Contender[]>> = {
  node: [
    { name: "wanttls", load: async () => wanttls({ ...(await import("wanttls")), ...(await import("wanttls/node")) }) },
    {
      name: "wanttls/node/tls",
      load: async () => nodeTls((await import("wanttls/node/tls")) as unknown as TlsModule),
    },
  ],
  deno: [
    { name: "Deno's TLS", load: async () => (await import("./deno.ts")).denoTls },
    { name: "wanttls", load: async () => wanttls({ ...(await import("wanttls")), ...(await import("wanttls/deno")) }) },
  ],
  bun: [
    { name: "Bun's TLS", load: async () => (await import("./bun.ts")).bunTls },
    { name: "wanttls", load: async () => wanttls({ ...(await import("wanttls")), ...(await import("wanttls/bun")) }) },
  ],
};

/** The first one is what the others are compared with. */
export const contenders: readonly Contender[] = [ofNode, ...here[runtime]];
