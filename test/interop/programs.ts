// Owns what all servers need that are started for a test: a folder, a port, and being there before they are talked to.
// Knows nothing of a particular one.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Peer } from "../support/peers.ts";

/** A folder of its own for a program; disposing of it removes it. */
export class Folder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), "wanttls-program-"));

  /** Writes a file and answers its path. */
  file(name: string, content: string): string {
    const path = join(this.path, name);
    writeFileSync(path, content);
    return path;
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** Ports of 127.0.0.1 that nobody listens on at the moment. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => net.createServer());
  await Promise.all(servers.map((server) => new Promise<void>((done) => server.listen(0, "127.0.0.1", done))));
  const ports = servers.map((server) => (server.address() as net.AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}

const pauseMs = 20;
const patienceMs = 60_000;
const attempts = 3;

/** A program that listens on ports of 127.0.0.1. */
export interface Listening {
  readonly program: Peer;
  readonly ports: readonly number[];
}

/**
 * Starts a program on so many ports that nobody listens on. Somebody else may take one of them before it does: then it ends, and is
 * started again with others.
 */
export async function startOn(count: number, start: (ports: readonly number[]) => Peer): Promise<Listening> {
  for (let left = attempts - 1; ; left--) {
    const ports = await freePorts(count);
    const program = start(ports);
    const failure = await failureToListen(program, ports);
    if (failure === null) return { program, ports };
    await program.stop();
    if (failure === "it has ended" && left > 0) continue;
    throw new Error(
      `Cannot reach the program on ports ${ports.join()}: ${failure}\n${program.stdout}\n${program.stderr}`,
    );
  }
}

/** Null once somebody listens on each of the ports. */
async function failureToListen(
  program: Peer,
  ports: readonly number[],
): Promise<"it has ended" | "it took too long" | null> {
  let ended = false;
  void program.exited.then(() => (ended = true));
  const deadline = performance.now() + patienceMs;
  for (const port of ports) {
    while (!(await isOpen(port))) {
      if (ended) return "it has ended";
      if (performance.now() > deadline) return "it took too long";
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
  return null;
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}
