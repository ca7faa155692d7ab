// PostgreSQL's SSLRequest (its manual, "Message Formats" and "SSL Session Encryption").
import { numberFrom, uint32 } from "./bytes.ts";
import type { Preamble } from "./preamble.ts";

/** A length and a code that cannot be a version of the protocol. */
const sslRequest = Uint8Array.from([...uint32(8), ...uint32(80877103)]);
/** The same for encryption by GSSAPI, which clients may try first. */
const gssRequest = 80877104;

export const postgres: Preamble = {
  protocol: "PostgreSQL",

  async client(plain) {
    await plain.write(sslRequest);
    const answer = String.fromCharCode(...(await plain.readBytes(1)));
    if (answer === "N") throw plain.failures.notOffered("N");
    // The text of an error is not read: nobody knows yet who has written it.
    if (answer === "E") throw plain.failures.refused("E");
    if (answer !== "S") throw plain.failures.unexpected(answer);
  },

  async server(plain) {
    for (;;) {
      const request = await plain.readBytes(8);
      if (request.every((byte, i) => byte === sslRequest[i])) return "S";
      if (numberFrom(request.subarray(4)) !== gssRequest)
        throw plain.failures.unexpected("a request that is not for TLS");
      await plain.write("N");
    }
  },
};
