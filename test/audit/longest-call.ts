// Prints how long one call keeps the event loop from everybody else while handshakes go on, into the module and of ours: there is
// one thread. A figure to look at and no test: a busy machine makes it larger, so that of each handshake's longest call the
// shortest of some rounds counts.
//
//   node test/audit/longest-call.ts [rounds]     the default is 20
import process from "node:process";
import { sharedRealm } from "../../ts/engine/realms.ts";
import { isWant, MemoryBIO, SSLContext, type SSLObject, type TLSVersion } from "../../ts/ssl/index.ts";
import { type CertName, certs } from "../support/certs.ts";

const goal = 50; // milliseconds, with keys on P-256 and RSA keys of 2048 bits
const rounds = Number(process.argv[2] ?? 20);

interface Longest {
  readonly name: string;
  readonly time: number;
}

let inModule: Longest = { name: "none", time: 0 };
watchModule(sharedRealm().exports);

for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
  for (const identity of ["localhost", "localhostRsa", "localhostP384"] as const) {
    const [module, ours] = longestOf(version, identity);
    const late = Math.max(module.time, ours.time) > goal ? `, beyond the goal of ${goal} ms` : "";
    const times = `${module.time.toFixed(1)} ms in ${module.name}, ${ours.time.toFixed(1)} ms in one call of ${ours.name}`;
    console.log(`longest call: ${version}, ${identity}, certificates on both sides: ${times}${late}`);
  }
}

/** The longest call into the module and the longest handshake call, each the best of the rounds. */
function longestOf(version: TLSVersion, name: CertName): [module: Longest, ours: Longest] {
  const identities = [{ cert: certs[name].chain, key: certs[name].key }];
  const mutual = { minVersion: version, maxVersion: version, identities, verifyMode: "required" } as const;
  // As servers' certificates they serve no client under the web's rules; here the arithmetic counts.
  const ca = [certs.root.cert, certs.rsaRoot.cert];
  const client = { ...mutual, identities: [identityFor(name)], ca };
  let best: [Longest, Longest] = [
    { name: "none", time: Infinity },
    { name: "none", time: Infinity },
  ];
  for (let round = 0; round < rounds; round++) {
    // Contexts of their own: nothing is remembered of their certificates.
    using own = SSLContext.client(client);
    using other = SSLContext.server({ ...mutual, ca });
    inModule = { name: "none", time: 0 };
    const ours = longestHandshakeCall(own, other);
    best = [inModule.time < best[0].time ? inModule : best[0], ours.time < best[1].time ? ours : best[1]];
  }
  return best;
}

function identityFor(name: CertName): { cert: string; key: string } {
  const { chain: cert, key } = certs[name === "localhostRsa" ? "clientRsa" : "client"];
  return { cert, key };
}

function longestHandshakeCall(client: SSLContext, server: SSLContext): Longest {
  const [there, back] = [new MemoryBIO(), new MemoryBIO()];
  using own = client.wrapBio(back, there, { serverHostname: "localhost" });
  using other = server.wrapBio(there, back);
  let longest: Longest = { name: "none", time: 0 };
  for (let done = 0; done < 2;) {
    done = 0;
    for (const [name, tls] of [
      ["the client", own],
      ["the server", other],
    ] as const) {
      const start = performance.now();
      if (isDone(tls)) done++;
      const time = performance.now() - start;
      if (time > longest.time) longest = { name, time };
    }
  }
  return longest;
}

function isDone(tls: SSLObject): boolean {
  try {
    tls.doHandshake();
    return true;
  } catch (error) {
    if (isWant(error)) return false;
    throw error;
  }
}

function watchModule(exports: object): void {
  const calls = exports as Record<string, (...given: unknown[]) => unknown>;
  for (const [name, call] of Object.entries(calls)) {
    if (typeof call !== "function") continue;
    calls[name] = (...given) => {
      const start = performance.now();
      try {
        return call(...given);
      } finally {
        const time = performance.now() - start;
        if (time > inModule.time) inModule = { name, time };
      }
    };
  }
}
