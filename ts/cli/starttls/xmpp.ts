// STARTTLS in XMPP between client and server (RFC 6120, section 5). The stream is read tag by tag; what is looked for are tags
// of this stage, which have no text in them that could look like another.
import type { Plaintext } from "./plaintext.ts";
import type { Preamble } from "./preamble.ts";

const tlsNamespace = "urn:ietf:params:xml:ns:xmpp-tls";
const namespaces = "xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'";
const declaration = "<?xml version='1.0'?>";

export const xmpp: Preamble = {
  protocol: "XMPP",

  async client(plain, domain) {
    await plain.write(`${declaration}<stream:stream to='${escaped(domain)}' version='1.0' ${namespaces}>`);
    const features = await readTo(plain, endOf("features"));
    if (!offer.test(features)) throw plain.failures.notOffered(features.replace(header, ""));
    await plain.write(`<starttls xmlns='${tlsNamespace}'/>`);
    const answer = await readTo(plain, endOf("proceed|failure"));
    if (!/^\s*<(?:\w+:)?proceed\b/.test(answer)) throw plain.failures.refused(answer);
  },

  async server(plain) {
    await readTo(plain, /<(?:\w+:)?stream\b[^>]*[^/]>$/);
    const opening = `<stream:stream from='localhost' id='${crypto.randomUUID()}' version='1.0' ${namespaces}>`;
    const features = `<starttls xmlns='${tlsNamespace}'><required/></starttls>`;
    await plain.write(`${declaration}${opening}<stream:features>${features}</stream:features>`);
    const request = await readTo(plain, endOf("\\w+"));
    if (!offer.test(request)) throw plain.failures.unexpected(request);
    return `<proceed xmlns='${tlsNamespace}'/>`;
  },
};

/** The element that offers TLS, and asks for it. */
const offer = new RegExp(`<(?:\\w+:)?starttls\\b[^>]*${tlsNamespace}`);

/** The last tag of an element of one of these names, or of the stream. */
function endOf(names: string): RegExp {
  return new RegExp(`</(?:\\w+:)?(?:${names}|stream)\\s*>$|<(?:\\w+:)?(?:${names})\\b[^>]*/>$`);
}

/** What comes before the features, or the error, of a stream. */
const header = /^.*?(?=<(?:\w+:)?(?:features|error)\b)/s;

async function readTo(plain: Plaintext, end: RegExp): Promise<string> {
  let all = "";
  for (;;) {
    const tag = await plain.readThrough(">");
    all += tag;
    if (end.test(tag)) return all;
  }
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll("'", "&apos;");
}
