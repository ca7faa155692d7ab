// What the layer gives to others.
export { createDefaultContext, type Purpose, SSLContext } from "./ssl-context.ts";
export { memoryTransportPair, type MemoryTransportOptions } from "./memory-transport.ts";
export { fromMessages, type MessageCarrier } from "./messages-transport.ts";
export { select, type SelectOptions } from "./select.ts";
export { EVENT_READ, EVENT_WRITE, Selector, type SelectorKey } from "./selector.ts";
export { type CloseReason, SSLSocket, type WrapSocketOptions } from "./ssl-socket.ts";
export type { TransportOptions } from "./transport-base.ts";
export type { NonBlockingTransport, Selectable, SocketAddress } from "./transport.ts";
export { fromWebSocket, type WebSocketLike } from "./websocket-transport.ts";
export { fromWebStreams, type WebStreamPair } from "./web-streams-transport.ts";
