// GeneralName (RFC 5280, section 4.2.1.6): the kinds of names a certificate can stand for, parsed strictly.
import { DerReader, type Element, explicit, implicit, latin1Text, stringOf, tag } from "../der.ts";
import { type Name, parseName } from "./distinguished-name.ts";
import { smtpUtf8Mailbox } from "./oids.ts";

export type GeneralName =
  | { readonly kind: "dns" | "email" | "uri"; readonly text: string; readonly raw: Uint8Array }
  | { readonly kind: "ip"; readonly bytes: Uint8Array; readonly raw: Uint8Array }
  | { readonly kind: "directory"; readonly name: Name; readonly raw: Uint8Array }
  /** `mailbox` is an email address in Unicode, null for other types of names. */
  | { readonly kind: "otherName"; readonly mailbox: string | null; readonly raw: Uint8Array }
  | { readonly kind: "x400Address" | "ediPartyName" | "registeredID"; readonly raw: Uint8Array };

/** A list of names, which may not be empty. */
export function parseGeneralNames(reader: DerReader): GeneralName[] {
  if (!reader.more) throw reader.malformed("the list of names is empty");
  const names: GeneralName[] = [];
  while (reader.more) names.push(parseGeneralName(reader.next(), reader.field));
  return names;
}

/** One name. IP addresses are any number of bytes here: name constraints have a mask behind them. */
export function parseGeneralName(element: Element, field: string): GeneralName {
  const { whole: raw, content } = element;
  const inner = new DerReader(content, field);
  switch (element.tag) {
    case explicit(0):
      return { kind: "otherName", mailbox: mailboxOf(inner), raw };
    case implicit(1):
      return { kind: "email", text: ia5Text(element, field), raw };
    case implicit(2):
      return { kind: "dns", text: ia5Text(element, field), raw };
    case explicit(3):
      return { kind: "x400Address", raw };
    case explicit(4):
      return { kind: "directory", name: parseName(inner.only(tag.sequence), field), raw };
    case explicit(5):
      return { kind: "ediPartyName", raw };
    case implicit(6):
      return { kind: "uri", text: ia5Text(element, field), raw };
    case implicit(7):
      return { kind: "ip", bytes: content, raw };
    case implicit(8):
      oidElement(element, field);
      return { kind: "registeredID", raw };
    default:
      throw inner.malformed(`no kind of name has the tag ${element.tag}`);
  }
}

/** The address in an SmtpUTF8Mailbox (RFC 9598, section 3); empty when it is no text, null for any other type of name. */
function mailboxOf(inner: DerReader): string | null {
  const type = inner.oid();
  const value = new DerReader(inner.only(explicit(0)).content, inner.field).only();
  return type === smtpUtf8Mailbox ? (stringOf(value) ?? "") : null;
}

function oidElement(element: Element, field: string): void {
  new DerReader(element.whole, field).oid(element.tag);
}

/** ASCII without control characters: a NUL in a name has fooled many. */
function ia5Text({ content, whole }: Element, field: string): string {
  if (content.some((byte) => byte >= 127 || byte < 32))
    throw new DerReader(whole, field).malformed("a name has a character that is not printable ASCII");
  return latin1Text(content);
}
