// What a certificate says, for people and for the name check (RFC 5280). Whether it can be trusted is decided elsewhere.
import { SSLError } from "../engine/errors.ts";
import { attributeName } from "./attribute-names.ts";
import { type Bytes, toBytes } from "./bytes.ts";
import { DerReader, type Element, explicit, implicit, latin1Text, stringOf, tag, timeOf } from "./der.ts";
import { extensionOid, otherNames } from "./x509/oids.ts";

/** A distinguished name as Python gives it: a list of RDNs, each a list of attribute and value. */
export type DistinguishedName = readonly (readonly (readonly [string, string])[])[];

/**
 * A subjectAltName entry as Python gives it: its kind and its text; the name of a directory is one of `DistinguishedName`,
 * a name of another type begins with it, as in `"UPN:user@example.org"`, and what nobody decodes has the text `"<unsupported>"`.
 */
export type AltName =
  | readonly [
      kind: "DNS" | "IP Address" | "URI" | "email" | "Registered ID" | "othername" | "X400Name" | "EdiPartyName",
      value: string,
    ]
  | readonly [kind: "DirName", value: DistinguishedName];

/**
 * A parsed certificate. The fields have the names and the forms of Python's `getpeercert()`, arrays in place of tuples; a
 * list that Python leaves out of its dictionary is empty here. `raw` is the DER.
 *
 * What a certificate says is shown here as far as it can be read: an extension that does not decode, or is there twice,
 * counts as empty, as in Python. Verification reads certificates with a parser of its own, which is strict.
 *
 * @example
 * const { subject, subjectAltName, notAfter } = socket.getPeerCert()!;
 */
export interface Certificate {
  /** 1 to 3; only version 3 has extensions. */
  readonly version: number;
  /** Upper-case hexadecimal, with a minus sign when it is negative, which RFC 5280 forbids. */
  readonly serialNumber: string;
  /** Whom it is about. Who a server is says `subjectAltName`. */
  readonly subject: DistinguishedName;
  /** Who issued it. */
  readonly issuer: DistinguishedName;
  /** As in Python: `"Jan  5 09:34:43 2026 GMT"`. */
  readonly notBefore: string;
  /** The last second at which it is valid, in the same form. */
  readonly notAfter: string;
  /** All the names that it is for, in their order. */
  readonly subjectAltName: readonly AltName[];
  /** Where to ask whether it was revoked (RFC 6960): the URIs of the authority information access. */
  readonly OCSP: readonly string[];
  /** Where its issuer's certificate is: the URIs of the authority information access. */
  readonly caIssuers: readonly string[];
  /** Where the revocation lists are: the URIs of the distribution points. */
  readonly crlDistributionPoints: readonly string[];
  /** The certificate itself, DER. */
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
  const extensions = new Extensions(body);
  return {
    version,
    serialNumber: serialText(serial),
    subject,
    issuer,
    notBefore,
    notAfter,
    subjectAltName: extensions.read(extensionOid.subjectAltName, altNamesOf),
    OCSP: extensions.read(extensionOid.authorityInfoAccess, (list) => accessUrisOf(list, ocspMethod)),
    caIssuers: extensions.read(extensionOid.authorityInfoAccess, (list) => accessUrisOf(list, caIssuersMethod)),
    crlDistributionPoints: extensions.read(extensionOid.crlDistributionPoints, pointUrisOf),
    raw,
  };
}

const ocspMethod = "1.3.6.1.5.5.7.48.1";
const caIssuersMethod = "1.3.6.1.5.5.7.48.2";

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
      rdn.push([attributeName(oid), textOf(value)]);
    }
    if (rdn.length > 0) name.push(rdn);
  }
  return name;
}

/** Anything but a text is given as RFC 4514 writes it: the DER in hexadecimal. */
function textOf(value: Element): string {
  if (value.tag === tag.numericString || value.tag === tag.visibleString) return latin1Text(value.content);
  return stringOf(value) ?? `#${hex(value.whole)}`;
}

/** The extensions of a certificate, each read when it is asked for. */
class Extensions {
  readonly #values = new Map<string, Uint8Array | null>();

