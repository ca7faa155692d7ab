// Owns the page: the picture, and below it everything that was said, to unfold. One file, no script, nothing loaded. Refuses
// to know how rows come about.
import { type Content, element, type Markup } from "./markup.ts";
import { type Arrow, protectionText, rowsOf, type Story } from "./rows.ts";
import { pictureOf, sizeText, timeText } from "./svg.ts";

/** The page of a connection; an arrow of its picture leads to what was said. */
export function htmlOf(story: Story): string {
  const rows = rowsOf(story.events);
  const sections = rows.flatMap((row, index) => (row.kind === "arrow" ? [sectionOf(row, idOf(index))] : []));
  const page = element(
    "html",
    { lang: "en", xmlns: "http://www.w3.org/1999/xhtml" },
    element(
      "head",
      {},
      element("meta", { charset: "utf-8" }),
      element("meta", { name: "viewport", content: "width=device-width" }),
      element("meta", {
        "http-equiv": "Content-Security-Policy",
        content: "default-src 'none'; style-src 'unsafe-inline'",
      }),
      element("title", {}, `TLS handshake with ${story.server}`),
      element("style", {}, style),
    ),
    element(
      "body",
      {},
      element(
        "main",
        {},
        pictureOf(story, (index) => `#${idOf(index)}`),
        sections,
      ),
    ),
  );
  return `<!DOCTYPE html>\n${page.markup}\n`;
}

function idOf(index: number): string {
  return `row-${index}`;
}

/** The address is that of something inside, as browsers unfold what is around the target of a link. */
function sectionOf(arrow: Arrow, id: string): Markup {
  const direction = arrow.from === "client" ? "client → server" : "server → client";
  const facts = [timeText(arrow.time), direction, sizeText(arrow.size), protectionText[arrow.protection]];
  return element(
    "details",
    { class: arrow.tone },
    element("summary", {}, element("b", {}, arrow.title), element("span", {}, facts.join(" · "))),
    element("table", { id }, detailRows(arrow)),
  );
}

function detailRows({ details }: Arrow): Content {
  if (details.length === 0) return element("tr", {}, element("td", {}, "There is nothing more to tell."));
  return details.map(([name, value]) =>
    element("tr", {}, element("th", { scope: "row" }, name), element("td", {}, value)),
  );
}

const style = `
:root { color-scheme: light dark; }
body { margin: 0; font: 14px/1.5 system-ui, "Segoe UI", Helvetica, Arial, sans-serif; color: #1f2328; background: #ffffff; }
main { max-width: 960px; margin: 0 auto; padding: 16px; }
svg { max-width: 100%; height: auto; }
svg a { cursor: pointer; }
details { border-top: 1px solid #c4cad1; padding: 6px 8px; }
summary { cursor: pointer; }
summary b { margin-right: 12px; }
summary span { color: #59636e; }
details.alarming b { color: #cf222e; }
table { margin: 8px 0 8px 16px; border-collapse: collapse; }
th { text-align: left; vertical-align: top; font-weight: 400; color: #59636e; padding: 2px 24px 2px 0; white-space: nowrap; }
td { padding: 2px 0; overflow-wrap: anywhere; }
@media (prefers-color-scheme: dark) {
body { color: #e6edf3; background: #0d1117; }
details { border-color: #3d444d; }
summary span, th { color: #9198a1; }
details.alarming b { color: #f85149; }
}
`;
