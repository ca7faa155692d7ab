// The StartTLS operation of LDAP (RFC 4511, section 4.14), as far as its messages need BER.
import { numberFrom } from "./bytes.ts";
import type { Plaintext } from "./plaintext.ts";
import type { Preamble } from "./preamble.ts";

const oid = new TextEncoder().encode("1.3.6.1.4.1.1466.20037");

/** Identifier bytes: universal types, and the choices of LDAPMessage. */
const tag = {
  integer: 2,
  octetString: 4,
  enumerated: 10,
  sequence: 48,
  extendedRequest: 119,
  extendedResponse: 120,
  requestName: 128,
};

export const ldap: Preamble = {
  protocol: "LDAP",

  async client(plain) {
    const request = element(tag.extendedRequest, element(tag.requestName, oid));
    await plain.write(element(tag.sequence, element(tag.integer, Uint8Array.of(1)), request));
    const [, operation] = await readMessage(plain);
    if (operation?.tag !== tag.extendedResponse) throw plain.failures.unexpected(textOf(operation?.content));
    const [code, , diagnostic] = elementsOf(operation.content);
    const result = code?.tag === tag.enumerated && code.content.length > 0 ? numberFrom(code.content) : -1;
    if (result === protocolError) throw plain.failures.notOffered(`protocolError ${textOf(diagnostic?.content)}`);
    if (result !== 0) throw plain.failures.refused(`result code ${result} ${textOf(diagnostic?.content)}`);
  },

  async server(plain) {
    const [id, operation] = await readMessage(plain);
    const name = operation?.tag === tag.extendedRequest ? elementsOf(operation.content)[0]?.content : undefined;
    if (id === undefined || textOf(name) !== textOf(oid))
      throw plain.failures.unexpected("a request that is not for TLS");
    const success = element(tag.enumerated, Uint8Array.of(0));
    const noText = element(tag.octetString, Uint8Array.of());
    const response = element(tag.extendedResponse, success, noText, noText);
    return element(tag.sequence, element(tag.integer, id.content), response);
  },
};

/** What servers answer that do not know the operation (RFC 4511, section 4.12). */
const protocolError = 2;

/** Lengths from here on take bytes of their own (X.690, section 8.1.3). */
const longForm = 128;

interface Element {
  readonly tag: number;
  readonly content: Uint8Array;
}

/** The number of the next message, its operation, and what may come behind them. */
async function readMessage(plain: Plaintext): Promise<readonly Element[]> {
  const [first, length] = await plain.readBytes(2);
  if (first !== tag.sequence) throw plain.failures.unexpected("something that is no LDAP message");
  const size = length! < longForm ? length! : numberFrom(await plain.readBytes(Math.min(length! - longForm, 6)));
  return elementsOf(await plain.readBytes(size));
}

/** Whatever there is of elements one behind the other; a cut one has less content. */
function elementsOf(bytes: Uint8Array): Element[] {
  const found: Element[] = [];
  for (let rest = bytes; rest.length >= 2;) {
    const extra = rest[1]! < longForm ? 0 : rest[1]! - longForm;
    const size = extra === 0 ? rest[1]! : numberFrom(rest.subarray(2, 2 + extra));
    const start = 2 + extra;
    found.push({ tag: rest[0]!, content: rest.subarray(start, start + size) });
    rest = rest.subarray(start + size);
  }
  return found;
}

/** Of fewer than 128 bytes. */
function element(of: number, ...content: readonly Uint8Array[]): Uint8Array {
  const all = content.flatMap((part) => [...part]);
  return Uint8Array.from([of, all.length, ...all]);
}

function textOf(bytes: Uint8Array = new Uint8Array(0)): string {
  return new TextDecoder().decode(bytes);
}
