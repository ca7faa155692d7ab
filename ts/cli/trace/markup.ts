// Owns well-formed markup, the same for SVG and for HTML: what comes from outside gets in as text or as a value only. Refuses to
// know what is drawn.

/** Markup, as opposed to text that must be escaped. */
export interface Markup {
  readonly markup: string;
}

export type Content = Markup | string | readonly Content[];

type Attributes = Readonly<Record<string, string | number>>;

/** An element with these attributes; strings in `content` are text. */
export function element(name: string, attributes: Attributes, ...content: readonly Content[]): Markup {
  const list = Object.entries(attributes).map(([key, value]) => ` ${key}="${escaped(String(value))}"`);
  const inner = content.map(markupOf).join("");
  return { markup: inner === "" ? `<${name}${list.join("")}/>` : `<${name}${list.join("")}>${inner}</${name}>` };
}

function markupOf(content: Content): string {
  if (typeof content === "string") return escaped(content);
  return "markup" in content ? content.markup : content.map(markupOf).join("");
}

/** Also without the characters that XML 1.0 does not have (section 2.2). */
function escaped(text: string): string {
  return text
    .replaceAll(/[^\P{Cc}\n]|[\p{Cs}\uFFFE\uFFFF]/gu, "\uFFFD")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}
