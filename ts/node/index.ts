// The entry point wanttls/node: what only Node has. Everything else is in the entry point wanttls.
export { Agent, type AgentOptions } from "./agent.ts";
export { connector, type Connector, type ConnectorOptions, type ConnectorRequest } from "./connector.ts";
export { TLSDuplex, toDuplex } from "./duplex.ts";
export { keyLogFile } from "./key-log.ts";
export { connect, listen } from "./stream.ts";
export { getServerCertificate } from "./server-certificate.ts";
export { fromNodeSocket } from "./transport.ts";
export { getDefaultVerifyPaths, TrustStore } from "./trust-store.ts";
export type { ServerCertificateOptions } from "../stream/server-certificate.ts";
export type { TransportOptions } from "../socket/transport-base.ts";
