// The hand-written scripts of the differential test: for each statement about Python's behaviour, calls that show it.
// No expected outcomes here: Python gives them.
import type { Argument, BioCallName, PartyConfig, Step } from "./oracle.ts";

export interface Conversation {
  readonly title: string; // begins with the statement's number
  readonly client?: Partial<PartyConfig>;
  readonly server?: Partial<PartyConfig>;
  readonly script: readonly Step[];
}

export interface BioScript {
  readonly title: string;
  readonly script: readonly (readonly [BioCallName, ...Argument[]])[];
}

const handshake: Step = ["both", "handshake"];
const hello = { bytes: "hello" };

export const bioScripts: readonly BioScript[] = [
  {
    title: "B6 read() on an empty MemoryBIO gives nothing, before and after EOF",
    script: [["read"], ["read", 5], ["writeEof"], ["read"], ["read", 5], ["read", 0]],
  },
  {
    title: "B7 read(n) of a MemoryBIO takes up to n bytes, all when n is negative or absent, none when it is 0",
    script: [
      ["write", { bytes: "abcdefgh" }],
      ...([["read", 0], ["pending"], ["read", 3], ["pending"], ["read", -1], ["pending"]] as const),
      ["write", hello],
      ...([["read"], ["write", hello], ["read", -5], ["write", hello], ["read", 100]] as const),
    ],
  },
  {
    title: "B8 pending of a MemoryBIO counts unread bytes and write() gives the length",
    script: [
      ["pending"],
      ["write", hello],
      ["pending"],
      ["write", { bytes: "" }],
      ["pending"],
      ["write", { pattern: 70_000 }],
      ...([["pending"], ["read", 4], ["pending"], ["read", 60_000], ["pending"], ["read"], ["pending"]] as const),
    ],
  },
  {
    title: "B9 eof of a MemoryBIO is true after EOF was written and all was read, and a write after EOF is refused",
    script: [
      ["eof"],
      ["write", hello],
      ["writeEof"],
      ["eof"],
      ["write", hello],
      ["write", { bytes: "" }],
      ...([["pending"], ["read", 3], ["eof"], ["read", 0], ["eof"], ["read"], ["eof"]] as const),
    ],
  },
  {
    title: "B10 writeEof() may be called twice, and what is not bytes is refused",
    script: [["writeEof"], ["writeEof"], ["eof"], ["read", "3"], ["write", "text"], ["write", 5], ["write", true]],
  },
  {
    title: "B10 a text is refused also before EOF",
    script: [["write", "text"], ["pending"], ["read", "3"], ["write", hello], ["read", "3"], ["read"]],
  },
];