  constructor(body: DerReader) {
    body.optional(implicit(1)); // issuerUniqueID
    body.optional(implicit(2)); // subjectUniqueID
    const list = body.optionalInside(explicit(3))?.inside(tag.sequence);
    while (list?.more === true) {
      const extension = list.inside(tag.sequence);
      const oid = extension.oid();
      extension.optional(tag.boolean); // critical
      const value = extension.next(tag.octetString).content;
      this.#values.set(oid, this.#values.has(oid) ? null : value);
    }
  }

  /** What `read` makes of an extension's list; empty without one that can be read. */
  read<T>(oid: string, read: (list: DerReader) => T[]): T[] {
    const value = this.#values.get(oid);
    if (value === undefined || value === null) return [];
    try {
      return read(new DerReader(value).inside(tag.sequence));
    } catch (error) {
      if (error instanceof SSLError) return [];
      throw error;
    }
  }
}

/** With the name of its type before it, for the types that OpenSSL shows. */
function otherName(name: DerReader): string {
  const type = otherNames[name.oid()];
  const value = name.only(explicit(0)).content;
  const text = new DerReader(value).only();
  if (type === undefined || text.tag !== (type === "SRVName" ? tag.ia5String : tag.utf8String)) return "<unsupported>";
  return `${type}:${stringOf(text)}`;
}

/** GeneralNames (RFC 5280, section 4.2.1.6). */
function altNamesOf(list: DerReader): AltName[] {
  const names: AltName[] = [];
  while (list.more) names.push(altName(list.next()));
  return names;
}

function altName({ tag: kind, content, whole }: Element): AltName {
  switch (kind) {
    case explicit(0):
      return ["othername", otherName(new DerReader(content))];
    case implicit(1):
      return ["email", plainText(content)];
    case implicit(2):
      return ["DNS", plainText(content)];
    case explicit(3):
      return ["X400Name", "<unsupported>"];
    case explicit(4):
      return ["DirName", nameOf(new DerReader(content).only(tag.sequence))];
    case explicit(5):
      return ["EdiPartyName", "<unsupported>"];
    case uriTag:
      return ["URI", plainText(content)];
    case implicit(7):
      return ["IP Address", addressText(content)];
    case implicit(8):
      return ["Registered ID", attributeName(new DerReader(whole).oid(kind))];
    default:
      throw new DerReader(content).malformed(`no kind of name has the tag ${kind}`);
  }
}

/** AuthorityInfoAccessSyntax (RFC 5280, section 4.2.2.1). */
function accessUrisOf(list: DerReader, wanted: string): string[] {
  const uris: string[] = [];
  while (list.more) {
    const description = list.inside(tag.sequence);
    const method = description.oid();
    const where = description.next();
    if (method === wanted && where.tag === uriTag) uris.push(plainText(where.content));
  }
  return uris;
}

/** CRLDistributionPoints (RFC 5280, section 4.2.1.13): the URIs among the full names. */
function pointUrisOf(list: DerReader): string[] {
  const uris: string[] = [];
  while (list.more) {
    const names = list.inside(tag.sequence).optionalInside(explicit(0))?.optionalInside(explicit(0));
    while (names?.more === true) {
      const name = names.next();
      if (name.tag === uriTag) uris.push(plainText(name.content));
    }
  }
  return uris;
}

const uriTag = implicit(6);

/** ASCII by the standards, UTF-8 in Python; bytes that are neither are shown one by one. */
function plainText(content: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(content);
  } catch {
    return latin1Text(content);
  }
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

function serialText(content: Uint8Array): string {
  const number = BigInt.asIntN(content.length * 8, BigInt(`0x${hex(content)}`));
  const digits = (number < 0n ? -number : number).toString(16).toUpperCase();
  return (number < 0n ? "-" : "") + digits.padStart(digits.length + (digits.length % 2), "0");
}

function dateText(time: number): string {
  const [, day, month, year, clock] = new Date(time).toUTCString().split(" ");
  return `${month} ${String(Number(day)).padStart(2)} ${clock} ${Number(year)} GMT`;
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0"))
    .join("")
    .toUpperCase();
}
