// Owns the choice of the runtime that we are on, and its own way to connect and to listen. The only file of the command
// that knows that there are several. Refuses to know TLS.
import type { AddressInfo, Server, Socket } from "node:net";
import process from "node:process";
import { type NonBlockingTransport, SSLSyscallError, SSLTimeoutError, type TrustStore } from "../index.ts";

/** What the command needs from a runtime. */
export interface Runtime {
  /** Such as "Node 24.1.0". */
  readonly version: string;
  readonly trust: { system(): TrustStore; mozilla(): TrustStore };
  keyLogFile(): ((line: string) => void) | undefined;
  /** Rejects with what the runtime reports; `connectTo` makes a sentence of it. */
  connect(host: string, port: number): Promise<NonBlockingTransport>;
  listen(host: string, port: number, accept: (transport: NonBlockingTransport) => void): Promise<Listener>;
}

export interface Listener {
  readonly port: number;
  /** Refuses new connections; the open ones go on. */
  close(): void;
}

/** The runtime that this program runs on. */
export async function thisRuntime(): Promise<Runtime> {
  if ("Deno" in globalThis) return denoRuntime();
  if ("Bun" in globalThis) return bunRuntime();
  return nodeRuntime();
}

/** Connects. Throws `SSLSyscallError` and `SSLTimeoutError`. */
export async function connectTo(
  runtime: Runtime,
  host: string,
  port: number,
  timeoutMs: number,
): Promise<NonBlockingTransport> {
  const { promise: late, reject } = deferred();
  const why = `no answer for ${timeoutMs / 1000} seconds`;
  const timer = setTimeout(
    () => reject(new SSLTimeoutError(`Cannot connect to ${host} port ${port}: ${why}`)),
    timeoutMs,
  );
  try {
    return await Promise.race([runtime.connect(host, port), late]);
  } catch (error) {
    if (error instanceof SSLTimeoutError) throw error;
    throw failureOf(`connect to ${host} port ${port}`, "connect", error);
  } finally {
    clearTimeout(timer);
  }
}

/** Listens and gives each accepted connection to `accept`. Throws `SSLSyscallError`. */
export async function listenOn(
  runtime: Runtime,
  host: string,
  port: number,
  accept: (transport: NonBlockingTransport) => void,
): Promise<Listener> {
  try {
    return await runtime.listen(host, port, accept);
  } catch (error) {
    throw failureOf(`listen on ${host} port ${port}`, "listen", error);
  }
}

async function nodeRuntime(): Promise<Runtime> {
  const net = await import("node:net");
  const { fromNodeSocket, keyLogFile, TrustStore } = await import("../node/index.ts");
  return {
    version: `Node ${process.versions.node}`,
    trust: TrustStore,
    keyLogFile,
    async connect(host, port) {
      const socket = net.connect({ host, port, allowHalfOpen: true });
      await emitted(socket, "connect");
      return fromNodeSocket(socket);
    },
    async listen(host, port, accept) {
      const server = net.createServer({ allowHalfOpen: true }, (socket) => accept(fromNodeSocket(socket)));
      server.listen(port, host);
      await emitted(server, "listening");
      return { port: (server.address() as AddressInfo).port, close: () => void server.close() };
    },
  };
}

async function denoRuntime(): Promise<Runtime> {
  const { fromDenoConn, keyLogFile, TrustStore } = await import("../deno/index.ts");
  return {
    version: `Deno ${Deno.version.deno}`,
    trust: TrustStore,
    keyLogFile,
    async connect(hostname, port) {
      return fromDenoConn(await Deno.connect({ hostname, port }));
    },
    async listen(hostname, port, accept) {
      const listener = Deno.listen({ hostname, port });
      void acceptAll(listener, (conn) => accept(fromDenoConn(conn)));
      return { port: listener.addr.port, close: () => listener.close() };
    },
  };
}

async function acceptAll(listener: Deno.TcpListener, accept: (conn: Deno.TcpConn) => void): Promise<void> {
  for await (const conn of listener) accept(conn);
}

async function bunRuntime(): Promise<Runtime> {
  const { connectBun, keyLogFile, listenBun, TrustStore } = await import("../bun/index.ts");
  return {
    version: `Bun ${Bun.version}`,
    trust: TrustStore,
    keyLogFile,
    connect: (hostname, port) => connectBun({ hostname, port }),
    async listen(hostname, port, accept) {
      const listener = listenBun({ hostname, port }, accept);
      return { port: listener.port, close: () => listener.stop() };
    },
  };
}

function emitted(source: Socket | Server, event: string): Promise<void> {
  const { promise, resolve, reject } = deferred<void>();
  source.once("error", reject);
  source.once(event, () => {
    source.off("error", reject);
    resolve();
  });
  return promise;
}

/** `Promise.withResolvers`, which Node 20 does not have. */
function deferred<T = never>(): {
  promise: Promise<T>;
  resolve: (value: T) => void;
  reject: (reason: Error) => void;
} {
  let [resolve, reject]: [(value: T) => void, (reason: Error) => void] = [() => {}, () => {}];
  const promise = new Promise<T>((yes, no) => ([resolve, reject] = [yes, no]));
  return { promise, resolve, reject };
}

function failureOf(what: string, syscall: string, error: unknown): SSLSyscallError {
  const code = codeOf(error as NodeJS.ErrnoException);
  const why = reasons[code] ?? (error as Error).message;
  return new SSLSyscallError(`Cannot ${what}: ${why}`, { code, syscall, cause: error });
}

/** Node and Bun give the system's name for a failure; Deno has classes, and only a sentence for unknown hosts. */
function codeOf({ code, name, message }: NodeJS.ErrnoException): string {
  if (/lookup address|not known|ENOTFOUND|EAI_/i.test(`${code} ${message}`)) return "ENOTFOUND";
  return code ?? codesOfDeno[name] ?? "EIO";
}

const codesOfDeno: Readonly<Record<string, string>> = {
  AddrInUse: "EADDRINUSE",
  AddrNotAvailable: "EADDRNOTAVAIL",
  ConnectionRefused: "ECONNREFUSED",
  ConnectionReset: "ECONNRESET",
  PermissionDenied: "EACCES",
  TimedOut: "ETIMEDOUT",
};

const reasons: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EADDRINUSE: "the address is in use",
  EADDRNOTAVAIL: "this machine does not have that address",
  ECONNREFUSED: "the connection was refused",
  ECONNRESET: "the connection was reset",
  EHOSTUNREACH: "there is no way to that host",
  ENETUNREACH: "there is no way to that network",
  ENOTFOUND: "the host is not known",
  ETIMEDOUT: "the host does not answer",
};
