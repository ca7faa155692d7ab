// What Node asks the system for on behalf of its sockets. Knows no test.
import net from "node:net";

/** What stands behind each socket: Node calls it when an option or a call says so, and the effect shows nowhere else. */
export interface TcpHandle {
  setNoDelay(on: boolean): void;
}

/** The prototype that all of them have in common. */
export async function tcpHandlePrototype(): Promise<TcpHandle> {
  const server = net.createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const socket = net.connect((server.address() as net.AddressInfo).port, "127.0.0.1");
  await new Promise((resolve) => socket.once("connect", resolve));
  const { _handle } = socket as unknown as { readonly _handle: object };
  socket.destroy();
  server.close();
  return Object.getPrototypeOf(_handle) as TcpHandle;
}
