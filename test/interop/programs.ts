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

/** Ports of 127.0.0.1 that nobody listens on. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => net.createServer());
  await Promise.all(servers.map((server) => new Promise<void>((done) => server.listen(0, "127.0.0.1", done))));
  const ports = servers.map((server) => (server.address() as net.AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}

const pauseMs = 20;
const patienceMs = 20_000;

/** Waits until somebody listens on each of the ports, and stops the program when it has ended or does not come. */
export async function listening(program: Peer, ports: readonly number[]): Promise<Peer> {
  let ended = false;
  void program.exited.then(() => (ended = true));
  const deadline = performance.now() + patienceMs;
  for (const port of ports) {
    while (!(await isOpen(port))) {
      if (ended || performance.now() > deadline) {
        await program.stop();
        throw new Error(`Cannot reach the program on port ${port}: ${program.stdout}\n${program.stderr}`);
      }
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
  return program;
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}
