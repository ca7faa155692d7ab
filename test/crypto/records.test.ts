// The AEADs of the shipped module, seen through TLS: records of every small size and the largest, made by it or by node:crypto, and
// records whose tags were changed.
import { describe, expect, it } from "vitest";
import type { TLSVersion } from "../../ts/ssl/index.ts";
import {
  available,
  connected,
  drained,
  flipped,
  inCase,
  pattern,
  roles,
  sides,
  thrownBy,
} from "../support/conversation.ts";
import { forged } from "../support/forger.ts";

const suites: readonly (readonly [TLSVersion, string])[] = [
  ["TLSv1.2", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"],
  ["TLSv1.2", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"],
  ["TLSv1.2", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"],
  ["TLSv1.3", "TLS_CHACHA20_POLY1305_SHA256"],
  ["TLSv1.3", "TLS_AES_128_GCM_SHA256"],
  ["TLSv1.3", "TLS_AES_256_GCM_SHA384"],
];
const applicationData = 23;
const sizes = [...Array.from({ length: 300 }, (_, i) => i + 1), 16_383, 16_384];
const tagSize = 16;

describe.each(suites)("%s, %s", (version, suite) => {
  const options = { version, client: { cipherSuites: [suite] } };

  it("carries records of every size from 1 to 300 bytes, and of 16384", () => {
    for (const role of roles) {
      inCase(role, () => {
        const [from, to] = sides(connected(options), role);
        for (const size of sizes) {
          from.tls.write(pattern(size));
          to.incoming.write(drained(from));
          expect(available(to)).toEqual([pattern(size)]);
        }
        expect(from.tls.cipher()?.standardName).toBe(suite);
      });
    }
  });

  it("refuses a record when any byte of its tag was changed", () => {
    for (const role of roles) {
      for (let byte = 1; byte <= tagSize; byte++) {
        inCase(`${role}, byte ${byte} from the end`, () => {
          const [from, to] = sides(connected(options), role);
          from.tls.write(pattern(100));
          to.incoming.write(flipped(drained(from), -byte));
          expect(thrownBy(() => to.tls.read())).toMatchObject({ reason: "DECRYPTION_FAILED_OR_BAD_RECORD_MAC" });
        });
      }
    }
  });
});

it("records that node:crypto has sealed are opened, of every size from 0 to 300 bytes, and of 16384", () => {
  for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
    for (const role of roles) {
      inCase(`${version}, ${role}`, () => {
        const { own, record } = forged(version, role);
        own.incoming.write(record(applicationData, []));
        for (const size of sizes) {
          own.incoming.write(record(applicationData, pattern(size)));
          expect(available(own)).toEqual([pattern(size)]);
        }
      });
    }
  }
});
