// Certificates whose keys would take seconds to calculate with, presented to a side that verifies nothing and so takes any.
import { expect, test } from "vitest";
import { keyNamed, makeRoot, makeServer, rsaKey } from "../support/certificate-factory.ts";
import { attempt, joined, pairOf, recordOf, recordsOf, recordType } from "../support/conversation.ts";
import { encoded, hearFlight, messageType, proof } from "../support/rewriter.ts";

const trusting = { client: { verifyMode: "none", checkHostname: false } } as const;
const issuer = makeRoot("CN=nobody");
const rsaPssSha256 = 0x0804;

interface Key {
  readonly name: string;
  readonly spki: Uint8Array;
  readonly refused: boolean;
}

const keys: readonly Key[] = [
  { name: "an exponent of 39 bits", spki: rsaKey(256, 5), refused: false },
  { name: "an exponent of 47 bits", spki: rsaKey(256, 6), refused: true },
  { name: "an exponent as long as the modulus", spki: rsaKey(512, 512), refused: true },
  { name: "8192 bits", spki: rsaKey(1024, 3), refused: false },
  { name: "8200 bits", spki: rsaKey(1025, 3), refused: true },
  { name: "16384 bits", spki: rsaKey(2048, 3), refused: true },
];

test.each(keys)("RSA with $name, in TLS 1.3", ({ spki, refused }) => {
  const body = certificateMessage(spki, true);
  let proved = false;
  const { error, server } = hearFlight({
    pair: trusting,
    rewrite: (messages) => messages.map((one) => (one.type === messageType.certificate ? { ...one, body } : one)),
    prove: () => {
      proved = true;
      return proof(rsaPssSha256, new Uint8Array(256).fill(1));
    },
  });
  expect(proved).toBe(true);
  if (refused) expectRefused(error, server);
  else expect(error).toMatchObject({ reason: "HANDSHAKE_FAILURE" }); // its signature is wrong, and was looked at
});

test.each(keys)("RSA with $name, in TLS 1.2", ({ spki, refused }) => {
  const message = encoded({ type: messageType.certificate, body: certificateMessage(spki, false) });
  const outcome = attempt(
    pairOf({ version: "TLSv1.2", ...trusting, identity: "localhostRsa" }),
    Infinity,
    (from, bytes) =>
      from === "client"
        ? bytes
        : joined(
            recordsOf(bytes).map((record) =>
              record[0] === recordType.handshake && record[5] === messageType.certificate
                ? recordOf(recordType.handshake, message)
                : record,
            ),
          ),
  );
  if (refused) expectRefused(outcome.client, outcome.server);
  else expect(outcome.client).toMatchObject({ reason: "BAD_SIGNATURE" });
});

function expectRefused(error: unknown, server: unknown): void {
  expect(error).toMatchObject({ name: "SSLError", reason: "BAD_CERTIFICATE" });
  expect(server).toMatchObject({ name: "SSLAlertError", alertName: "bad_certificate" });
}

/** The body of a Certificate message: RFC 5246, section 7.4.2; RFC 8446, section 4.4.2. */
function certificateMessage(spki: Uint8Array, tls13: boolean): Uint8Array {
  const { der } = makeServer(issuer, "localhost", { spki, key: keyNamed("costly") });
  const three = (number: number): number[] => [0, Math.floor(number / 256), number % 256];
  const extensions = tls13 ? [0, 0] : [];
  const list = [...three(der.length), ...der, ...extensions];
  return Uint8Array.of(...(tls13 ? [0] : []), ...three(list.length), ...list);
}
