// What is written into a page: the part between its markers, and a chart.
import { expect, test } from "vitest";
import { barChart } from "./chart.ts";
import { withPart } from "./document.ts";
import { relativeTimes } from "./page.ts";

const page = "# Title\n\n<!-- one -->\nold\n<!-- end of one -->\n\n<!-- two -->\nkept\n<!-- end of two -->\n";

test("a part of a page is replaced, and the rest stays", () => {
  const text = withPart(page, "one", "new");
  expect(text).toContain("<!-- one -->\n\nnew\n\n<!-- end of one -->");
  expect(text).toContain("<!-- two -->\nkept\n<!-- end of two -->\n");
  expect(text).not.toContain("old");
  expect(withPart(text, "one", "new")).toBe(text);
});

test("a page without such markers is refused", () => {
  expect(() => withPart(page, "three", "new")).toThrow(RangeError);
  expect(() => withPart("<!-- end of one --><!-- one -->", "one", "new")).toThrow(RangeError);
});

test("bars are as long as their values, keep the colour of who drew them, and have both palettes", () => {
  const svg = barChart("A & <B>", [
    {
      label: "first",
      bars: [
        { by: "x", value: 1 },
        { by: "y", value: 4 },
      ],
    },
    { label: "second", bars: [{ by: "y", value: 2 }] },
  ]);
  const widths = [...svg.matchAll(/width="([\d.]+)" height="12" class="(c\d)"/g)].map(([, width, name]) => [
    Number(width),
    name,
  ]);
  expect(widths).toEqual([
    [105, "c0"],
    [420, "c1"],
    [210, "c1"],
  ]);
  expect(svg).toContain("A &amp; &lt;B&gt;");
  expect(svg).toContain("prefers-color-scheme:dark");
});

test("only rows in which the first contender has a time can be relative to it", () => {
  const head = { section: "client", measure: "CPU ms each" };
  const figures = [
    { ...head, what: "full", by: "x", value: 2 },
    { ...head, what: "full", by: "y", value: 3 },
    { ...head, what: "resumed", by: "x", value: null, why: "it cannot" },
    { ...head, what: "resumed", by: "y", value: 1 },
  ];
  const bars = [
    { by: "x", value: 1 },
    { by: "y", value: 1.5 },
  ];
  expect(relativeTimes(figures)).toEqual([{ label: "client: full", bars }]);
});

test("a chart for more contenders than there are colours is refused", () => {
  const bars = Array.from({ length: 9 }, (_, i) => ({ by: String(i), value: 1 }));
  expect(() => barChart("many", [{ label: "all", bars }])).toThrow(RangeError);
});
