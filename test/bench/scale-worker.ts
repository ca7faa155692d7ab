// A worker of scale.ts, with a realm of its own: for each number that it gets it does so many full handshakes, both ends in memory, and
// answers.
import { parentPort } from "node:worker_threads";
import { memoryTransportPair, SSLContext } from "wanttls";
import { certs } from "../support/certs.ts";

const clients = SSLContext.client({ ca: certs.root.cert });
const servers = SSLContext.server({ identities: [{ cert: certs.localhost.chain, key: certs.localhost.key }] });

parentPort!.on("message", (count: number) => {
  for (let i = 0; i < count; i++) shakeHands();
  parentPort!.postMessage("done", []);
});

function shakeHands(): void {
  const [left, right] = memoryTransportPair();
  const client = clients.wrapSocket(left, { serverHostname: "localhost" });
  const server = servers.wrapSocket(right);
  for (let done = false; !done;) {
    const answers = [client.tryHandshake(), server.tryHandshake()];
    done = answers.every(({ kind }) => kind === "ok");
  }
  for (const socket of [client, server]) socket.close();
}
