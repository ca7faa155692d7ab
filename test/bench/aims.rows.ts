// What wanttls is to reach, and, where it does not, why. Owns the numbers and the reasons; whether an aim is reached say the figures
// (aims.ts).
import { type Aim, bestRival, type Part } from "./aims.ts";

type Bound = Pick<Aim, "atMost" | "atLeast" | "why">;

const receiving =
  "Two thirds of it are the cipher, without the instructions that processors have for it and wasm has not; a seventh is our JavaScript, a sixteenth the rest of the module, the remainder the runtime's sockets and the garbage collection. Runs on one machine have given 1.4 to 3.0, and slices of one run differ by as much";
const withInstructions =
  "As with ChaCha20-Poly1305, and processors have instructions for AES, so that the cipher is nearly all of the distance. Runs on one machine have given 2.7 to 6.0";
const p384 =
  "It is Mbed TLS's own code, faster by its product of limbs alone; a field of our own would have to be proven first";
const copies =
  "Four copies for each byte, into the module's memory and out of it at both ends, weigh more the faster the cipher is, which alone works on the same 16 KiB over and over";

export const aims: readonly Aim[] = [
  // Primitives, beside Mbed TLS's in the same process
  primitive("X25519 agreement", { atLeast: 9 }),
  primitive("X25519 key generation", { atLeast: 9 }),
  primitive("P-256 ECDSA signature", { atLeast: 2.2 }),
  primitive("P-256 ECDSA verification", { atLeast: 11 }),
  { ...primitive("P-256 ECDSA verification", { atLeast: 3 }), by: "vetted" },
  primitive("P-384 agreement", { atLeast: 1.6, why: p384 }),
  primitive("P-384 ECDSA signature", { atLeast: 1.6, why: p384 }),
  primitive("P-384 ECDSA verification", { atLeast: 1.6, why: p384 }),
  primitive("RSA-2048 signature, key kept", { atLeast: 2.5 }),
  cipher("SHA-256", { atLeast: 1.7 }),
  cipher("AES-128-GCM", { atLeast: 9, why: "Runs on one machine have given 7.6 to 10.3" }),
  { ...cipher("AES-128-GCM", { atLeast: 2.4 }), by: "vetted" },
  cipher("ChaCha20-Poly1305", { atLeast: 2.2 }),
  // TLS beside its own cryptography
  layer("ChaCha20-Poly1305, 16384 B", "CPU s per GB", { atMost: 1.15, why: copies }),
  layer("AES-128-GCM, 16384 B", "CPU s per GB", { atMost: 1.15, why: copies }),
  layer("AES-256-GCM, 16384 B", "CPU s per GB", { atMost: 1.15, why: copies }),
  layer("TLSv1.3 ECDSA P-256 handshake", "CPU ms each", {
    atMost: 1.4,
    why: "Messages, key schedule, certificates and memory of both ends take about as long as these operations do, since those have become so fast; beside an RSA signature it is little",
  }),
  layer("TLSv1.3 RSA-2048 handshake", "CPU ms each", { atMost: 1.4 }),
  // A client beside node:tls
  client("TLSv1.3 ECDSA P-256", "client-handshakes", "CPU ms each", { atMost: 1.2 }),
  client("TLSv1.3 ECDSA P-256", "handshakes-in-memory", "handshakes/s", { atLeast: 0.7 }),
  client("receive ChaCha20-Poly1305, 16384 B", "transfer", "CPU s per GB", { atMost: 1.4, why: receiving }),
  client("receive AES-128-GCM, 16384 B", "transfer", "CPU s per GB", { atMost: 2.8, why: withInstructions }),
  // The runtimes' own TLS: the same order
  ...own("deno", "Deno's TLS"),
  ...own("bun", "Bun's TLS"),
  // Others in JavaScript and WebAssembly
  rival("rival-handshakes", "TLSv1.3", "CPU ms each", {
    atMost: 1 / 3,
    why: "More than half of a client's time is Node's socket and event loop, which all of them pay alike; both ends in memory, without those, take less than one over a socket",
  }),
  rival("rival-data", "ChaCha20-Poly1305", "CPU s per GB", { atMost: 1 / 1.3 }),
  rival("rival-data", "AES-128-GCM", "CPU s per GB", {
    atMost: 1 / 1.3,
    why: "lemon-tls leaves AES to node:crypto, which has the processor's instructions for it; those that encrypt in JavaScript or wasm take several times as long",
  }),
  // An idle connection
  ...idle("node"),
  ...idle("deno", {
    why: "What Deno keeps for a Deno.Conn, and the 4 KiB that its waiting read holds, come on top of ours; its node:tls keeps most of a connection outside of JavaScript",
  }),
  ...idle("bun", {
    why: "Its own connections are so small that the objects of ours weigh more, and the state of Mbed TLS",
  }),
  // Start-up and size
  {
    part: "node",
    of: { section: "startup", what: "import to first ClientHello", measure: "ms" },
    atMost: 15,
    why: "Reading the JavaScript takes as long, and what Node loads for sockets half as long again ([start-up.md](start-up.md))",
  },
  {
    part: "node",
    of: { section: "size", what: "gzip", measure: "KB" },
    by: "a bundled client",
    atMost: 200,
    why: "Seven tenths are the module; of the rest no part is large ([start-up.md](start-up.md))",
  },
];

function primitive(what: string, bound: Bound): Aim {
  const of = { section: "primitives", what, measure: "operations per CPU s" };
  return { part: "node", of, beside: "Mbed TLS", ...bound };
}

function cipher(what: string, bound: Bound): Aim {
  return { part: "node", of: { section: "primitives", what, measure: "MB per CPU s" }, beside: "Mbed TLS", ...bound };
}

function layer(what: string, measure: string, bound: Bound): Aim {
  return { part: "node", of: { section: "layer-in-memory", what, measure }, beside: "cryptography alone", ...bound };
}

function client(what: string, section: string, measure: string, bound: Bound): Aim {
  return { part: "node", of: { section, what, measure }, beside: "node:tls", ...bound };
}

function rival(section: string, what: string, measure: string, bound: Bound): Aim {
  return { part: "rivals-node", of: { section, what, measure }, beside: bestRival, ...bound };
}

function own(part: Part, beside: string): Aim[] {
  return [
    ["client-handshakes", "TLSv1.3 ECDSA P-256", "CPU ms each"],
    ["transfer", "receive ChaCha20-Poly1305, 16384 B", "CPU s per GB"],
    ["transfer", "receive AES-128-GCM, 16384 B", "CPU s per GB"],
  ].map(([section, what, measure]) => ({
    part,
    of: { section: section!, what: what!, measure: measure! },
    beside,
    atMost: 10,
  }));
}

/** By itself, and no more than node:tls's in the same run. */
function idle(part: Part, bound: Bound = {}): Aim[] {
  return ["client", "server"].flatMap((role) => {
    const of = { section: "idle", what: `${role}, 1000 more connections`, measure: "KiB each" };
    return [
      { part, of, atMost: 33, ...bound },
      { part, of, beside: "node:tls", atMost: 1, ...bound },
    ];
  });
}
