// What `explainTrace` says: the essentials of each message, and never an exception, whatever the bytes are.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  explainTrace,
  type TraceEvent,
  type TraceMessage,
  type TraceProtection,
  type TLSVersion,
} from "../../ts/ssl/index.ts";
import { certs } from "../support/certs.ts";
import { makeRoot } from "../support/certificate-factory.ts";
import { forEachVersion, handshake, identityOf, pairOf, thrownBy } from "../support/conversation.ts";

/** The client's messages of a mutual handshake with tickets, by title. */
function messages(version: TLSVersion): TraceMessage[] {
  const events: TraceEvent[] = [];
  const pair = pairOf({
    version,
    client: {
      identities: [identityOf("client")],
      alpn: ["h2", "http/1.1"],
      onTrace: (event) => void events.push(event),
    },
    server: { verifyMode: "required", ca: certs.root.cert, alpn: ["http/1.1"], numTickets: 1 },
  });
  handshake(pair);
  thrownBy(() => pair.client.tls.read());
  return events.filter((event) => event.kind === "message");
}

function textOf(all: readonly TraceMessage[], title: string, direction = "received"): Record<string, string> {
  const found = all.find((event) => event.direction === direction && explainTrace(event).title === title);
  return Object.fromEntries(explainTrace(found!).details);
}

/** Behind its length in three bytes. */
function withSize(bytes: Uint8Array | readonly number[]): number[] {
  return [0, Math.floor(bytes.length / 256), bytes.length % 256, ...bytes];
}

const carried = { kind: "message", direction: "received", time: 0 } as const;
const protections: readonly TraceProtection[] = ["none", "handshake", "application"];

describe("explainTrace", () => {
  it("tells what a ClientHello offers", () => {
    const hello = textOf(messages("TLSv1.3"), "ClientHello", "sent");
    expect(hello).toMatchObject({
      legacy_version: "TLSv1.2",
      "session id": "32 bytes",
      server_name: "localhost",
      supported_versions: "TLSv1.3",
      application_layer_protocol_negotiation: "h2, http/1.1",
      supported_groups: "x25519, secp256r1, secp384r1, secp521r1",
      key_share: "x25519 (32 bytes)",
    });
    expect(hello["cipher suites"]).toMatch(/^TLS_CHACHA20_POLY1305_SHA256, TLS_AES_256_GCM_SHA384, /);
    expect(hello["signature_algorithms"]).toMatch(/^ecdsa_secp256r1_sha256, rsa_pss_rsae_sha256, /);
  });

  it("tells what the server answers in TLS 1.3", () => {
    const all = messages("TLSv1.3");
    expect(textOf(all, "ServerHello")).toMatchObject({ supported_versions: "TLSv1.3", key_share: "x25519 (32 bytes)" });
    expect(textOf(all, "EncryptedExtensions")).toMatchObject({ application_layer_protocol_negotiation: "http/1.1" });
    expect(textOf(all, "NewSessionTicket")).toMatchObject({ lifetime: "7200 seconds" });
    expect(textOf(all, "CertificateRequest")["signature_algorithms"]).toMatch(/^ecdsa_secp256r1_sha256, /);
    expect(textOf(all, "Finished")).toEqual({ verify_data: "32 bytes" });
  });

  it("tells what the server answers in TLS 1.2", () => {
    const all = messages("TLSv1.2");
    const keyExchange = textOf(all, "ServerKeyExchange");
    expect(keyExchange["key share"]).toBe("x25519 (32 bytes)");
    expect(keyExchange["signature"]).toMatch(/^ecdsa_secp256r1_sha256, \d+ bytes$/);
    expect(textOf(all, "NewSessionTicket")["lifetime"]).toBe("7200 seconds");
    expect(textOf(all, "CertificateRequest")["certificate types"]).toMatch(/ecdsa_sign/);
    expect(textOf(all, "ServerHelloDone")).toEqual({});
    expect(textOf(all, "Finished", "sent")).toEqual({ verify_data: "12 bytes" });
  });

  it("tells who a certificate is for, who issued it and how long it is valid", () => {
    forEachVersion((version) => {
      expect(textOf(messages(version), "Certificate")).toMatchObject({
        "certificate 1": "CN=localhost",
        issuer: "CN=wanttls test root",
        valid: expect.stringMatching(/^from Jan {2}1 .* 2020 GMT to .* 2120 GMT$/) as string,
      });
    });
  });

  it("writes names of the peer so that they cannot move a cursor or end a line", () => {
    const name = "evil\u001b[2J\n\u202Egpj.exe";
    const entry = withSize(makeRoot(name).der);
    const body = Uint8Array.from(withSize(entry));
    const [[, subject]] = explainTrace({ ...carried, type: 11, protection: "none", body }).details as [
      [string, string],
    ];
    expect(subject).toBe("CN=evil\\u{1b}[2J\\u{a}\\u{202e}gpj.exe");
  });

  it("names unknown numbers, and those that mean nothing", () => {
    const extension = (type: readonly number[]): readonly number[] => [...type, 0, 0];
    const body = Uint8Array.of(
      3,
      3,
      ...new Uint8Array(32),
      0,
      0,
      4,
      26,
      26,
      99,
      99,
      1,
      0,
      0,
      8,
      ...extension([42, 42]),
      ...extension([0, 99]),
    );
    expect(explainTrace({ ...carried, type: 1, protection: "none", body }).details).toEqual([
      ["version", "TLSv1.2"],
      ["session id", "0 bytes"],
      ["cipher suites", "GREASE, suite 0x6363"],
      ["GREASE", "(empty)"],
      ["extension 0x0063", "(empty)"],
    ]);
  });

  it("never throws, whatever the message is", () => {
    const known = (["TLSv1.2", "TLSv1.3"] as const).flatMap(messages);
    const type = fc.oneof(fc.constantFrom(...known.map((message) => message.type)), fc.nat(255));
    const random = fc.tuple(type, fc.uint8Array({ maxLength: 200 }));
    const harmed = fc
      .tuple(fc.constantFrom(...known), fc.nat(2000), fc.nat(255), fc.nat(2000))
      .map(([message, at, byte, end]): [number, Uint8Array] => {
        const body = message.body.slice(0, end < message.body.length && end % 2 === 0 ? end : undefined);
        if (body.length > 0) body[at % body.length] = byte;
        return [message.type, body];
      });
    fc.assert(
      fc.property(fc.oneof(random, harmed), fc.constantFrom(...protections), ([number, body], protection) => {
        const { title, details } = explainTrace({ ...carried, type: number, body, protection });
        for (const text of [title, ...details.flat()]) expect(text).toMatch(/^[^\p{Cc}]+$/u);
      }),
      { numRuns: 2000 },
    );
  });
});
