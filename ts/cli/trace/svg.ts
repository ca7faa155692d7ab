// Owns the picture: two lifelines, and the rows between them. One file, no script, nothing loaded; generic fonts, light and
// dark. Refuses to know how rows come about.
import { type Content, element, type Markup } from "./markup.ts";
import { wrapped } from "./lines.ts";
import { type Arrow, type Note, protectionText, type Row, rowsOf, type Story } from "./rows.ts";

const WIDTH = 960;
const LEFT = 130; // the client's lifeline
const RIGHT = 810; // the server's
const MIDDLE = (LEFT + RIGHT) / 2;
const TOP = 96; // where the lifelines begin
const MOST_SUMMARY = 96; // characters between the lifelines; like other such numbers, for the widest of the usual fonts
const heights = { arrow: 52, plain: 40, secrets: 36, established: 40 } as const;

/** The picture of a connection, as a file of its own. */
export function svgOf(story: Story): string {
  return `${pictureOf(story).markup}\n`;
}

/** The picture to be put into a page; `linkOf` gives each arrow the address that it leads to. */
export function pictureOf(story: Story, linkOf?: (index: number) => string): Markup {
  const rows = rowsOf(story.events);
  const failure = story.failure === null ? [] : wrapped(story.failure, 100);
  const bottom = TOP + 12 + rows.reduce((sum, row) => sum + heightOf(row), 0) + 16;
  const height = bottom + (failure.length > 0 ? 44 + 18 * failure.length : 12);
  const title = `TLS handshake with ${story.server}`;
  return element(
    "svg",
    { xmlns: "http://www.w3.org/2000/svg", viewBox: `0 0 ${WIDTH} ${height}`, width: WIDTH, height, role: "img" },
    element("title", {}, title),
    element("style", {}, style),
    element("rect", { class: "page", width: WIDTH, height }),
    text(MIDDLE, 30, "heading", shortened(title, 66)),
    lifeline(LEFT, bottom, "client", "wanttls"),
    lifeline(RIGHT, bottom, "server", story.server),
    drawnRows(rows, linkOf),
    failure.length === 0 ? [] : failureBox(failure, bottom + 16),
  );
}

function heightOf(row: Row): number {
  if (row.kind !== "arrow") return heights[row.kind];
  return row.summary === "" ? heights.plain : heights.arrow;
}

function lifeline(x: number, bottom: number, role: string, name: string): Content {
  return [
    element("line", { class: "life", x1: x, y1: TOP, x2: x, y2: bottom }),
    element("rect", { class: "head", x: x - 105, y: TOP - 46, width: 210, height: 44, rx: 8 }),
    text(x, TOP - 28, "role", role),
    text(x, TOP - 11, "name", shortened(name, 24)),
  ];
}

function drawnRows(rows: readonly Row[], linkOf?: (index: number) => string): Content {
  let y = TOP + 12;
  return rows.map((row, index) => {
    const top = y;
    y += heightOf(row);
    if (row.kind !== "arrow") return noteAt(row, top);
    const drawn = arrowAt(row, top);
    return linkOf === undefined ? drawn : element("a", { href: linkOf(index) }, drawn);
  });
}

function arrowAt(arrow: Arrow, top: number): Markup {
  const y = top + 26;
  const [from, to] = arrow.from === "client" ? [LEFT, RIGHT] : [RIGHT, LEFT];
  const tip = arrow.from === "client" ? to - 2 : to + 2;
  const back = arrow.from === "client" ? tip - 10 : tip + 10;
  const kind = arrow.tone === "alarming" ? "alarm" : arrow.protection;
  return element(
    "g",
    { class: `${kind} ${arrow.tone}` },
    element("title", {}, hoverText(arrow)),
    element("rect", {
      class: "hover",
      x: LEFT + 4,
      y: top + 2,
      width: RIGHT - LEFT - 8,
      height: heightOf(arrow) - 4,
      rx: 6,
    }),
    text(LEFT - 14, y + 4, "time", timeText(arrow.time)),
    text(RIGHT + 14, y + 4, "keys", protectionText[arrow.protection]),
    element(
      "text",
      { class: "label", x: MIDDLE, y: y - 8 },
      element("tspan", { class: "title" }, arrow.title),
      element("tspan", { class: "size", dx: 8 }, sizeText(arrow.size)),
    ),
    element("line", { class: "shaft", x1: from, y1: y, x2: back, y2: y }),
    element("path", { class: "tip", d: `M ${tip} ${y} L ${back} ${y - 5} L ${back} ${y + 5} Z` }),
    arrow.summary === "" ? [] : text(MIDDLE, y + 17, "summary", shortened(arrow.summary, MOST_SUMMARY)),
  );
}

