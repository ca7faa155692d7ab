// What is asked of the system for sockets that this library makes on Node.
import { expect, test, vi } from "vitest";
import { connect, listen } from "../../ts/node/index.ts";
import { generateSelfSigned, SSLContext } from "../../ts/index.ts";
import { tcpHandlePrototype } from "../support/tcp-handles.ts";

test("connect and listen have small writes sent at once, without waiting for acknowledgements (TCP_NODELAY)", async () => {
  const setNoDelay = vi.spyOn(await tcpHandlePrototype(), "setNoDelay");
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
