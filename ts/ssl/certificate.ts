// What a certificate says, for people and for the name check (RFC 5280). Whether it can be trusted is decided elsewhere.
import { type Bytes, toBytes } from "./bytes.ts";
import { DerReader, type Element, explicit, implicit, latin1Text, oidText, stringOf, tag, timeOf } from "./der.ts";

/** A distinguished name as Python gives it: a list of RDNs, each a list of attribute and value. */
export type DistinguishedName = readonly (readonly (readonly [string, string])[])[];

/** A subjectAltName entry as Python gives it: its kind (`"DNS"`, `"IP Address"`, `"URI"`, `"email"`, ...) and its text. */
export type AltName = readonly [kind: string, value: string];

/**
 * A parsed certificate. The fields have the names and the forms of Python's `getpeercert()`; `raw` is the DER.
 *
 * @example
 * const { subject, subjectAltName, notAfter } = socket.getPeerCert()!;
 */
export interface Certificate {
  readonly version: number;
  /** Upper-case hexadecimal. */
  readonly serialNumber: string;
  readonly subject: DistinguishedName;
  readonly issuer: DistinguishedName;
  /** As in Python: `"Jan  5 09:34:43 2026 GMT"`. */
  readonly notBefore: string;
  readonly notAfter: string;
  readonly subjectAltName: readonly AltName[];
  readonly raw: Uint8Array;
}

/**
 * Parses one certificate (DER). Throws SSLError with reason `"DECODE_ERROR"` for what is none.
 */
export function parseCertificate(der: Bytes): Certificate {
  const raw = toBytes(der, "der").slice();
  const body = new DerReader(raw).inside(tag.sequence).inside(tag.sequence);
  const version = (body.optionalInside(explicit(0))?.count() ?? 0) + 1;
  const serial = body.integer();
  body.next(tag.sequence); // signature algorithm
  const issuer = nameOf(body.next(tag.sequence));
  const validity = body.inside(tag.sequence);
  const [notBefore, notAfter] = [dateText(timeOf(validity.next())), dateText(timeOf(validity.next()))];
  const subject = nameOf(body.next(tag.sequence));
  body.next(tag.sequence); // subject public key
  const extensions = extensionsOf(body);
  return {
    version,
    serialNumber: hex(serial[0] === 0 && serial.length > 1 ? serial.subarray(1) : serial),
    subject,
    issuer,
    notBefore,
    notAfter,
    subjectAltName: altNamesOf(extensions.get(subjectAltNameOid)),
    raw,
  };
}

const subjectAltNameOid = "2.5.29.17";

/** The attribute names that Python and OpenSSL print; others appear as dotted numbers. */
const attributeNames: Readonly<Record<string, string>> = {
  "2.5.4.3": "commonName",
  "2.5.4.4": "surname",
  "2.5.4.5": "serialNumber",
  "2.5.4.6": "countryName",
  "2.5.4.7": "localityName",
  "2.5.4.8": "stateOrProvinceName",
  "2.5.4.9": "streetAddress",
  "2.5.4.10": "organizationName",
  "2.5.4.11": "organizationalUnitName",
  "2.5.4.12": "title",
  "2.5.4.42": "givenName",
  "2.5.4.97": "organizationIdentifier",
  "1.2.840.113549.1.9.1": "emailAddress",
  "0.9.2342.19200300.100.1.1": "userId",
  "0.9.2342.19200300.100.1.25": "domainComponent",
  "2.5.4.15": "businessCategory",
  "2.5.4.17": "postalCode",
  "1.3.6.1.4.1.311.60.2.1.1": "jurisdictionLocalityName",
  "1.3.6.1.4.1.311.60.2.1.2": "jurisdictionStateOrProvinceName",
  "1.3.6.1.4.1.311.60.2.1.3": "jurisdictionCountryName",
};

function nameOf(element: Element): DistinguishedName {
  const name: (readonly [string, string])[][] = [];
  const rdns = new DerReader(element.content);
  while (rdns.more) {
    const rdn: (readonly [string, string])[] = [];
    const attributes = rdns.inside(tag.set);
    while (attributes.more) {
      const attribute = attributes.inside(tag.sequence);
      const oid = attribute.oid();
      const value = attribute.next();
      rdn.push([attributeNames[oid] ?? oid, stringOf(value) ?? `#${hex(value.whole)}`]);
    }
    name.push(rdn);
  }
  return name;
}

function extensionsOf(body: DerReader): Map<string, Uint8Array> {
  const found = new Map<string, Uint8Array>();
  body.optional(implicit(1)); // issuerUniqueID
  body.optional(implicit(2)); // subjectUniqueID
  const wrapped = body.optional(explicit(3));
  if (wrapped === undefined) return found;
  const list = new DerReader(wrapped.content).inside(tag.sequence);
  while (list.more) {
    const extension = list.inside(tag.sequence);
    const oid = extension.oid();
    extension.optional(tag.boolean); // critical
    found.set(oid, extension.next(tag.octetString).content);
  }
  return found;
}

/** GeneralNames (RFC 5280, section 4.2.1.6). */
function altNamesOf(extension: Uint8Array | undefined): AltName[] {
  if (extension === undefined) return [];
  const names: AltName[] = [];
  const list = new DerReader(extension).inside(tag.sequence);
  while (list.more) names.push(altName(list.next()));
  return names;
}

function altName({ tag: kind, content }: Element): AltName {
  const text = (): string => latin1Text(content);
  if (kind === implicit(1)) return ["email", text()];
  if (kind === implicit(2)) return ["DNS", text()];
  if (kind === implicit(6)) return ["URI", text()];
  if (kind === implicit(7)) return ["IP Address", addressText(content)];
  if (kind === implicit(8)) return ["Registered ID", oidText(content)];
  if (kind === explicit(4)) return ["DirName", directoryText(content)];
  return ["othername", "<unsupported>"];
}

function directoryText(content: Uint8Array): string {
  const name = nameOf(new DerReader(content).next(tag.sequence));
  return name.map((rdn) => rdn.map(([attribute, value]) => `${attribute}=${value}`).join("+")).join(",");
}

/** Dotted for four bytes, eight groups without compression for sixteen, as Python prints them. */
export function addressText(content: Uint8Array): string {
  if (content.length === 4) return content.join(".");
  if (content.length !== 16) return `<invalid>`;
  const groups = Array.from({ length: 8 }, (_, i) =>
    (content[2 * i]! * 256 + content[2 * i + 1]!).toString(16).toUpperCase(),
  );
  return groups.join(":");
}

function dateText(time: number): string {
  const [, day, month, year, clock] = new Date(time).toUTCString().split(" ");
  return `${month} ${String(Number(day)).padStart(2)} ${clock} ${year} GMT`;
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0"))
    .join("")
    .toUpperCase();
}
