// AES-CCM is Mbed TLS's own over our single blocks: every length against the plain CCM of reference/modes.ts.
import { expect, test } from "vitest";
import { Aead } from "./aead.ts";
import { Evidence, evidenceFile, moduleUnderTest, randomBytes } from "./evidence.ts";
import { sealCcm } from "./reference/modes.ts";

const authFailed = -0xf;

const ccm = new Aead(new Evidence(evidenceFile(moduleUnderTest())), "ccm", 4096);

test("each length of text up to 100, with nonces and tags of all sizes, is as the plain CCM has it", () => {
  for (const size of [16, 24, 32]) {
    for (let length = 0; length <= 100; length++) {
      const tagSize = 4 + 2 * (length % 7);
      const message = {
        key: randomBytes(size, length),
        iv: randomBytes(7 + (length % 7), length),
        aad: randomBytes((length * 7) % 60, length),
        text: randomBytes(length, size),
      };
      const { text, tag } = sealCcm(message.key, message.iv, message.aad, message.text, tagSize);
      expect(ccm.seal(message, tagSize)).toEqual({ status: 0, text, tag });
      expect(ccm.open({ ...message, text }, tag)).toEqual({ status: 0, text: message.text });
      tag[0]! ^= 1;
      expect(ccm.open({ ...message, text }, tag)).toEqual({ status: authFailed, text: new Uint8Array(length) });
    }
  }
});
