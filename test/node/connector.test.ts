// What undici asks a connector for, by hand; docs/http.md has it with undici (test/examples/http.test.ts).
import net from "node:net";
import tls from "node:tls";
import type { AddressInfo, Socket } from "node:net";
import type { buildConnector } from "undici";
import { afterAll, beforeAll, expect, it } from "vitest";
import { SSLConfigError, SSLContext, SSLSyscallError, SSLTimeoutError } from "../../ts/index.ts";
import { connector, type ConnectorRequest } from "../../ts/node/index.ts";
import { certs } from "../support/certs.ts";

const context = SSLContext.client({ ca: certs.root.cert });
const peer = tls.createServer({ cert: certs.localhost.chain, key: certs.localhost.key }, (socket) =>
  socket.pipe(socket),
);
let port = "";

beforeAll(async () => {
  await new Promise<void>((resolve) => peer.listen(0, "127.0.0.1", resolve));
  port = String((peer.address() as AddressInfo).port);
});

afterAll(async () => {
  context.dispose();
  await new Promise((resolve) => peer.close(resolve));
});

it("connects to the host, and verifies it by the servername where there is one", async () => {
  expect(await echo(await open({ hostname: "localhost", servername: null }))).toBe("hello");
  expect(await echo(await open({ hostname: "127.0.0.1", servername: "localhost" }))).toBe("hello");
  await expect(open({ hostname: "127.0.0.1", servername: "other.host" })).rejects.toMatchObject({
    name: "SSLCertVerificationError",
  });
});

it("speaks TLS over the connection that it is given", async () => {
  const httpSocket = net.connect(Number(port), "127.0.0.1");
  expect(await echo(await open({ hostname: "localhost", port: "1", httpSocket }))).toBe("hello");
});

it("refuses what is no https", async () => {
  await expect(open({ hostname: "localhost", protocol: "http:" })).rejects.toThrow(SSLConfigError);
});

it("says why there is no connection", async () => {
  const closed = net.createServer();
  await new Promise<void>((resolve) => closed.listen(0, "127.0.0.1", resolve));
  const free = String((closed.address() as AddressInfo).port);
  await new Promise((resolve) => closed.close(resolve));
  await expect(open({ hostname: "127.0.0.1", port: free })).rejects.toThrow(SSLSyscallError);
});

it("has no more patience than it is told", async () => {
  const silent = net.createServer((socket) => socket.on("error", () => {}));
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  const request = { hostname: "127.0.0.1", port: String((silent.address() as AddressInfo).port) };
  await expect(open(request, 20)).rejects.toThrow(SSLTimeoutError);
  silent.close();
});

/** As undici does: with its own type of what a connector is. */
function open(request: Partial<ConnectorRequest> & { hostname: string }, timeout?: number): Promise<Socket> {
  const connect: buildConnector.connector = connector({ context, ...(timeout === undefined ? {} : { timeout }) });
  return new Promise((resolve, reject) => {
    connect({ protocol: "https:", port, ...(request as { hostname: string }) }, (error, socket) => {
      if (error === null) resolve(socket);
      else reject(error);
    });
  });
}

async function echo(socket: Socket): Promise<string> {
  socket.end("hello");
  let text = "";
  for await (const chunk of socket) text += String(chunk);
  return text;
}
