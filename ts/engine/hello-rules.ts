// What no client may say in its ClientHello although it can be read: the rules that Mbed TLS does not know. Refuses to know what
// the server has to offer.
import type { ClientHello } from "./client-hello.ts";

/** Whether a rule of RFC 8446, section 4.1.2 and 4.2, or RFC 5246, section 7.4.1, is broken; the alert is illegal_parameter. */
export function breaksRules({ extensions, compressionMethods, keyShares, groups }: ClientHello): boolean {
  return (
    hasTwice(extensions.map(({ type }) => type)) ||
    !compressionMethods.includes(noCompression) ||
    hasTwice(keyShares) ||
    (groups.length > 0 && !keyShares.every((group) => groups.includes(group)))
  );
}

const noCompression = 0;

function hasTwice(numbers: readonly number[]): boolean {
  return new Set(numbers).size < numbers.length;
}
