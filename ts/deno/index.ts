// The entry point wanttls/deno: what only Deno has. Everything else is in the entry point wanttls.
export { fromDenoConn } from "./transport.ts";
export type { DenoConn } from "./transport.ts";
export { keyLogFile } from "./key-log.ts";
export { connect, listen } from "./stream.ts";
export { toTlsConn } from "./tls-conn.ts";
export { getServerCertificate } from "./server-certificate.ts";
export { getDefaultVerifyPaths, TrustStore } from "./trust-store.ts";
export type { ServerCertificateOptions } from "../stream/server-certificate.ts";
export type { TransportOptions } from "../socket/transport-base.ts";
