// What is asked of the system for sockets that this library makes on Deno.
import { expect, test, vi } from "vitest";
import { connect, listen } from "../../ts/deno/index.ts";
import { dial, listenTcp } from "../../ts/deno/tcp.ts";
import type { NonBlockingTransport } from "../../ts/socket/transport.ts";
import { generateSelfSigned, SSLContext } from "../../ts/index.ts";

test("connect and listen have small writes sent at once, without waiting for acknowledgements (TCP_NODELAY)", async () => {
  const setNoDelay = vi.spyOn(await connectionPrototype(), "setNoDelay");
  const identity = generateSelfSigned();
  using clients = SSLContext.client({ ca: identity.cert });
  using servers = SSLContext.server({ identities: [identity] });
  await using listener = await listen({ port: 0, context: servers });
  const accepted = listener.accept();
  await using client = await connect({ hostname: "localhost", port: listener.port, context: clients });
  await using server = await accepted;
  expect([client.info.version, server?.info.version]).toEqual(["TLSv1.3", "TLSv1.3"]);
  expect(setNoDelay).toHaveBeenCalledTimes(2);
  setNoDelay.mockRestore();
});

test("a connection for which the system refuses that is still one, which somebody can close", async () => {
  const setNoDelay = vi.spyOn(await connectionPrototype(), "setNoDelay");
  setNoDelay.mockImplementation(() => {
    throw new Error("Invalid argument (os error 22)");
  });
  const take = vi.fn<(transport: NonBlockingTransport) => void>();
  const failed = vi.fn<(error: unknown) => void>();
  const listening = listenTcp("127.0.0.1", 0, { take, failed }, false);
  const client = await dial("127.0.0.1", listening.port);
  await vi.waitFor(() => expect(take).toHaveBeenCalledOnce());
  expect(failed).not.toHaveBeenCalled();
  listening.close();
  client.abort();
  take.mock.calls[0]![0].abort();
  setNoDelay.mockRestore();
});

async function connectionPrototype(): Promise<Deno.TcpConn> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  using conn = await Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port });
  return Object.getPrototypeOf(conn) as Deno.TcpConn;
}
