// Owns the picture: groups of horizontal bars in SVG, in colours for a light and for a dark page. Refuses to know what they stand for.
import { digits } from "./figures.ts";

export interface Bar {
  readonly by: string;
  readonly value: number;
}

export interface Group {
  readonly label: string;
  readonly bars: readonly Bar[];
}

const [labelWidth, barsWidth, valueWidth] = [280, 420, 60];
const [barHeight, gap, top] = [14, 14, 64];
const light = ["#8c959f", "#0969da", "#bf8700", "#1a7f37", "#8250df", "#cf222e", "#0a7ea4", "#6e4c13"];
const dark = ["#6e7681", "#4493f8", "#d29922", "#3fb950", "#ab7df8", "#f85149", "#39c5cf", "#d4a72c"];

/** Bars from zero, all to one scale; who draws a bar keeps its colour. Throws RangeError for more contenders than colours. */
export function barChart(title: string, groups: readonly Group[]): string {
  const names = [...new Set(groups.flatMap(({ bars }) => bars.map(({ by }) => by)))];
  if (names.length > light.length) throw new RangeError(`Cannot draw ${names.length} contenders: there are 8 colours`);
  const most = Math.max(...groups.flatMap(({ bars }) => bars.map(({ value }) => value)));
  let y = top;
  const drawn = groups.map(({ label, bars }) => {
    const group = drawGroup(label, bars, names, most, y);
    y += bars.length * barHeight + gap;
    return group;
  });
  const width = labelWidth + barsWidth + valueWidth;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y}" role="img" aria-label="${escaped(title)}">
<style>
${style()}
</style>
<text x="8" y="20" class="title">${escaped(title)}</text>
${names.map((name, i) => legend(name, i, names)).join("\n")}
${drawn.join("\n")}
</svg>
`;
}

function drawGroup(label: string, bars: readonly Bar[], names: readonly string[], most: number, y: number): string {
  const middle = y + (bars.length * barHeight) / 2 + 4;
  const lines = bars.map(({ by, value }, i) => {
    const [at, length] = [y + i * barHeight, Math.max((value / most) * barsWidth, 1)];
    return `<rect x="${labelWidth}" y="${at}" width="${length.toFixed(1)}" height="${barHeight - 2}" class="c${names.indexOf(by)}"/>
<text x="${(labelWidth + length + 4).toFixed(1)}" y="${at + 10}">${digits(value)}</text>`;
  });
  return `<text x="${labelWidth - 8}" y="${middle}" text-anchor="end">${escaped(label)}</text>\n${lines.join("\n")}`;
}

function legend(name: string, i: number, names: readonly string[]): string {
  const x = 8 + names.slice(0, i).reduce((sum, one) => sum + one.length * 6 + 28, 0);
  return `<rect x="${x}" y="34" width="10" height="10" class="c${i}"/><text x="${x + 14}" y="43">${escaped(name)}</text>`;
}

function style(): string {
  const colours = (palette: readonly string[]): string => palette.map((colour, i) => `.c${i}{fill:${colour}}`).join("");
  return `text{font:11px system-ui,sans-serif;fill:#1f2328}.title{font-size:14px;font-weight:600}${colours(light)}
@media (prefers-color-scheme:dark){text{fill:#e6edf3}${colours(dark)}}`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
