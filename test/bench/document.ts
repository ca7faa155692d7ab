// Owns where a run writes: the part of a page between two markers, in the house format. Knows nothing of what it says.
import { readFileSync, writeFileSync } from "node:fs";
import { format, resolveConfig } from "prettier";

/** Puts `text` between the markers of `part`, which the page must have. Leaves the rest alone. */
export async function writePart(page: string, part: string, text: string): Promise<void> {
  writeFileSync(page, await formatted(page, withPart(readFileSync(page, "utf8"), part, text)));
}

/** A text for that page, in the house format. */
export async function formatted(page: string, text: string): Promise<string> {
  return format(text, { ...(await resolveConfig(page)), parser: "markdown" });
}

/** The page with another text between the markers. Throws RangeError when there are none. */
export function withPart(page: string, part: string, text: string): string {
  const [begin, end] = [`<!-- ${part} -->`, `<!-- end of ${part} -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from)
    throw new RangeError(`Cannot write "${part}" into the page: it has no markers of that name`);
  return `${page.slice(0, from + begin.length)}\n\n${text}\n\n${page.slice(to)}`;
}
