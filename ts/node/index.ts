// The entry point wanttls/node: what only Node has. Everything else is in the entry point wanttls.
export { keyLogFile } from "./key-log.ts";
export { fromNodeSocket } from "./transport.ts";
export { getDefaultVerifyPaths, TrustStore } from "./trust-store.ts";
export type { TransportOptions } from "../socket/transport-base.ts";
