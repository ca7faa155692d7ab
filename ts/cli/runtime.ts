// Owns the choice of the runtime that we are on, and its own way to connect and to listen. The only file of the command
// that knows that there are several. Refuses to know TLS.
import process from "node:process";
import { type NonBlockingTransport, SSLSyscallError, SSLTimeoutError, type TrustStore } from "../index.ts";
import { openedBefore, TimeLimit } from "../socket/time-limit.ts";
import type { Arrivals, Listening } from "../stream/listener.ts";

/** What the command needs from a runtime. */
export interface Runtime {
  /** Such as "Node 24.1.0". */
  readonly version: string;
  readonly trust: { system(): TrustStore; mozilla(): TrustStore };
  keyLogFile(): ((line: string) => void) | undefined;
  /** Rejects with what the runtime reports; `connectTo` makes a sentence of it. */
  dial(host: string, port: number, signal: AbortSignal): Promise<NonBlockingTransport>;
  /** As `dial`, for `listenOn`. */
  listenTcp(host: string, port: number, arrivals: Arrivals): Listening | Promise<Listening>;
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
  const why = `no answer for ${timeoutMs / 1000} seconds`;
  using limit = new TimeLimit(timeoutMs, `Cannot connect to ${host} port ${port}: ${why}`);
  try {
    return await openedBefore(runtime.dial(host, port, limit.signal), limit.signal);
  } catch (error) {
    if (error instanceof SSLTimeoutError) throw error;
    throw failureOf(`connect to ${host} port ${port}`, "connect", error);
  }
}

/** Listens and gives each accepted connection to `accept`. Throws `SSLSyscallError`. */
export async function listenOn(
  runtime: Runtime,
  host: string,
  port: number,
  accept: (transport: NonBlockingTransport) => void,
): Promise<Listening> {
  const failed = (error: unknown): void => console.error(`wanttls: ${String(error)}`);
  try {
    return await runtime.listenTcp(host, port, { take: accept, failed });
  } catch (error) {
    throw failureOf(`listen on ${host} port ${port}`, "listen", error);
  }
}

async function nodeRuntime(): Promise<Runtime> {
  const { keyLogFile, TrustStore } = await import("../node/index.ts");
  return {
    version: `Node ${process.versions.node}`,
    trust: TrustStore,
    keyLogFile,
    ...(await import("../node/tcp.ts")),
  };
}

async function denoRuntime(): Promise<Runtime> {
  const { keyLogFile, TrustStore } = await import("../deno/index.ts");
  return { version: `Deno ${Deno.version.deno}`, trust: TrustStore, keyLogFile, ...(await import("../deno/tcp.ts")) };
}

async function bunRuntime(): Promise<Runtime> {
  const { keyLogFile, TrustStore } = await import("../bun/index.ts");
  return { version: `Bun ${Bun.version}`, trust: TrustStore, keyLogFile, ...(await import("../bun/tcp.ts")) };
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