function noteAt(note: Note, top: number): Content {
  const middle = top + heightOf(note) / 2;
  const width =
    note.kind === "established" ? RIGHT - LEFT - 20 : Math.min(RIGHT - LEFT - 20, 40 + note.text.length * 6.6);
  return element(
    "g",
    { class: note.kind },
    text(LEFT - 14, middle + 4, "time", timeText(note.time)),
    element("rect", { class: "note", x: MIDDLE - width / 2, y: middle - 12, width, height: 24, rx: 12 }),
    text(MIDDLE, middle + 4, "note-text", shortened(note.text, 100)),
  );
}

function failureBox(lines: readonly string[], top: number): Content {
  return element(
    "g",
    { class: "failure" },
    element("rect", { class: "box", x: 25, y: top, width: WIDTH - 50, height: 16 + 18 * lines.length, rx: 8 }),
    lines.map((line, index) => text(MIDDLE, top + 21 + 18 * index, "sentence", line)),
  );
}

function text(x: number, y: number, kind: string, content: string): Markup {
  return element("text", { class: kind, x, y }, content);
}

function hoverText({ title, details }: Arrow): string {
  return [title, ...details.map(([name, value]) => `${name}: ${value}`)].join("\n");
}

/** "0.4 ms", "351 ms", "12.5 s": three digits are enough. */
export function timeText(ms: number): string {
  if (ms >= 10_000) return `${(ms / 1000).toFixed(1)} s`;
  return ms >= 100 ? `${ms.toFixed(0)} ms` : `${ms.toFixed(1)} ms`;
}

export function sizeText(bytes: number): string {
  return bytes === 1 ? "1 byte" : `${bytes} bytes`;
}

/** Letters of East Asia are twice as wide as others. */
function shortened(whole: string, most: number): string {
  let width = 0;
  let kept = "";
  for (const character of whole) {
    width += /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Extended_Pictographic}]/u.test(
      character,
    )
      ? 2
      : 1;
    if (width > most) return `${kept.trimEnd()}…`;
    kept += character;
  }
  return kept;
}

const style = `
text { font-family: system-ui, "Segoe UI", Helvetica, Arial, sans-serif; font-size: 13px; fill: #1f2328; text-anchor: middle; }
.page { fill: #ffffff; }
.heading { font-size: 17px; font-weight: 600; }
.life { stroke: #c4cad1; stroke-width: 2; }
.head { fill: #f3f5f7; stroke: #c4cad1; }
.role { font-size: 11px; fill: #59636e; }
.name { font-weight: 600; }
.time { text-anchor: end; font-size: 12px; fill: #59636e; }
.keys { text-anchor: start; font-size: 12px; }
.title { font-weight: 600; }
.size, .summary { font-size: 12px; fill: #59636e; }
.shaft { stroke-width: 2; }
.quiet .shaft { stroke-dasharray: 5 4; stroke-width: 1.5; }
.quiet .title { font-weight: 400; }
.hover { fill: transparent; }
g:hover > .hover { fill: #8888881f; }
.none .shaft { stroke: #9a6700; } .none .tip, .none .keys { fill: #9a6700; }
.handshake .shaft { stroke: #0969da; } .handshake .tip, .handshake .keys { fill: #0969da; }
.application .shaft { stroke: #1a7f37; } .application .tip, .application .keys { fill: #1a7f37; }
.alarm .shaft { stroke: #cf222e; } .alarm .tip, .alarm .keys, .alarm .title { fill: #cf222e; }
.note { fill: #f6f0ff; stroke: #8250df; }
.secrets .note-text { font-size: 11px; fill: #6639ba; }
.established .note { fill: #e6f6ea; stroke: #1a7f37; }
.established .note-text { font-size: 12px; font-weight: 600; fill: #116329; }
.box { fill: #ffebe9; stroke: #cf222e; }
.sentence { fill: #a40e26; font-weight: 600; }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3; }
.page { fill: #0d1117; }
.life { stroke: #3d444d; }
.head { fill: #161b22; stroke: #3d444d; }
.role, .time, .size, .summary { fill: #9198a1; }
.none .shaft { stroke: #d29922; } .none .tip, .none .keys { fill: #d29922; }
.handshake .shaft { stroke: #4493f8; } .handshake .tip, .handshake .keys { fill: #4493f8; }
.application .shaft { stroke: #3fb950; } .application .tip, .application .keys { fill: #3fb950; }
.alarm .shaft { stroke: #f85149; } .alarm .tip, .alarm .keys, .alarm .title { fill: #f85149; }
.note { fill: #1e1430; stroke: #ab7df8; }
.secrets .note-text { fill: #cba8ff; }
.established .note { fill: #0f2a16; stroke: #3fb950; }
.established .note-text { fill: #7ee787; }
.box { fill: #2d1214; stroke: #f85149; }
.sentence { fill: #ff9492; }
}
`;
