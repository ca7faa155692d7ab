// The entry point wanttls/bun: what only Bun has. Everything else is in the entry point wanttls.
export { bunSocketHandlers, connectBun, listenBun } from "./transport.ts";
export type { BunAddress, BunListener, BunSocket, BunSocketHandlers } from "./transport.ts";
export { keyLogFile } from "./key-log.ts";
export { connect, listen } from "./stream.ts";
export { getServerCertificate } from "./server-certificate.ts";
export { getDefaultVerifyPaths, TrustStore } from "./trust-store.ts";
export type { ServerCertificateOptions } from "../stream/server-certificate.ts";
export type { TransportOptions } from "../socket/transport-base.ts";
