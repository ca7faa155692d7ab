// The entry point wanttls/node: what only Node has. Everything else is in the entry point wanttls.
export { fromNodeSocket } from "./transport.ts";
export type { TransportOptions } from "../socket/transport-base.ts";
