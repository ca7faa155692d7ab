// What the layer gives to others.
export type { ConnectOptions } from "./connect.ts";
export { type ListenOptions, TLSListener } from "./listener.ts";
export { startTls, type StartOptions } from "./start-tls.ts";
export { type Closed, type HandshakeInfo, TLSConnection } from "./tls-connection.ts";
