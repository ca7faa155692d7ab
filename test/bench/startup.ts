// Prints the milliseconds from nothing loaded to the first ClientHello, for one implementation in a fresh process:
// startup.ts wanttls|node:tls
import { Duplex } from "node:stream";
import process from "node:process";

const begin = performance.now();
await (process.argv[2] === "wanttls" ? wanttls() : nodeTls());
console.log(performance.now() - begin);
process.exit();

async function wanttls(): Promise<void> {
  const { MemoryBIO, SSLContext } = await import("wanttls");
  const outgoing = new MemoryBIO();
  SSLContext.client().wrapBio(new MemoryBIO(), outgoing, { serverHostname: "localhost" }).tryHandshake();
  if (outgoing.pending === 0) throw new Error("wanttls sent no ClientHello");
}

async function nodeTls(): Promise<void> {
  const { connect } = await import("node:tls");
  await new Promise<void>((resolve) => {
    const socket = new Duplex({
      read() {},
      write: (_chunk, _encoding, done) => {
        done();
        resolve();
      },
    });
    connect({ socket, servername: "localhost", ca: [] });
  });
}