export const conversations: readonly Conversation[] = [
  {
    title: "B13 the first doHandshake() of a client speaks, that of a server listens",
    script: [
      ["server", "doHandshake"],
      ["server", "hasOutput"],
      ["client", "doHandshake"],
      ["client", "hasOutput"],
      ["client", "doHandshake"],
      ["client", "sends"],
      ["client", "doHandshake"],
      ["client", "hasOutput"],
      ["server", "doHandshake"],
      ["server", "hasOutput"],
    ],
  },
  {
    title: "B14 doHandshake() is repeated until it returns and does nothing afterwards",
    script: [
      handshake,
      ["client", "doHandshake"],
      ["server", "doHandshake"],
      ["client", "hasOutput"],
      ["client", "doHandshake"],
    ],
  },
  {
    title: "B15 read() and write() before the handshake drive it",
    script: [
      ["client", "read", 10],
      ["client", "hasOutput"],
      ["client", "sends"],
      ["server", "write", hello],
      ["server", "hasOutput"],
      ["server", "sends"],
      ["client", "write", { bytes: "early" }],
      ["client", "sends"],
      ["server", "read", 10],
      ["server", "sends"],
      ["client", "write", { bytes: "later" }],
      ["client", "sends"],
      ["server", "read", 10],
      ["server", "read", 10],
      ["server", "write", hello],
      ["server", "sends"],
      ["client", "read", 10],
    ],
  },
  {
    title: "B16 B17 the handshake completes on both sides and never wants to write",
    script: [
      handshake,
      ["client", "version"],
      ["server", "version"],
      ["client", "cipher"],
      ["server", "cipher"],
      ["client", "getPeerCert"],
      ["server", "getPeerCert"],
    ],
  },
  {
    title: "B19 EOF before anything else fails the handshake of a server",
    script: [
      ["client", "ends"],
      ["server", "doHandshake"],
    ],
  },
  {
    title: "B19 EOF in the ClientHello fails the handshake of a server",
    script: [
      ["client", "doHandshake"],
      ["client", "sends", { first: 60 }],
      ["server", "doHandshake"],
      ["client", "ends"],
      ["server", "doHandshake"],
    ],
  },
  {
    title: "B19 EOF instead of the ServerHello fails the handshake of a client",
    script: [
      ["client", "doHandshake"],
      ["server", "ends"],
      ["client", "doHandshake"],
    ],
  },
  {
    title: "B19 EOF within the flight of the server fails the handshake of a client",
    script: [
      ["client", "doHandshake"],
      ["client", "sends"],
      ["server", "doHandshake"],
      ["server", "sends", { allBut: 5 }],
      ["client", "doHandshake"],
      ["server", "ends"],
      ["client", "doHandshake"],
    ],
  },
  {
    title: "B20 HTTP instead of a ServerHello fails the handshake of a client",
    script: [
      ["client", "doHandshake"],
      ["server", "injects", "HTTP/1.1 400 Bad Request\r\n\r\n"],
      ["client", "doHandshake"],
    ],
  },
  {
    title: "B20 SMTP instead of a ClientHello fails the handshake of a server",
    script: [
      ["client", "injects", "EHLO localhost\r\n"],
      ["server", "doHandshake"],
    ],
  },
  {
    title: "B21 before the handshake there is nothing to tell",
    script: (["client", "server"] as const).flatMap((side): Step[] => [
      [side, "version"],
      [side, "cipher"],
      [side, "pending"],
      [side, "selectedAlpnProtocol"],
      [side, "getPeerCert"],
      [side, "hasOutput"],
    ]),
  },
  {
    title: "B22 a client refuses an unknown issuer in the handshake and the server learns of it",
    client: { ca: "unknownRoot" },
    script: [handshake],
  },
  {
    title: "B22 a client refuses a wrong name in the handshake and the server learns of it",
    client: { serverHostname: "other.example" },
    script: [handshake],
  },
  {
    title: "B22 a client refuses an expired certificate in the handshake and the server learns of it",
    server: { cert: "expired" },
    script: [handshake],
  },
  {
    title: "B22 a client that verifies nothing takes an unknown issuer",
    client: { ca: "unknownRoot", verifyMode: "none" },
    script: [
      handshake,
      ["client", "getPeerCert"],
      ["client", "write", hello],
      ["client", "sends"],
      ["server", "read", 10],
    ],
  },
  {
    title: "B24 B25 a server that requires a certificate refuses a client without one",
    server: { verifyMode: "required", ca: "root" },
    script: [handshake, ["server", "sends"], ["client", "read", 10]],
  },
  {
    title: "B24 B25 a server refuses a client certificate of an unknown issuer",
    client: { cert: "clientUnknown" },
    server: { verifyMode: "optional", ca: "root" },
    script: [handshake, ["server", "sends"], ["client", "read", 10]],
  },
  {
    title: "B25 a server with an optional certificate takes a client without one",
    server: { verifyMode: "optional", ca: "root" },
    script: [
      handshake,
      ["server", "getPeerCert"],
      ["client", "write", hello],
      ["client", "sends"],
      ["server", "read", 10],
    ],
  },
  {
    title: "B25 a server that requires a certificate takes a good one",
    client: { cert: "client" },
    server: { verifyMode: "required", ca: "root" },
    script: [handshake, ["server", "getPeerCert"], ["client", "getPeerCert"]],
  },
  {
    title: "B26 a client that checks the name needs one",
    client: { serverHostname: undefined as never },
    script: [handshake],
  },
  { title: "B26 an empty server name is refused", client: { serverHostname: "" }, script: [] },
  { title: "B26 a server name with a leading dot is refused", client: { serverHostname: ".localhost" }, script: [] },
  { title: "B26 a server name with a NUL is refused", client: { serverHostname: "local\0host" }, script: [] },
  { title: "B26 a server takes no server name", server: { serverHostname: "localhost" }, script: [handshake] },
  {
    title: "B27 an IP address as the name is verified",
    client: { serverHostname: "127.0.0.1" },
    server: { cert: "ipOnly" },
    script: [handshake, ["client", "getPeerCert"]],
  },
  {
    title: "B29 the first protocol of the server that the client offers is selected",
    client: { alpn: ["one", "two", "three"] },
    server: { alpn: ["four", "three", "two"] },
    script: [handshake, ["client", "selectedAlpnProtocol"], ["server", "selectedAlpnProtocol"]],
  },
  {
    title: "B29 without a common protocol",
    client: { alpn: ["one"] },
    server: { alpn: ["two"] },
    script: [handshake, ["client", "selectedAlpnProtocol"], ["server", "selectedAlpnProtocol"]],
  },
  {
    title: "B29 a client without protocols selects none",
    server: { alpn: ["two"] },
    script: [handshake, ["client", "selectedAlpnProtocol"], ["server", "selectedAlpnProtocol"]],
  },
  {
    title: "B32 read(0) gives nothing and touches nothing",
    script: [
      handshake,
      ["client", "read", 0],
      ["server", "write", hello],
      ["server", "sends"],
      ["client", "read", 0],
      ["client", "pending"],
      ["client", "read", 2],
      ["client", "read", 0],
      ["client", "read", 10],
      ["client", "read", 10],
    ],
  },
  {
    title: "B33 read(n) gives at most the rest of one record",
    script: [
      handshake,
      ["server", "write", { bytes: "first" }],
      ["server", "write", { bytes: "second" }],
      ["server", "sends"],
      ["client", "read", 100],
      ["client", "read", 3],
      ["client", "read", 100],
      ["client", "read", 100],
    ],
  },
  {
    title: "B33 a negative length is refused",
    script: [handshake, ["server", "write", hello], ["server", "sends"], ["client", "read", -1], ["client", "read", 9]],
  },
  {
    title: "B33 read() without a length takes up to 1024 bytes",
    script: [
      handshake,
      ["server", "write", { pattern: 3000 }],
      ["server", "sends"],
      ["client", "read"],
      ["client", "pending"],
      ["client", "read"],
      ["client", "read"],
      ["client", "read"],
    ],
  },
  {
    title: "B34 readInto() takes the length of the buffer when the count is absent, 0 or too large",
    script: [
      handshake,
      ["server", "write", { pattern: 40 }],
      ["server", "sends"],
      ["client", "readInto", 5],
      ["client", "readInto", 5, 0],
      ["client", "readInto", 5, 3],
      ["client", "readInto", 5, 9],
      ["client", "readInto", 100, 2],
      ["client", "readInto", 100],
      ["client", "readInto", 100],
    ],
  },
  {
    title: "B34 readInto() an empty buffer gives 0",
    script: [
      handshake,
      ["client", "readInto", 0],
      ["server", "write", hello],
      ["server", "sends"],
      ["client", "readInto", 0],
      ["client", "readInto", 0, 5],
      ["client", "readInto", 9],
    ],
  },
  {
    title: "B34 readInto() with a negative count",
    script: [handshake, ["server", "write", hello], ["server", "sends"], ["client", "readInto", 5, -1]],
  },
  {
    title: "B35 a partial record wants more and is kept",
    script: [
      handshake,
      ["server", "write", { pattern: 300 }],
      ["server", "sends", { first: 3 }],
      ["client", "read", 1000],
      ["client", "pending"],
      ["server", "sends", { first: 100 }],
      ["client", "read", 1000],
      ["client", "pending"],
      ["server", "sends", { allBut: 1 }],
      ["client", "read", 1000],
      ["client", "pending"],
      ["server", "sends"],
      ["client", "read", 1000],
    ],
  },
  {
    title: "B36 pending() is 0 until a read decrypts a record, then what is left of that record",
    script: [
      handshake,
      ["server", "write", { pattern: 16_000 }],
      ["server", "write", { bytes: "next" }],
      ["server", "sends"],
      ["client", "pending"],
      ["client", "read", 10],
      ["client", "pending"],
      ["client", "read", 16_000],
      ["client", "pending"],
      ["client", "read", 2],
      ["client", "pending"],
    ],
  },
  {
    title: "B36 pending() after the beginning of a full record was read",
    script: [
      handshake,
      ["client", "write", { pattern: 16_384 }],
      ["client", "sends"],
      ["server", "read", 10],
      ["server", "pending"],
    ],
  },
  {
    title: "B43 after close_notify read() gives nothing, every time, and write() goes on",
    script: [
      handshake,
      ["server", "write", hello],
      ["server", "unwrap"],
      ["server", "sends"],
      ["client", "read", 10],
      ["client", "read", 10],
      ["client", "read", 10],
      ["client", "pending"],
      ["client", "write", { bytes: "still here" }],
      ["client", "sends"],
      ["server", "read", 100],
      ["server", "read", 100],
    ],
  },
  {
    title: "B44 what follows close_notify is never data",
    script: [
      handshake,
      ["server", "unwrap"],
      ["server", "sends"],
      ["server", "injects", "\x17\x03\x03\x00\x05abcde"],
      ["client", "read", 10],
      ["client", "read", 10],
    ],
  },
  {
    title: "B45 EOF without close_notify is an error, after the data",
    script: [
      handshake,
      ["server", "write", hello],
      ["server", "sends"],
      ["server", "ends"],
      ["client", "read", 10],
      ["client", "read", 10],
    ],
  },
  {
    title: "B45 EOF without close_notify and the other side",
    script: [handshake, ["server", "ends"], ["client", "read", 10], ["client", "hasOutput"]],
  },
  {
    title: "B45 B47 EOF within a record is an error",
    script: [
      handshake,
      ["server", "write", hello],
      ["server", "sends", { allBut: 1 }],
      ["server", "ends"],
      ["client", "read", 10],
    ],
  },
  {
    title: "B45 close_notify and then EOF is a clean end",
    script: [
      handshake,
      ["server", "unwrap"],
      ["server", "sends"],
      ["server", "ends"],
      ["client", "read", 10],
      ["client", "read", 10],
    ],
  },
  {
    title: "B49 a damaged record is an error, after the data before it",
    script: [
      handshake,
      ["server", "write", { bytes: "good" }],
      ["server", "write", { bytes: "bad" }],
      ["server", "sends"],
      ["server", "flips", 0],
      ["client", "read", 10],
      ["client", "read", 10],
      ["client", "hasOutput"],
    ],
  },
  {
    title: "B50 the peer of a damaged record sees an alert",
    script: [
      handshake,
      ["server", "write", { bytes: "bad" }],
      ["server", "sends"],
      ["server", "flips", 0],
      ["client", "read", 10],
      ["client", "sends"],
      ["server", "read", 10],
    ],
  },
  {
    title: "B2 B21 after a failure version() stays",
    script: [
      handshake,
      ["server", "write", { bytes: "bad" }],
      ["server", "sends"],
      ["server", "flips", 0],
      ["client", "read", 10],
      ["client", "version"],
      ["client", "pending"],
      ["client", "read", 0],
    ],
  },
  {
    title: "B2 after EOF without close_notify every call fails",
    script: [handshake, ["server", "ends"], ["client", "read", 10], ["client", "doHandshake"]],
  },
  {
    title: "B2 after a failure every call fails",
    script: [
      handshake,
      ["server", "write", { bytes: "bad" }],
      ["server", "sends"],
      ["server", "flips", 0],
      ["client", "read", 10],
      ["client", "read", 10],
    ],
  },
  {
    title: "B52 read() when both sides are closed",
    script: [
      handshake,
      ["client", "unwrap"],
      ["client", "sends"],
      ["server", "read", 10],
      ["server", "unwrap"],
      ["server", "sends"],
      ["server", "read", 10],
      ["client", "unwrap"],
      ["client", "read", 10],
      ["client", "read", 10],
    ],
  },
  {
    title: "B51 read() goes on after the first unwrap()",
    script: [
      handshake,
      ["client", "unwrap"],
      ["client", "read", 10],
      ["client", "sends"],
      ["server", "write", hello],
      ["server", "sends"],
      ["client", "read", 10],
      ["client", "read", 10],
    ],
  },
  {
    title: "B55 write() of nothing gives 0 and makes no record",
    script: [
      handshake,
      ["server", "sends"],
      ["client", "write", { bytes: "" }],
      ["client", "hasOutput"],
      ["server", "write", { bytes: "" }],
      ["server", "hasOutput"],
    ],
  },
  {
    title: "B55 B64 write() of nothing is refused where write() is",
    script: [
      ["client", "write", { bytes: "" }],
      ["client", "hasOutput"],
      handshake,
      ["client", "unwrap"],
      ["client", "write", { bytes: "" }],
    ],
  },
  {
    title: "B56 write() takes everything in one call",
    script: [
      handshake,
      ["client", "write", { pattern: 100_000 }],
      ["client", "sends"],
      ["server", "readAll"],
      ["server", "write", { pattern: 70_001 }],
      ["server", "sends"],
      ["client", "readAll"],
    ],
  },
  {
    title: "B10 B56 what is not bytes is refused by write() and a length that is no number by read()",
    script: [
      handshake,
      ["client", "write", "text"],
      ["client", "write", 5],
      ["client", "read", "5"],
      ["client", "hasOutput"],
      ["client", "write", hello],
    ],
  },
  {
    title: "B64 write() after the own close_notify is refused",
    script: [
      handshake,
      ["client", "unwrap"],
      ["client", "write", hello],
      ["client", "sends"],
      ["server", "read", 10],
      ["server", "unwrap"],
      ["server", "write", hello],
    ],
  },
  {
    title: "B70 unwrap() before the handshake is refused",
    script: [
      ["client", "unwrap"],
      ["server", "unwrap"],
      ["client", "hasOutput"],
    ],
  },
  {
    title: "B70 unwrap() within the handshake is refused",
    script: [
      ["client", "doHandshake"],
      ["client", "sends"],
      ["server", "doHandshake"],
      ["server", "unwrap"],
      ["client", "unwrap"],
    ],
  },
  {
    title: "B71 unwrap() makes one close_notify and wants that of the peer",
    script: [
      handshake,
      ["server", "sends"],
      ["client", "unwrap"],
      ["client", "hasOutput"],
      ["client", "sends"],
      ["client", "unwrap"],
      ["client", "hasOutput"],
      ["server", "unwrap"],
      ["server", "hasOutput"],
      ["server", "sends"],
      ["client", "unwrap"],
    ],
  },
  {
    title: "B71 both sides may begin unwrap() at once",
    script: [
      handshake,
      ["client", "unwrap"],
      ["server", "unwrap"],
      ["client", "sends"],
      ["server", "sends"],
      ["client", "unwrap"],
      ["server", "unwrap"],
    ],
  },
  {
    title: "B73 unwrap() with unread application data",
    script: [handshake, ["server", "write", hello], ["server", "sends"], ["client", "unwrap"], ["client", "unwrap"]],
  },
  {
    title: "B74 unwrap() after EOF without close_notify",
    script: [handshake, ["server", "ends"], ["client", "read", 10], ["client", "unwrap"]],
  },
  {
    title: "B76 a third unwrap() does nothing",
    script: [
      handshake,
      ["client", "unwrap"],
      ["client", "sends"],
      ["server", "unwrap"],
      ["server", "sends"],
      ["client", "unwrap"],
      ["client", "unwrap"],
      ["client", "hasOutput"],
      ["server", "unwrap"],
      ["server", "hasOutput"],
    ],
  },
];
