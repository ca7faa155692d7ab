// What is asked of the system for sockets that this library makes on Node.
import net from "node:net";
import { expect, test, vi } from "vitest";
import { connect, listen } from "../../ts/node/index.ts";
import { generateSelfSigned, SSLContext } from "../../ts/index.ts";

test("connect and listen have small writes sent at once, without waiting for acknowledgements (TCP_NODELAY)", async () => {
  const setNoDelay = vi.spyOn(await handlePrototype(), "setNoDelay");
  const identity = generateSelfSigned();
  using clients = SSLContext.client({ ca: identity.cert });
  using servers = SSLContext.server({ identities: [identity] });
  await using listener = await listen({ port: 0, context: servers });
  const accepted = listener.accept();
  await using client = await connect({ hostname: "localhost", port: listener.port, context: clients });
  await using server = await accepted;
  expect([client.info.version, server?.info.version]).toEqual(["TLSv1.3", "TLSv1.3"]);
  expect(setNoDelay.mock.calls).toEqual([[true], [true]]);
  setNoDelay.mockRestore();
});

/** Of what stands behind each socket: Node calls it when it is told to by an option, whose effect shows nowhere else. */
async function handlePrototype(): Promise<{ setNoDelay: (on: boolean) => void }> {
  const server = net.createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const socket = net.connect((server.address() as net.AddressInfo).port, "127.0.0.1");
  await new Promise((resolve) => socket.once("connect", resolve));
  const { _handle } = socket as unknown as { readonly _handle: object };
  socket.destroy();
  server.close();
  return Object.getPrototypeOf(_handle) as { setNoDelay: (on: boolean) => void };
}
