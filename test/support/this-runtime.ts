// The entry point of the runtime that runs the tests, as far as the three are the same. Knows nothing of what they do.
import type * as Node from "../../ts/node/index.ts";
import { runtime } from "../socket/pairs.ts";

export type RuntimeEntry = Pick<
  typeof Node,
  "connect" | "getDefaultVerifyPaths" | "getServerCertificate" | "keyLogFile" | "listen" | "TrustStore"
>;

/** `wanttls/node`, `wanttls/deno` or `wanttls/bun`. */
export async function thisRuntime(): Promise<RuntimeEntry> {
  if (runtime === "deno") return import("../../ts/deno/index.ts");
  if (runtime === "bun") return import("../../ts/bun/index.ts");
  return import("../../ts/node/index.ts");
}
